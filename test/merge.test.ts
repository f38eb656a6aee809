// Several profiles as one: everything adds up.

import t from 'tap'
import { mergeProfiles, toCollapsed } from 'nativeprof'
import type { Profile, Thread } from 'nativeprof'
import { buildProfile, js } from './support/profile-builder.js'

const main = js('main', '/app/main.js', 1)
const f = js('f', '/app/f.js', 2)
const g = js('g', '/app/g.js', 3)
const INVALID = { code: 'ERR_NATIVEPROF_INVALID_ARGUMENT' }

t.test('ticks, times and counters are the sums, and equal stacks are one', async (t) => {
  const one = buildProfile([{ stack: [main, f], ticks: 3 }, { stack: [main] }], { counters: { dropped: 2 } })
  const other = buildProfile([{ stack: [main, g], ticks: 5 }, { stack: [main, f] }], {
    counters: { notWalkable: 1 },
  })
  const merged = mergeProfiles([one, other])
  t.equal(
    toCollapsed(merged),
    [
      'main /app/main.js:1:1 1',
      'main /app/main.js:1:1;f /app/f.js:2:1 4',
      'main /app/main.js:1:1;g /app/g.js:3:1 5',
      '',
    ].join('\n'),
  )
  t.match(merged.counters, { ticks: 13, samples: 10, dropped: 2, notWalkable: 1 })
  t.equal(merged.cpuNanos, one.cpuNanos + other.cpuNanos)
  t.equal(merged.durationNanos, one.durationNanos + other.durationNanos)
  t.equal(weightOf(merged), weightOf(one) + weightOf(other))
  t.equal(merged.periodMicros, one.periodMicros)
  t.equal(merged.stacks.length, 3)
  t.equal(merged.samples.length, 4)
})

t.test('samples are in order of real time', async (t) => {
  const early = buildProfile([{ stack: [f] }, { stack: [f] }], { startTimeMillis: 1_000_000 })
  const late = buildProfile([{ stack: [g] }], { startTimeMillis: 1_000_005 })
  const { startTimeMillis, samples } = mergeProfiles([late, early])
  t.equal(startTimeMillis, 1_000_000)
  t.strictSame(
    samples.map(({ timeNanos }) => timeNanos),
    [10e6, 15e6, 20e6],
  )
})

t.test('the main threads are one, and so are threads of one kind and name', async (t) => {
  const threads = (tid: number): Thread[] => [
    { name: 'node', kind: 'main', tid },
    { name: '1', kind: 'worker', tid: tid + 1 },
  ]
  const [one, other] = [100, 200].map((tid) =>
    buildProfile([{ stack: [f] }, { stack: [f], thread: 1 }], { threads: threads(tid) }),
  ) as [Profile, Profile]
  t.strictSame(mergeProfiles([one, one]).threads, threads(100))
  const merged = mergeProfiles([one, other])
  t.strictSame(
    merged.threads.map(({ kind, tid }) => `${kind} ${tid}`),
    ['main 0', 'worker 0'],
  )
  t.strictSame(
    merged.totals.map(({ threadId, ticks }) => `${threadId} ${ticks}`),
    ['0 2', '1 2'],
  )
})

t.test('labels stay apart', async (t) => {
  const labelled = (labels: Record<string, string>): Profile => {
    const profile = buildProfile([{ stack: [f] }], { labelSets: [{}, labels] })
    return { ...profile, totals: profile.totals.map((total) => ({ ...total, labelsId: 1 })) }
  }
  const merged = mergeProfiles([
    labelled({ route: '/a' }),
    labelled({ route: '/b' }),
    labelled({ route: '/a' }),
  ])
  t.strictSame(
    merged.totals.map(({ labelsId, ticks }) => [merged.labelSets[labelsId], ticks]),
    [
      [{ route: '/a' }, 2],
      [{ route: '/b' }, 1],
    ],
  )
})

t.test('where periods differ, weights add up all the same, and a note says so', async (t) => {
  const slow = buildProfile([{ stack: [f], ticks: 10 }])
  const fast = buildProfile([{ stack: [f], ticks: 30 }], { periodMicros: 1000 })
  const merged = mergeProfiles([slow, fast])
  t.equal(weightOf(merged), 130e6)
  t.equal(merged.periodMicros, 3250)
  t.match(merged.notes.join('\n'), /periods differ/)
})

t.test('one profile comes back; none, and what cannot be added up, is refused', async (t) => {
  const profile = buildProfile([{ stack: [f] }])
  t.equal(mergeProfiles([profile]), profile)
  t.throws(() => mergeProfiles([]), INVALID)
  t.throws(() => mergeProfiles([profile, buildProfile([{ stack: [f] }], { timer: 'wall' })]), INVALID)
})

function weightOf({ totals }: Profile): number {
  return totals.reduce((sum, { weightNanos }) => sum + weightNanos, 0)
}

t.test('no stack is cut, however many there are in the sum', async (t) => {
  const frames = 800
  const many = (from: number): Profile => {
    const functions = Array.from({ length: 2 * frames }, (_, id) => js(`f${id}`, '/app/many.js', id + 1))
    const base = buildProfile([{ stack: functions }])
    const stacks = Array.from({ length: frames * 400 }, (_, id) => ({
      frameId: (id % frames) + from,
      parentId: id < frames ? -1 : id - frames,
    }))
    const one = { threadId: 0, labelsId: 0, ticks: 1, weightNanos: 1e7 }
    const totals = stacks.map((_, stackId) => ({ ...one, stackId }))
    return { ...base, stacks, totals, samples: [] }
  }
  const merged = mergeProfiles([many(0), many(frames)])
  t.equal(merged.stacks.length, 2 * frames * 400)
  t.equal(merged.totals.length, 2 * frames * 400)
})
