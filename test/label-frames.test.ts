// Labels as frames at the root, in every format.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { subtract, toCollapsed, toTable } from 'nativeprof'
import { withLabelFrames } from '#lib/label-frames.js'
import { labelNamesOf } from '#lib/label-sets.js'
import { toSpeedscope } from '#lib/formats/speedscope.js'
import { AUTO, CLI, ROOT, runNode, scratchFolder } from './support/run-program.js'
import { buildProfile, js, runtime } from './support/profile-builder.js'

const THREADS = [
  { name: 'node', kind: 'main', tid: 100 },
  { name: 'node', kind: 'other', tid: 101 },
] as const

const profile = buildProfile(
  [
    { stack: [js('main'), js('work')], ticks: 3, labels: 1 },
    { stack: [js('main'), js('work')], ticks: 2, labels: 2 },
    { stack: [js('main')], ticks: 4 },
    { stack: [runtime('(libuv pool)')], thread: 1 },
  ],
  { labelSets: [{}, { route: '/a;b', tenant: 'x' }, { route: '/c' }], threads: [...THREADS] },
)

const fn = 'main /app/main.js:1:1;work /app/main.js:1:1'

t.test('collapsed stacks have no labels unless they are asked for', async (t) => {
  t.equal(toCollapsed(profile, { threads: 'merged' }), `(libuv pool) 1\nmain /app/main.js:1:1 4\n${fn} 5\n`)
})

t.test('a label is the root of the stacks that have it, and of those that have none', async (t) => {
  t.equal(
    toCollapsed(profile, { threads: 'merged', labels: ['route'] }),
    [
      '(libuv pool) 1',
      '(no route);main /app/main.js:1:1 4',
      `route=/a,b;${fn} 3`,
      `route=/c;${fn} 2`,
      '',
    ].join('\n'),
  )
})

t.test('several labels follow each other in the order that was asked for', async (t) => {
  t.match(
    toCollapsed(profile, { threads: 'split', labels: ['tenant', 'route'] }),
    new RegExp(`^\\(main thread\\);tenant=x;route=/a,b;${fn} 3$`, 'm'),
  )
})

t.test('the table tells what each value used in all', async (t) => {
  const table = toTable(profile, { labels: ['route'], sort: 'total' })
  t.match(table, /^ +0 +0\.0 +0\.0 +3 +30\.0 +30\.0 +route=\/a;b$/m)
  t.match(table, /^ +0 +0\.0 +0\.0 +4 +40\.0 +40\.0 +\(no route\)$/m)
})

t.test('speedscope has them, and no weight is lost', async (t) => {
  const file = JSON.parse(toSpeedscope(profile, { labels: ['route'], threads: 'merged' })) as {
    shared: { frames: { name: string }[] }
    profiles: { samples: number[][]; weights: number[] }[]
  }
  const [merged] = file.profiles
  const rootOf = (stack: number[]): string => file.shared.frames[stack[0] ?? -1]?.name ?? ''
  t.strictSame(merged?.samples.map(rootOf), ['route=/a;b', 'route=/c', '(no route)', '(libuv pool)'])
  t.equal(
    merged?.weights.reduce((sum, weight) => sum + weight, 0),
    10 * 10_000_000,
  )
})

t.test('a profile given twice has its labels once', async (t) => {
  const once = withLabelFrames(profile, ['route'])
  t.equal(once.totals.length, profile.totals.length)
  t.strictSame(withLabelFrames(profile, []), profile)
})

t.test('what is no name of a label is refused', async (t) => {
  const code = { code: 'ERR_NATIVEPROF_INVALID_ARGUMENT' }
  for (const text of ['', 'route,', 'a b', 'thread', '__proto__']) t.throws(() => labelNamesOf(text), code)
  t.strictSame(labelNamesOf('route, http.method'), ['route', 'http.method'])
  t.throws(() => toCollapsed(profile, { labels: 'route' as unknown as string[] }), code)
  t.throws(() => toCollapsed(profile, { labels: [''] }), code)
})

t.test('the window between two snapshots is that of each set of labels', async (t) => {
  const of = (ticks: readonly number[]) =>
    buildProfile(
      ticks.map((count, labels) => ({ stack: [js('main')], ticks: count, labels })),
      { labelSets: [{}, { a: '1' }, { a: '2' }] },
    )
  const window = subtract(of([5, 3, 4]), of([1, 3]))
  t.strictSame(
    window.totals.map(({ labelsId, ticks }) => [labelsId, ticks]),
    [
      [0, 4],
      [2, 4],
    ],
  )
})

const PROGRAM = `import('nativeprof').then(({ withLabels }) => {
  const used = () => process.cpuUsage().user
  const burn = () => { for (const end = used() + 300_000; used() < end; ) {} }
  withLabels({ route: '/x' }, burn)
})`

t.test('nativeprof run --labels has them in its output', async (t) => {
  const args = [CLI, 'run', '--labels', 'route', '-f', 'collapsed', '-o', '-', '-e', PROGRAM]
  const { code, stdout, stderr } = await runNode(args, { cwd: ROOT })
  t.equal(code, 0, stderr)
  t.match(stdout, /^(?:\(main thread\);)?route=\/x;.*;burn .* \d+$/m)
  t.notMatch(stdout, /\(no route\).*;burn /)
})

t.test('nativeprof run refuses names that are none', async (t) => {
  const { code, stderr } = await runNode([CLI, 'run', '--labels', 'a b', '-e', '1'])
  t.equal(code, 2)
  t.match(stderr, /"a b" cannot be the name of a label.*ERR_NATIVEPROF_INVALID_ARGUMENT/)
})

t.test('the preload has them by NATIVEPROF_LABELS', async (t) => {
  const file = join(scratchFolder(t), 'profile.collapsed')
  const env = { NATIVEPROF_LABELS: 'route', NATIVEPROF_OUT: file }
  const { code, stderr } = await runNode(['-r', AUTO, '-e', PROGRAM], { cwd: ROOT, env })
  t.equal(code, 0, stderr)
  t.match(readFileSync(file, 'utf8'), /^(?:\(main thread\);)?route=\/x;.*;burn .* \d+$/m)
})
