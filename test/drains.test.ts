// What nativeprof itself uses is in its profile, like everything else.

import t from 'tap'
import { fixture, runNode } from './support/run-program.js'

interface Facts {
  readonly drainNanos: number
  readonly ownNanos: number
}

// Some twenty ticks. If it drained as soon as a tick made it worth it, there would be none.
t.test('as many ticks fall into draining as it takes time', async (t) => {
  const { code, stdout, stderr } = await runNode([fixture('drains.mjs')])
  t.equal(code, 0, stderr)
  const { drainNanos, ownNanos } = JSON.parse(stdout) as Facts
  t.comment(stdout)
  t.ok(drainNanos > 100e6, `${drainNanos / 1e6} ms`)
  t.ok(
    ownNanos > 0.4 * drainNanos && ownNanos < 1.8 * drainNanos,
    `${ownNanos / 1e6} of ${drainNanos / 1e6} ms`,
  )
})
