// The profiler inside programs that do everything that is hard on it at once. What must hold afterwards is that the
// program does not notice, and that every tick is accounted for.

import t from 'tap'
import type { Counters } from 'nativeprof'
import { fixture, runNode } from './support/run-program.js'

interface Outcome {
  readonly counters: Counters
  readonly sampleTicks: number
  readonly totalTicks: number
  readonly overflows: number
  readonly rounds: number
  readonly signalsSent: number
}

t.test(
  'a program that does everything at once, at the highest rate, ends well with every tick accounted for',
  async (t) => {
    const { code, signal, stdout, stderr } = await runNode(['--expose-gc', fixture('stress.mjs'), '8000'])
    t.equal(signal, null)
    t.equal(code, 0, stderr)
    t.equal(stderr, '')
    const { counters, totalTicks, sampleTicks, rounds } = JSON.parse(stdout) as Outcome
    const { ticks, samples, dropped, notWalkable } = counters
    t.comment(JSON.stringify({ counters, rounds }))
    t.ok(rounds > 3, 'all of it was done several times')
    t.ok(ticks > 200, `${ticks} ticks`)
    t.equal(ticks, samples + dropped + notWalkable, 'ticks = samples + dropped + not walkable')
    t.equal(dropped, 0, 'none is dropped')
    t.equal(totalTicks, samples, 'the totals add up to the samples')
    t.equal(sampleTicks, samples, 'and so do the single samples')
  },
)

t.test(
  'a program that another one floods with SIGPROF goes on, and keeps the flood apart from its ticks',
  async (t) => {
    const { code, signal, stdout, stderr } = await runNode([fixture('stress-flood.mjs'), '2000'])
    t.equal(signal, null)
    t.equal(code, 0, stderr)
    t.equal(stderr, '')
    const { counters, totalTicks, signalsSent } = JSON.parse(stdout) as Outcome
    const { ticks, samples, dropped, notWalkable, forwarded } = counters
    t.comment(JSON.stringify({ counters, signalsSent }))
    t.ok(signalsSent > 10_000, `${signalsSent} signals were sent`)
    t.ok(forwarded > 0, `${forwarded} of them came as strangers`)
    t.ok(forwarded <= signalsSent, 'and no more than were sent')
    t.equal(ticks, samples + dropped + notWalkable, 'ticks = samples + dropped + not walkable')
    t.equal(totalTicks, samples, 'the totals add up to the samples')
  },
)
