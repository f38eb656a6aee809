// Labels follow what a program does: handlers of many requests at once, whose functions know what their labels should be;
// and each of the ways in which the handler learns of them.

import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { withLabels } from 'nativeprof'
import type { Counters } from 'nativeprof'
import { ROOT, fixture, run, runNode, scratchFolder } from './support/run-program.js'
import type { Ending } from './support/run-program.js'
import { COMPILER } from './support/tools.js'

/** Of the CPU time in labelled handlers. */
const RIGHT_SHARE = 0.98
const HAS_FRAMES = Number.parseInt(process.versions.node) >= 24

interface Ticks {
  readonly right: number
  readonly none: number
  readonly wrong: number
  readonly notes: readonly string[]
  readonly counters: Counters
}

interface Handled extends Ticks {
  readonly inner: number
  readonly unlabelledRight: number
  readonly unlabelledWrong: number
  readonly examples: readonly object[]
}

interface Ways extends Ticks {
  readonly plain: number
  readonly plainWrong: number
  readonly collecting: number
  readonly collectingRight: number
  readonly ofWorker: number
}

function resultOf(t: Test, { code, signal, stdout, stderr }: Ending): unknown {
  t.equal(signal, null)
  t.equal(code, 0, stderr)
  t.equal(stderr, '')
  return JSON.parse(stdout)
}

function checkTicks(t: Test, { right, none, wrong, counters }: Ticks): void {
  t.comment(`${right} right, ${none} without, ${wrong} wrong`)
  t.equal(wrong, 0, 'no sample has labels of others')
  t.ok(right >= 50, `${right} samples have theirs`)
  t.ok(right / (right + none) >= RIGHT_SHARE, `${right} of ${right + none}`)
  const { ticks, samples, dropped, notWalkable } = counters
  t.equal(ticks, samples + dropped + notWalkable, 'ticks = samples + dropped + not walkable')
}

const noteOf = ({ notes }: Ticks): string => notes.filter((note) => note.startsWith('labels')).join()

for (const [what, kind] of [
  ['200 tasks at a time', 'tasks'],
  ['a server with 200 requests at a time', 'http'],
] as const) {
  t.test(`${what}, between awaits, timers and other callbacks, have their own labels`, async (t) => {
    const handled = resultOf(t, await runNode([fixture('labels.mjs'), kind])) as Handled
    checkTicks(t, handled)
    if (handled.wrong > 0) t.comment(JSON.stringify(handled.examples))
    t.ok(handled.inner > 0, `${handled.inner} samples have an inner label on top`)
    t.equal(handled.unlabelledWrong, 0, 'who has no labels gets none')
    t.ok(handled.unlabelledRight > 0, `${handled.unlabelledRight} samples of such`)
    t.equal(noteOf(handled), '')
  })
}

t.test('the garbage collector runs under the labels of whoever made the garbage', async (t) => {
  const ways = resultOf(
    t,
    await runNode(['--max-semi-space-size=1', fixture('label-ways.mjs'), 'garbage']),
  ) as Ways
  checkTicks(t, ways)
  const { collecting, collectingRight } = ways
  t.ok(collecting >= 10, `${collecting} ticks of collections`)
  t.ok(collectingRight >= RIGHT_SHARE * collecting, `${collectingRight} of them are labelled`)
})

t.test('a worker has labels of its own', async (t) => {
  const ways = resultOf(t, await runNode([fixture('label-ways.mjs'), 'worker'])) as Ways
  t.equal(ways.wrong, 0)
  t.equal(ways.plainWrong, 0)
  t.ok(ways.ofWorker >= 20, `${ways.ofWorker} ticks of the worker`)
  t.ok(ways.right / (ways.right + ways.none) >= RIGHT_SHARE, `${ways.right} of ${ways.right + ways.none}`)
})

for (const [what, way, note] of [
  ['from the start', 'changed', /^labels are followed by async hooks, .* this V8 keeps its async contexts/],
  ['later', 'changed-later', /^labels are followed by async hooks, .* not what AsyncLocalStorage says$/],
] as const) {
  t.test(
    `where the look-up of labels is found to be wrong ${what}, hooks take over, and a note says so`,
    { skip: HAS_FRAMES ? false : 'hooks follow labels in this version anyway' },
    async (t) => {
      const ways = resultOf(t, await runNode([fixture('label-ways.mjs'), way])) as Ways
      checkTicks(t, ways)
      t.equal(ways.plainWrong, 0)
      t.match(noteOf(ways), note)
    },
  )
}

t.test(
  'where AsyncLocalStorage does not use AsyncContextFrame, hooks follow labels',
  { skip: HAS_FRAMES ? false : 'this version never does' },
  async (t) => {
    const ways = resultOf(
      t,
      await runNode(['--no-async-context-frame', fixture('label-ways.mjs'), 'plain']),
    ) as Ways
    checkTicks(t, ways)
    t.equal(ways.plainWrong, 0)
    t.match(noteOf(ways), /AsyncLocalStorage does not use AsyncContextFrame here$/)
  },
)

t.test(
  'where process_vm_readv is forbidden, labels are as right',
  { skip: process.platform === 'linux' ? COMPILER.skip : 'it is a matter of Linux' },
  async (t) => {
    const deny = join(scratchFolder(t), 'deny-syscall')
    execFileSync(COMPILER.path, ['-x', 'c', '-o', deny, join(ROOT, 'test/support/deny-syscall.c')])
    const readv = process.arch === 'arm64' ? '270' : '310'
    const args = [readv, '--', process.execPath, fixture('label-ways.mjs'), 'plain']
    const ways = resultOf(t, await run(deny, args)) as Ways
    t.equal(ways.wrong, 0)
    t.equal(ways.plainWrong, 0)
    t.ok(ways.right > 0, `${ways.right} samples have labels`)
  },
)

t.test('withLabels() is as the function that it calls', async (t) => {
  t.equal(
    withLabels({ route: '/x' }, () => 42),
    42,
  )
  const error = new Error('of the program')
  t.throws(
    () =>
      withLabels({ route: '/x' }, () => {
        throw error
      }),
    error,
  )
  t.equal(await withLabels({ route: '/x' }, async () => 'later'), 'later')
  t.equal(
    withLabels({}, () => 'no labels'),
    'no labels',
  )
  t.throws(() => withLabels({ route: '/x' }, 42 as unknown as () => void), {
    code: 'ERR_NATIVEPROF_INVALID_ARGUMENT',
  })
  t.throws(() => withLabels({ '': 'x' }, () => t.fail('it is not called')), {
    code: 'ERR_NATIVEPROF_INVALID_ARGUMENT',
  })
})
