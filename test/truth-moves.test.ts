// No wrong name while V8 moves code, throws it away and compiles it again as often as it can be made to.

import t from 'tap'
import { fixture, runNode } from './support/run-program.js'

const SEED = 7
const SECONDS = 3
const MIN_SAMPLES = 300

const FLAGS = [
  ['--stress-compaction', '--gc-interval=500'],
  ['--stress-flush-code', '--always-sparkplug', '--deopt-every-n-times=500'],
  ['--gc-interval=200', '--stress-scavenge=20'],
]

for (const flags of FLAGS) {
  t.test(`with ${flags.join(' ')} no frame has a wrong parent`, async (t) => {
    const args = [SECONDS, SEED, MIN_SAMPLES].map(String)
    const { stdout, stderr, code } = await runNode([...flags, fixture('callers.mjs'), ...args])
    t.equal(code, 0, stderr)
    const { jsSamples, counters, violations } = JSON.parse(stdout) as {
      jsSamples: number
      counters: { ticks: number; samples: number; dropped: number; notWalkable: number }
      violations: Record<string, number>
    }
    t.comment(`${jsSamples} samples with JavaScript, ${JSON.stringify(counters)}`)
    // Most of the time goes to collections.
    t.ok(jsSamples >= MIN_SAMPLES / 10, `${jsSamples} samples with JavaScript`)
    t.strictSame(violations, {})
    t.equal(counters.ticks, counters.samples + counters.dropped + counters.notWalkable)
  })
}
