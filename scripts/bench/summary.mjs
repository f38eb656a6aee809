// summary.mjs — runs → figures: of every workload, rate and peer, medians, and ratios to the runs without a profiler with their 95 %
// intervals. Pure.

import { meanInterval, median, ratioInterval } from './statistics.mjs'

/** The summary that docs/benchmarks.json is. Units are in the names; what is not known is null. */
export function summarize({ machine, whyNot, runs, windows, pauses, rounds }) {
  const keys = new Map(
    runs.map(({ workload, hz, peer }) => [`${workload} ${hz} ${peer}`, { workload, hz, peer }]),
  )
  const deliveryNanos = median(windows.map((each) => each.deliveryNanos))
  const cells = [...keys.values()].map((key) => ({ ...key, ...cellOf(runs, key, deliveryNanos) }))
  return { machine, rounds, whyNot, deliveryNanos: known(deliveryNanos), cells, ...within(windows, pauses) }
}

function cellOf(runs, { workload, hz, peer }, deliveryNanos) {
  const here = runs.filter((run) => run.workload === workload && run.hz === hz)
  const own = here.filter((run) => run.peer === peer)
  const good = own.filter((run) => run.failure === undefined)
  const failures = [...new Set(own.flatMap((run) => run.failure ?? []))]
  const middle = (key) => {
    const values = good.map((run) => run[key]).filter((value) => Number.isFinite(value))
    return known(median(values))
  }
  const cell = {
    runs: good.length,
    failures,
    cpuSeconds: middle('cpuSeconds'),
    wallSeconds: middle('wallSeconds'),
    peakBytes: middle('peakBytes'),
    p50Millis: middle('p50Millis'),
    p99Millis: middle('p99Millis'),
  }
  if (peer === 'none') return cell
  const pairs = good.flatMap((run) => {
    const plain = here.find((other) => other.round === run.round && other.peer === 'none')
    return plain === undefined || plain.failure !== undefined ? [] : [{ run, plain }]
  })
  if (pairs.length === 0) return cell
  const ratio = (key) => ratioInterval(pairs.map(({ run, plain }) => run[key] / plain[key]))
  return {
    ...cell,
    cpu: ratio('cpuSeconds'),
    wall: ratio('wallSeconds'),
    morePeakBytes: median(pairs.map(({ run, plain }) => run.peakBytes - plain.peakBytes)),
    stopMillis: middle('stopMillis'),
    encodeMillis: middle('encodeMillis'),
    outputBytes: middle('bytes'),
    ticks: middle('ticks'),
    tickShare: known(median(good.map((run) => run.ticks / run.askedTicks).filter(Number.isFinite))),
    dropped: middle('dropped'),
    timers: [...new Set(good.flatMap((run) => run.timer ?? []))],
    microsPerTick: microsPerTickOf(pairs),
    direct: directOf(good, deliveryNanos),
    misplaced: middle('misplaced'),
    misplacedByChance: middle('byChance'),
  }
}

// All that the run took more, start and report included, over its ticks.
function microsPerTickOf(pairs) {
  const counted = pairs.filter(({ run }) => run.ticks > 0)
  if (counted.length === 0) return null
  return meanInterval(
    counted.map(({ run, plain }) => ((run.cpuSeconds - plain.cpuSeconds) * 1e6) / run.ticks),
  )
}

// Percent of the CPU time of the recording: what the profiler counted itself, and the kernel's delivery of each tick.
function directOf(runs, deliveryNanos) {
  const own = runs.filter(({ cost }) => cost !== undefined)
  if (own.length === 0) return null
  const percent = (nanosOf) => median(own.map((run) => (100 * nanosOf(run)) / run.cpuNanos))
  const delivery = Number.isFinite(deliveryNanos) ? deliveryNanos : 0
  const parts = {
    delivery: (run) => run.ticks * delivery,
    handler: ({ cost }) => cost.handlerNanos,
    codeEvents: ({ cost }) => cost.codeEventNanos,
    drains: ({ cost }) => cost.drainNanos,
    timers: ({ cost }) => cost.scannerNanos,
  }
  const total = (run) => Object.values(parts).reduce((sum, part) => sum + part(run), 0)
  return {
    total: percent(total),
    ...Object.fromEntries(Object.entries(parts).map(([name, part]) => [name, percent(part)])),
    handlerMicrosPerTick: median(own.map(({ cost, ticks }) => cost.handlerNanos / ticks / 1000)),
  }
}

function within(windows, pauses) {
  const names = [...new Set(windows.flatMap((each) => each.windows.map(({ name }) => name)))]
  const byName = (name) => windows.flatMap((each) => each.windows.filter((window) => window.name === name))
  const peers = [...new Set(pauses.map(({ peer }) => peer))]
  return {
    windows: names.map((name) => ({
      name,
      cpu: ratioInterval(byName(name).flatMap(({ ratios }) => ratios)),
      directPercent: median(byName(name).map(({ percent }) => percent.total)),
      handlerMicros: median(byName(name).map(({ percent }) => percent.handlerMicros)),
    })),
    pauses: peers.map((peer) => {
      const own = pauses.filter((pause) => pause.peer === peer)
      return {
        peer,
        processes: own.length,
        startMillis: median(own.map(({ startMillis }) => startMillis)),
        stopMillis: median(own.map(({ stopMillis }) => stopMillis)),
        encodeMillis: median(own.map(({ encodeMillis }) => encodeMillis)),
      }
    }),
  }
}

function known(value) {
  return Number.isFinite(value) ? value : null
}
