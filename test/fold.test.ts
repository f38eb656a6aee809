import t from 'tap'
import { fold } from '#lib/fold.js'
import type { View } from '#lib/fold.js'
import { framesLeafFirst, functionOf } from '#lib/profile.js'
import type { Profile } from '#lib/profile.js'
import { buildProfile, js, native, runtime } from './support/profile-builder.js'

t.test('equal stacks are one, and their ticks are added up', async (t) => {
  const profile = buildProfile([
    { stack: [js('main'), js('work')], ticks: 2 },
    { stack: [js('main')] },
    { stack: [js('main'), js('work')], ticks: 3 },
  ])
  t.strictSame(foldTicks(profile), { 'main;work': 5, main: 1 })
})

t.test('stacks are equal when their names are, whatever ran them', async (t) => {
  const profile = buildProfile([
    { stack: [js('main', '/a.js', 1, { atLine: 2 }), js('work', '/a.js', 9, { tier: 'turbofan' })] },
    {
      stack: [
        js('main', '/a.js', 1, { atLine: 3 }),
        js('work', '/a.js', 9, { tier: 'maglev', inlined: true }),
      ],
    },
  ])
  t.equal(profile.stacks.length, 4)
  t.strictSame(foldTicks(profile), { 'main;work': 2 })
})

t.test('the order of callers counts', async (t) => {
  const profile = buildProfile([{ stack: [js('a'), js('b')] }, { stack: [js('b'), js('a')] }])
  t.strictSame(foldTicks(profile), { 'a;b': 1, 'b;a': 1 })
})

t.test('the totals are folded, not the samples that are still known', async (t) => {
  const profile = buildProfile([{ stack: [js('main')], ticks: 7 }], { samples: [], samplesForgotten: 7 })
  t.strictSame(foldTicks(profile), { main: 7 })
})

t.test('a view can leave frames out, and no tick is lost by it', async (t) => {
  const profile = buildProfile([
    { stack: [native('start'), js('main'), native('read'), js('callback')], ticks: 2 },
    { stack: [native('start')], ticks: 3 },
    { stack: [native('start'), js('main'), native('read')], ticks: 4 },
  ])
  const isJs = (stackId: number): boolean => framesLeafFirst(profile, stackId)[0]?.kind === 'js'
  const view: Partial<View> = {
    nameOf: (stackId) => (isJs(stackId) ? nameOf(profile, stackId) : null),
    leafOf: (stackId) => (stackId === 0 ? '(nothing)' : null),
  }
  t.strictSame(foldTicks(profile, view), { 'main;callback': 2, '(nothing)': 3, main: 4 })
})

t.test('a word below the others counts for sampled stacks, not for those that call on', async (t) => {
  const profile = buildProfile([
    { stack: [js('main'), runtime('zlib')], ticks: 2 },
    { stack: [js('main'), runtime('zlib'), native('deflate')], ticks: 3 },
  ])
  const view: Partial<View> = {
    nameOf: (stackId) => (stackId === 1 ? null : nameOf(profile, stackId)),
    leafOf: (stackId) => (stackId === 1 ? 'zlib' : null),
  }
  t.strictSame(foldTicks(profile, view), { 'main;zlib': 2, 'main;deflate': 3 })
})

t.test('a stack that is no more than the word for its thread has it once', async (t) => {
  const profile = buildProfile([{ stack: [js('pool')] }, { stack: [js('pool'), js('read')] }])
  t.strictSame(foldTicks(profile, { rootOf: () => 'pool' }), { pool: 1, 'pool;pool;read': 1 })
})

t.test('a view can put a root under the stacks of a thread', async (t) => {
  const profile = buildProfile([{ stack: [js('main')] }, { stack: [js('main')], thread: 1 }], {
    threads: [
      { kind: 'main', name: 'node', tid: 1 },
      { kind: 'worker', name: 'w', tid: 2 },
    ],
  })
  t.strictSame(foldTicks(profile), { main: 2 })
  const view: Partial<View> = { rootOf: (thread) => (thread.kind === 'worker' ? thread.name : null) }
  t.strictSame(foldTicks(profile, view), { main: 1, 'w;main': 1 })
})

t.test('a view says what is added up', async (t) => {
  const profile = buildProfile([{ stack: [js('main')], ticks: 3 }])
  t.strictSame(foldTicks(profile, { weightOf: (total) => total.weightNanos }), { main: 30_000_000 })
})

t.test('stacks come in the order of their lines, whatever their words begin with', async (t) => {
  const words = ['a', 'a b', 'a (b)', 'a-b', 'ab', 'a~', 'ä', 'a 1x', 'B']
  const stacks = words.flatMap((one) => [[one], ...words.map((other) => [one, other])])
  const profile = buildProfile(
    stacks.map((names, i) => ({ stack: names.map((name) => js(name)), ticks: i + 1 })),
  )
  const lines = Object.entries(foldTicks(profile)).map(([stack, ticks]) => `${stack} ${ticks}\n`)
  t.equal(lines.length, stacks.length)
  t.strictSame(lines, [...lines].sort())
})

t.test('a function may have called very many others', async (t) => {
  const callees = 200_000
  const stacks = Array.from({ length: callees }, (_, i) => ({ stack: [js('main'), js(`f${i}`)] }))
  t.equal(Object.keys(foldTicks(buildProfile(stacks))).length, callees)
})

t.test('a profile without samples has no stacks', async (t) => {
  t.strictSame(foldTicks(buildProfile([])), {})
})

function foldTicks(profile: Profile, view: Partial<View> = {}): Record<string, number> {
  return Object.fromEntries(
    fold(profile, {
      nameOf: (stackId) => nameOf(profile, stackId),
      leafOf: () => null,
      rootOf: () => null,
      weightOf: (total) => total.ticks,
      ...view,
    }),
  )
}

function nameOf(profile: Profile, stackId: number): string {
  const [frame] = framesLeafFirst(profile, stackId)
  return frame ? functionOf(profile, frame).name : ''
}
