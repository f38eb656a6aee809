// A profile without what only other windows, or other views, have use for shows the same.

import t from 'tap'
import { toCollapsed, toTable } from 'nativeprof'
import type { Profile } from 'nativeprof'
import { prune } from '#lib/prune.js'
import { VIEWS } from '#lib/view.js'
import { buildProfile, builtin, helper, js, native, runtime } from './support/profile-builder.js'
import type { FrameSpec } from './support/profile-builder.js'
import { randomBelow } from './support/random.js'

const FRAMES: readonly FrameSpec[] = [
  js('main'),
  js('work', '/app/work.js', 9),
  js('work', '/app/work.js', 9, { tier: 'turbofan' }),
  native('uv_run'),
  native('v8::internal::Invoke'),
  builtin('ArrayMap'),
  helper('LoadIC'),
  runtime('JSON.parse'),
]

const shown = (profile: Profile, view: 'js' | 'mixed' | 'native'): unknown => [
  toCollapsed(profile, { view }).split('\n').sort(),
  toTable(profile, { view }),
]

t.test('of any profile, a view shows the same', async (t) => {
  const below = randomBelow(3)
  for (let round = 0; round < 100; round++) {
    const whole = buildProfile(
      Array.from({ length: 30 }, () => ({
        stack: Array.from({ length: 1 + below(5) }, () => FRAMES[below(FRAMES.length)] as FrameSpec),
        ticks: 1 + below(4),
      })),
    )
    const some = { ...whole, totals: whole.totals.filter(() => below(3) > 0), samples: [] }
    for (const view of VIEWS) {
      t.strictSame(shown(prune(some), view), shown(some, view))
      t.strictSame(shown(prune(some, view), view), shown(some, view))
    }
    t.ok(prune(some, 'js').stacks.length <= prune(some).stacks.length)
    t.ok(prune(some).stacks.length <= some.stacks.length)
  }
})

t.test('frames that the view hides are gone, and totals that are equal then are one', async (t) => {
  const [uv, invoke, memcpy] = [native('uv_run'), native('Invoke'), native('memcpy')]
  const profile = buildProfile([
    { stack: [uv, invoke, js('main')], ticks: 3 },
    { stack: [uv, invoke, js('main'), helper('LoadIC')], ticks: 4 },
    { stack: [uv, js('main'), runtime('JSON.parse'), memcpy], ticks: 5 },
  ])
  const { frames, stacks, totals, functions } = prune(profile, 'js')
  t.strictSame(
    frames.map(({ functionId }) => functions[functionId]?.name),
    ['main', 'JSON.parse'],
  )
  t.equal(stacks.length, 2)
  t.strictSame(
    totals.map(({ ticks, weightNanos }) => [ticks, weightNanos]),
    [
      [7, 7e7],
      [5, 5e7],
    ],
  )
})

t.test('a stack of which nothing is left has its time all the same', async (t) => {
  const profile = buildProfile([
    { stack: [native('start')], ticks: 2 },
    { stack: [native('start'), js('main')], ticks: 1 },
  ])
  t.equal(toCollapsed(prune(profile, 'js')), toCollapsed(profile))
  t.match(toCollapsed(profile), '(no frames) 2')
})
