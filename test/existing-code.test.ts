// Code that was there before the sampler: it is listed late, and all of it has its name; a loop that V8 does not list, too.

import t from 'tap'
import { fixture, runNode } from './support/run-program.js'

t.test('a loop that was compiled before the start, and never left, is found', async (t) => {
  const { stdout, stderr, code } = await runNode([fixture('running-loop.mjs')])
  t.equal(code, 0, stderr)
  const { ticks, tiers, lines, unknown } = JSON.parse(stdout) as {
    ticks: number
    tiers: Record<string, number>
    lines: Record<string, number>
    unknown: number
  }
  t.comment(stdout.trim())
  const inOptimized = (tiers['turbofan'] ?? 0) + (tiers['maglev'] ?? 0)
  t.ok(inOptimized >= 0.9 * ticks, `${inOptimized} of ${ticks} ticks`)
  t.equal(unknown, 0)
  const inLoop = Object.entries(lines)
    .filter(([line]) => ['10', '11', '12'].includes(line))
    .reduce((sum, [, count]) => sum + count, 0)
  t.ok(inLoop >= 0.9 * ticks, `${inLoop} of ${ticks} ticks in the lines of the loop`)
})

t.test('starting among 5,000 functions takes no listing of them, and they have their names', async (t) => {
  const { stdout, stderr, code } = await runNode([fixture('many-functions.mjs')])
  t.equal(code, 0, stderr)
  t.comment(stdout.trim())
  const { startMillis, listingMillis, named, misnamed, unknown } = JSON.parse(stdout) as {
    startMillis: number[]
    listingMillis: number
    named: number[]
    misnamed: number[]
    unknown: number[]
  }
  // A busy machine may hold up some starts; the listing would hold up each.
  t.ok(
    Math.min(...startMillis) < listingMillis / 2,
    `${Math.min(...startMillis)} ms, the listing ${listingMillis} ms`,
  )
  // Most of the time of such a program goes to V8's compilers.
  const ticks = named.reduce((sum, count) => sum + count, 0)
  t.ok(ticks >= 25, `${ticks} ticks in the functions`)
  t.strictSame(misnamed, [0, 0, 0, 0, 0])
  // Code that was replaced after a tick, and that a full collection took away before anybody asked for it, has no name left.
  const nameless = unknown.reduce((sum, count) => sum + count, 0)
  t.ok(nameless <= ticks / 20, `${nameless} of ${ticks} ticks in code that is gone`)
})
