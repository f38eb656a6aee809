// `nativeprof count`: calls, exactly, beside the time that samples give.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { callRows, kindAt } from '#lib/call-counts.js'
import type { CountedFunction } from '#lib/call-counts.js'
import { toCountTable } from '#lib/formats/count-table.js'
import { buildProfile, js, runtime } from './support/profile-builder.js'
import { CLI, fixture, runNode, scratchFolder } from './support/run-program.js'

t.test('the counts are those of a program that counts its own calls', async (t) => {
  const args = ['count', '--sort', 'calls', '--top', '100', fixture('counted.cjs')]
  const { code, stdout, stderr } = await runNode([CLI, ...args])
  t.equal(code, 0, stderr)
  t.match(stdout, /^\{.*\}\n$/, 'the program prints once')
  const counted = JSON.parse(stdout) as Record<string, number>
  const rows = new Map(
    Array.from(
      stderr.matchAll(
        /^ *(\d+\+?) .*? {2}((?:async |generator )*)([\w#<>]\S*(?: \w+)?) +\S*counted\.cjs:\d+:\d+$/gm,
      ),
      ([, calls = '', kind = '', name = '']) => [name, { calls, kind: kind.trim() }] as const,
    ),
  )
  for (const [name, calls] of Object.entries(counted)) t.equal(rows.get(name)?.calls, String(calls), name)
  t.equal(counted['tiny'], 30_000_000)
  t.notOk(rows.has('never'))
  t.strictSame(
    ['hot', 'generated', 'awaited', 'later', 'stream', 'async'].map((name) => rows.get(name)?.kind),
    ['', 'generator', 'async', 'async', 'async generator', ''],
    'functions that go on where they left off are marked; their resumptions are not counted',
  )
  t.match(stderr, /^cost +counting took [\d.]+ m?s of CPU, [\d.]+ times as much as without/m)
})

t.test(
  'exit code and standard error are those of the first run; another ending of the second is told',
  async (t) => {
    const cwd = scratchFolder(t)
    writeFileSync(join(cwd, 'once.cjs'), "console.error('once'); process.exit(3)")
    const first = await runNode([CLI, 'count', 'once.cjs'], { cwd })
    t.equal(first.code, 3)
    t.equal(first.stderr.match(/^once$/gm)?.length, 1)
    t.notMatch(first.stderr, /ended otherwise/)
    const other = `const fs = require('fs'); const seen = fs.existsSync('seen'); fs.writeFileSync('seen', ''); process.exit(seen ? 1 : 0)`
    writeFileSync(join(cwd, 'other.cjs'), other)
    const second = await runNode([CLI, 'count', 'other.cjs'], { cwd })
    t.equal(second.code, 0)
    t.match(second.stderr, /ended otherwise \(exit code 1, not exit code 0\)/)
  },
)

t.test('a program that dies of a signal is not run again', async (t) => {
  const cwd = scratchFolder(t)
  writeFileSync(join(cwd, 'killed.cjs'), "console.log('x'); process.kill(process.pid, 'SIGKILL')")
  const { signal, stdout, stderr } = await runNode([CLI, 'count', 'killed.cjs'], { cwd })
  t.equal(signal, 'SIGKILL')
  t.equal(stdout, 'x\n')
  t.match(stderr, /ended by SIGKILL; nothing was counted/)
})

t.test('what is no node is refused, and so is wrong usage', async (t) => {
  const cases: [string[], RegExp][] = [
    [['true'], /left nothing to report.*\[ERR_NATIVEPROF_SYSTEM\]/],
    [[], /name a script to run/],
    [['--sort', 'name', fixture('counted.cjs')], /--sort must be self, total, calls, not "name"/],
    [['--hz', '0', fixture('counted.cjs')], /hz must be/],
  ]
  for (const [args, message] of cases) {
    const { code, stderr } = await runNode([CLI, 'count', ...args])
    t.equal(code, 2)
    t.match(stderr, message)
  }
})

const TEXT = `function outer() {
  return [1].map((x) => x)
}
function* steps() {}
`

t.test('times find the innermost function around the place where its parameters begin', async (t) => {
  const functions = [
    counted('', 0, TEXT.length, 1),
    counted('outer', 0, TEXT.indexOf('}') + 1, 7),
    counted('', TEXT.indexOf('(x)'), TEXT.indexOf('(x)') + 8, 9),
    counted('steps', TEXT.indexOf('function*'), TEXT.length - 1, 2, false),
    counted('unused', 3, 4, 0),
  ]
  const profile = buildProfile([
    { stack: [js('outer', '/app/a b.js', 1, { column: 15 })], ticks: 3 },
    {
      stack: [
        js('outer', '/app/a b.js', 1, { column: 15 }),
        js('(anonymous)', '/app/a b.js', 2, { column: 18 }),
      ],
    },
    { stack: [runtime('JSON.parse')], ticks: 2 },
  ])
  const rows = callRows([{ url: 'file:///app/a%20b.js', text: TEXT, functions }], profile)
  t.strictSame(
    rows.map(({ label, calls, selfTicks, hasResumptions }) => [label.name, calls, selfTicks, hasResumptions]),
    [
      ['outer', 7, 3, false],
      ['JSON.parse', null, 2, false],
      ['(anonymous)', 9, 1, false],
      ['steps', 2, 0, true],
      ['(top level)', 1, 0, false],
    ],
  )
  const facts = { title: 'x', sampledCpuNanos: 1e9, countedCpuNanos: 3e9, ticks: 6, notes: [] }
  const text = toCountTable(rows, facts, { top: 4 })
  t.match(text, /^ +7 +30\.0 +4285\.714 +40\.0 +5714\.286 +outer +\/app\/a b\.js:1:15$/m)
  t.match(text, /^ +2\+ +0\.0 +0\.0 +generator steps +\/app\/a b\.js:4:1$/m)
  t.match(text, /^ +- +20\.0 +20\.0 +JSON\.parse$/m)
  t.match(text, /3\.0 times as much/)
  t.match(text, /^and 1 more function; --top lists them$/m)
})

t.test(
  'scripts that were evaluated twice are added up; another text of the same file is left out',
  async (t) => {
    const script = { url: 'file:///a.js', text: 'f', functions: [counted('f', 0, 1, 2)] }
    const [row] = callRows([script, script, { ...script, text: 'g' }], buildProfile([]))
    t.equal(row?.calls, 4)
  },
)

t.test('the kind of a function shows in its first words', async (t) => {
  const kinds = [
    ['function f() {}', 'plain'],
    ['function* f() {}', 'generator'],
    ['*f() {}', 'generator'],
    ['async function f() {}', 'async'],
    ['async function* f() {}', 'async generator'],
    ['async *f() {}', 'async generator'],
    ['async f() {}', 'async'],
    ['async (x, y = (1)) => x', 'async'],
    ['async x => x', 'async'],
    ['async(x) { return x }', 'plain'],
    ['asynchronous() {}', 'plain'],
    ['(x) => x', 'plain'],
  ] as const
  for (const [text, kind] of kinds) t.equal(kindAt(`;${text}`, 1), kind, text)
})

function counted(name: string, start: number, end: number, count: number, isByBlock = true): CountedFunction {
  return { name, start, end, count, isByBlock }
}
