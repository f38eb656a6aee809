// The stack of whoever asks for it.

import t from 'tap'
import { currentStack } from 'nativeprof'
import type { Counters, StackFrame } from 'nativeprof'
import { fixture, runNode } from './support/run-program.js'

interface Stacks {
  readonly js: readonly StackFrame[]
  readonly mixed: readonly StackFrame[]
  readonly native: readonly StackFrame[]
  readonly sampled: readonly StackFrame[]
  readonly ofWorker: readonly StackFrame[]
  readonly counters: Counters
  readonly late: boolean
}

const FILE = fixture('current-stack.mjs')
const namesOf = (frames: readonly StackFrame[]): string[] => frames.map(({ name }) => name)

t.test('a program that asks where it is', async (t) => {
  const { code, signal, stdout, stderr } = await runNode([FILE])
  t.equal(signal, null)
  t.equal(code, 0, stderr)
  t.equal(stderr, '')
  const { js, mixed, native, sampled, ofWorker, counters, late } = JSON.parse(stdout) as Stacks

  t.test('gets the function that asks, and its callers, with the lines of the calls', async (t) => {
    t.strictSame(namesOf(js).slice(0, 4), ['ask', '(anonymous)', 'Array.prototype.map', 'caller'])
    t.match(js[0], { file: FILE, line: 7, kind: 'js', inlined: false })
    t.match(js[3], { file: FILE, line: 11, kind: 'js' })
    t.ok(namesOf(js).includes('(top level)'))
    t.notOk(
      js.some(({ file }) => /nativeprof.*dist/.test(file)),
      'nothing of nativeprof is in it',
    )
  })

  t.test('gets the native frames around them as well, down to the first one', async (t) => {
    t.strictSame(namesOf(mixed).slice(0, 4), ['ask', '(anonymous)', 'Array.prototype.map', 'caller'])
    t.ok(
      mixed.some(({ name, kind, file }) => name === 'node::Start' && kind === 'native' && file === '[node]'),
    )
    t.ok(mixed.length > js.length + 10, `${mixed.length} frames`)
    t.ok(native.length > 10)
    t.ok(native.every(({ kind }) => kind !== 'js' && kind !== 'builtin'))
  })

  t.test('gets it while a sampler runs, which goes on to hear of new code', async (t) => {
    t.strictSame(namesOf(sampled).slice(0, 4), ['ask', '(anonymous)', 'Array.prototype.map', 'caller'])
    t.ok(late, 'code that was compiled afterwards has its name')
    t.equal(counters.ticks, counters.samples + counters.dropped + counters.notWalkable)
  })

  t.test('gets that of its own thread', async (t) => {
    t.strictSame(namesOf(ofWorker).slice(0, 4), ['ask', '(anonymous)', 'Array.prototype.map', 'caller'])
  })
})

t.test('a view that does not exist is refused', async (t) => {
  t.throws(() => currentStack({ view: 'all' as 'js' }), { code: 'ERR_NATIVEPROF_INVALID_ARGUMENT' })
})
