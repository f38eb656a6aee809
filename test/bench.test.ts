// The arithmetic of the benchmark: what it says of pairs, and what it refuses to say.

import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import t from 'tap'
import { ROOT } from './support/run-program.js'

interface Interval {
  readonly ratio: number
  readonly low: number
  readonly high: number
  readonly pairs: number
}

interface Cell {
  readonly workload: string
  readonly peer: string
  readonly cpu?: Interval
  readonly failures: readonly string[]
  readonly tickShare?: number | null
  readonly direct?: { readonly total: number } | null
}

const load = async (file: string): Promise<Record<string, unknown>> =>
  (await import(pathToFileURL(join(ROOT, 'scripts/bench', file)).href)) as Record<string, unknown>

t.test('a ratio has the interval of the t distribution on its logarithms', async (t) => {
  const { ratioInterval } = (await load('statistics.mjs')) as {
    ratioInterval: (ratios: readonly number[]) => Interval
  }
  // Of 1/e, 1 and e: mean 0, standard deviation 1, t of two degrees of freedom 4.303.
  const { ratio, low, high } = ratioInterval([1 / Math.E, 1, Math.E])
  t.ok(Math.abs(ratio - 1) < 1e-9)
  t.ok(Math.abs(Math.log(high) - 4.303 / Math.sqrt(3)) < 0.01, `${high}`)
  t.ok(Math.abs(low * high - 1) < 1e-9, 'symmetric in the logarithm')
  t.match(ratioInterval([1.5]), { low: 0, high: Infinity, pairs: 1 }, 'one pair says nothing')
})

t.test('what the noise hides is not claimed', async (t) => {
  const { ratioText } = (await load('report.mjs')) as { ratioText: (interval: Interval) => string }
  t.equal(ratioText({ ratio: 1.02, low: 0.98, high: 1.06, pairs: 7 }), '~ [0.980, 1.060] (7)')
  t.equal(ratioText({ ratio: 1.02, low: 1.01, high: 1.03, pairs: 7 }), '1.020 [1.010, 1.030] (7)')
})

t.test(
  'a round gives every peer its turn beside a run without, and the next one turns the order',
  async (t) => {
    const { roundOf, selectionOf } = (await load('plan.mjs')) as {
      selectionOf: (only: readonly string[]) => object
      roundOf: (round: number, selection: object) => { workload: string; hz: number; peers: string[] }[]
    }
    const selection = selectionOf(['json', '100', 'nativeprof', '--cpu-prof'])
    const orders = [0, 1, 2, 3].map((round) => roundOf(round, selection))
    for (const [block, ...others] of orders) {
      t.match(block, { workload: 'json', hz: 100 })
      t.equal(others.length, 0)
      t.strictSame([...(block?.peers ?? [])].sort(), ['--cpu-prof', 'nativeprof', 'none'])
    }
    t.ok(new Set(orders.map(([block]) => block?.peers.join())).size > 1)
    t.throws(() => selectionOf(['jsno']), /there is no jsno/)
  },
)

t.test('pairs are made within a round, and a run that failed is in none', async (t) => {
  const { summarize } = (await load('summary.mjs')) as {
    summarize: (measured: object) => { cells: readonly Cell[] }
  }
  const run = (round: number, peer: string, more: object): object => ({
    workload: 'json',
    hz: 100,
    round,
    peer,
    wallSeconds: 1,
    peakBytes: 1,
    ...more,
  })
  const cost = { handlerNanos: 1e6, codeEventNanos: 2e6, drainNanos: 3e6, scannerNanos: 0 }
  const { cells } = summarize({
    machine: {},
    whyNot: {},
    rounds: 3,
    windows: [{ deliveryNanos: 10_000, windows: [] }],
    pauses: [],
    runs: [
      run(0, 'none', { cpuSeconds: 1 }),
      run(0, 'nativeprof', { cpuSeconds: 1.1, ticks: 100, askedTicks: 100, cpuNanos: 1e9, cost }),
      run(1, 'none', { cpuSeconds: 2 }),
      run(1, 'nativeprof', { cpuSeconds: 2.2, ticks: 100, askedTicks: 200, cpuNanos: 1e9, cost }),
      run(2, 'none', { cpuSeconds: 1 }),
      run(2, 'nativeprof', { failure: 'no' }),
    ],
  })
  const own = cells.find(({ peer }) => peer === 'nativeprof')
  t.equal(own?.cpu?.pairs, 2)
  t.ok(Math.abs((own?.cpu?.ratio ?? 0) - 1.1) < 1e-9)
  t.strictSame(own?.failures, ['no'])
  t.equal(own?.tickShare, 0.75)
  // 100 deliveries of 10 µs are 1 ms; with the rest 7 ms of a second.
  t.ok(Math.abs((own?.direct?.total ?? 0) - 0.7) < 1e-9)
})
