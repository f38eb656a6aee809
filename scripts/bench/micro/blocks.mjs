// blocks.mjs [--quick] — how long snapshot() and stop() block the event loop after a minute of work at 100 Hz, and how long the
// drains in between did. The one listing of existing code is in the first drain, and told apart.

import process from 'node:process'
import { startSampler } from '../../../dist/index.js'
import { WINDOW_WORK } from '../window-work.mjs'
import { fastTimer } from './raw-drains.mjs'
import { isQuick, millisOf, print, row } from './rows.mjs'

const MOST_MILLIS = 20
const TICKS = 6000

// As many ticks in less time, where there is a timer for it.
const isFast = isQuick() && fastTimer() === 'perf'
const sampler = startSampler(isFast ? { hz: 1000, timer: 'perf' } : { hz: 100 })
const first = millisOf(() => sampler.snapshot())
const turn = () => new Promise((done) => setImmediate(done))
const cpuSeconds = () => process.cpuUsage().user / 1e6
for (const end = cpuSeconds() + (isFast ? TICKS / 1000 : TICKS / 100); cpuSeconds() < end;) {
  for (const work of Object.values(WINDOW_WORK)) {
    work()
    await turn()
  }
}
let profile
const snapshot = millisOf(() => (profile = sampler.snapshot()))
const stop = millisOf(() => sampler.stop())
const { ticks } = profile.counters
print([
  row(
    'the first snapshot(), with the listing of existing code',
    `${first.toFixed(1)} ms, of that V8's listing ${(profile.cost.codeEventNanos / 1e6).toFixed(1)} ms at most`,
  ),
  row(
    `snapshot() after ${ticks} ticks${isFast ? ' at 1000 Hz, as many as a minute at 100 Hz' : ''}`,
    `${snapshot.toFixed(1)} ms`,
    `≤ ${MOST_MILLIS} ms`,
    snapshot <= MOST_MILLIS,
  ),
  row('stop() then', `${stop.toFixed(1)} ms`, `≤ ${MOST_MILLIS} ms`, stop <= MOST_MILLIS),
  row(
    'drains, all together',
    `${(profile.cost.drainNanos / 1e6).toFixed(0)} ms, ${(profile.cost.drainNanos / 1000 / ticks).toFixed(1)} µs a tick`,
  ),
])
