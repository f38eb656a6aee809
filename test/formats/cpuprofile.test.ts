import t from 'tap'
import { toCpuProfile } from '#lib/formats/cpuprofile.js'
import { buildProfile, gc, js, native } from '../support/profile-builder.js'

interface File {
  readonly nodes: readonly {
    readonly id: number
    readonly callFrame: Readonly<Record<string, unknown>>
    readonly hitCount: number
    readonly children: readonly number[]
    readonly positionTicks?: readonly { readonly line: number; readonly ticks: number }[]
  }[]
  readonly startTime: number
  readonly endTime: number
  readonly samples: readonly number[]
  readonly timeDeltas: readonly number[]
}

const main = js('main', '/app/my lib/main.js', 3)
const work = js('', '/app/work.js', 9, { column: 5, atLine: 11 })

t.test('nodes are flat, lines and columns count from 0, times are microseconds', async (t) => {
  const profile = buildProfile([
    { stack: [main, work], ticks: 2 },
    { stack: [main], ticks: 1 },
    { stack: [main, { ...work, atLine: 12 }], ticks: 1 },
  ])
  const { nodes, samples, timeDeltas, startTime, endTime } = fileOf(profile)
  t.strictSame(
    nodes.map(({ id, callFrame, hitCount, children }) => [id, callFrame['functionName'], hitCount, children]),
    [
      [1, '(root)', 0, [2, 3, 4]],
      [2, '(program)', 0, []],
      [3, '(garbage collector)', 0, []],
      [4, 'main', 1, [5]],
      [5, '', 3, []],
    ],
  )
  t.strictSame(nodes[3]?.callFrame, {
    functionName: 'main',
    scriptId: '1',
    url: 'file:///app/my%20lib/main.js',
    lineNumber: 2,
    columnNumber: 0,
  })
  t.match(nodes[4]?.callFrame, { lineNumber: 8, columnNumber: 4 })
  t.strictSame(nodes[4]?.positionTicks, [
    { line: 11, ticks: 2 },
    { line: 12, ticks: 1 },
  ])
  t.strictSame(samples, [5, 4, 5, 1], 'the last is where the axis ends')
  t.strictSame(timeDeltas, [0, 20_000, 10_000, 10_000])
  t.equal(startTime, 1_700_000_000_000_000)
  t.equal(endTime - startTime, 40_000)
})

t.test('microseconds add up, however weights are scaled', async (t) => {
  const profile = buildProfile(
    Array.from({ length: 999 }, () => ({ stack: [main] })),
    { weightScale: 1.000_033 },
  )
  const { timeDeltas, startTime, endTime } = fileOf(profile)
  const sum = timeDeltas.reduce((total, delta) => total + delta, 0)
  t.equal(sum, Math.round(profile.cpuNanos / 1000))
  t.equal(endTime - startTime, sum)
  t.ok(timeDeltas.every(Number.isInteger))
})

t.test('threads are roots where there are several, and what shows nothing is the program', async (t) => {
  const threads = [
    { kind: 'main', name: 'node', tid: 1 },
    { kind: 'worker', name: 'resizer', tid: 2 },
  ] as const
  const profile = buildProfile([{ stack: [main] }, { stack: [main, gc()], thread: 1 }], { threads })
  t.strictSame(namesOf(fileOf(profile)), [
    '(main thread)',
    'main',
    '(worker resizer)',
    'main',
    '(garbage collection)',
  ])
  const hidden = fileOf(buildProfile([{ stack: [native('f')] }, { stack: [gc()] }]))
  t.strictSame(namesOf(hidden), [])
  t.strictSame(hidden.samples, [2, 3, 1])
})

t.test('a profile without samples has none', async (t) => {
  t.match(fileOf(buildProfile([])), { samples: [1], timeDeltas: [0] })
})

function namesOf({ nodes }: File): unknown[] {
  return nodes.slice(3).map(({ callFrame }) => callFrame['functionName'])
}

function fileOf(profile: Parameters<typeof toCpuProfile>[0]): File {
  return JSON.parse(toCpuProfile(profile)) as File
}
