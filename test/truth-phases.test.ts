// Is it true? A program that times its own phases with the CPU clock, held against its profile.

import t from 'tap'
import type { Test } from 'tap'
import { fixture, runNode } from './support/run-program.js'

interface Facts {
  readonly clock: Record<string, number>
  readonly ticks: Record<string, number>
  readonly selfInMegamorphic: Record<string, number>
  readonly coverage: number
  readonly weightScale: number
  readonly counters: { ticks: number; samples: number; dropped: number; notWalkable: number }
}

const sum = (values: Record<string, number>): number =>
  Object.values(values).reduce((all, value) => all + value, 0)

async function runPhases(t: Test): Promise<Facts> {
  const { stdout, stderr, code } = await runNode(['--single-threaded', fixture('phases.mjs')])
  t.equal(code, 0, stderr)
  t.comment(stdout.trim())
  return JSON.parse(stdout) as Facts
}

t.test('a program that times its own phases', async (t) => {
  const facts = await runPhases(t)

  t.test(
    'every phase has the share of the ticks that it has of the CPU time, within 3 standard errors',
    (t) => {
      const n = sum(facts.ticks)
      t.ok(n > 1000, `${n} ticks`)
      for (const [name, micros] of Object.entries(facts.clock)) {
        const share = micros / sum(facts.clock)
        const error = Math.sqrt(n * share * (1 - share))
        const got = facts.ticks[name] ?? 0
        t.ok(
          Math.abs(got - n * share) <= 3 * error,
          `${name}: ${got} ticks for ${(n * share).toFixed(1)}, standard error ${error.toFixed(1)}`,
        )
      }
      t.end()
    },
  )

  t.test('ticks times period is the CPU time of the process within 2 %, unscaled', async (t) => {
    // The kernel charges a whole tick of its own, 4 ms, to whoever runs at that moment. Next to other busy processes that
    // makes 3 % in a run of this length, now too many and now too few; a wrong period is as wrong again.
    let { coverage } = facts
    const isFull = (): boolean => coverage >= 0.98 && coverage <= 1.02
    for (let again = 0; again < 2 && !isFull(); again++) coverage = (await runPhases(t)).coverage
    t.ok(isFull(), `coverage ${coverage.toFixed(4)}`)
    const { ticks, samples, dropped, notWalkable } = facts.counters
    t.equal(ticks, samples + dropped + notWalkable)
    t.ok(notWalkable <= ticks / 100, `${notWalkable} of ${ticks} not walkable`)
    t.equal(dropped, 0)
  })

  t.test(
    'a caller that costs next to nothing gets next to nothing, whatever frameless code its callee runs',
    (t) => {
      // Of 370,000 samples of this phase alone, on four versions, 0.25 % lay in the caller's own code; 1 % and 3 standard
      // errors of that are 6 of 190 ticks. If leaves without a frame lose their caller, it is half of them and more.
      const n = sum(facts.selfInMegamorphic)
      const most = n * 0.01 + 3 * Math.sqrt(n * 0.01 * 0.99)
      const caller = facts.selfInMegamorphic['callerOfMegamorphic'] ?? 0
      const callee = facts.selfInMegamorphic['accessMany'] ?? 0
      t.ok(n > 100, `${n} ticks`)
      t.ok(caller <= most, `the caller has ${caller} of ${n} ticks, at most ${most.toFixed(1)}`)
      t.equal(callee, n - caller, 'all others have the callee as their function')
      t.end()
    },
  )
})
