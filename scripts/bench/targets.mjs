// targets.mjs — what the project has set itself, against what was measured: rows of target, measurement and verdict. Pure. A verdict
// is only given where the interval allows one.

const MEBIBYTE = 2 ** 20
const MOST_DIRECT_PERCENT = 0.5
const MOST_RATIO = 1.03
const MOST_MEBIBYTES = 15
const MOST_START_MILLIS = 2

/** Rows for a table. */
export function targetsOf({ cells, pauses }) {
  const own = cells.filter(({ peer, runs }) => peer === 'nativeprof' && runs > 0)
  const atDefault = own.filter(({ hz }) => hz === 100)
  return [
    ...direct(atDefault),
    ...ratios(atDefault),
    ...perTick(cells),
    ...starts(pauses),
    ...memory(atDefault),
  ]
}

function direct(cells) {
  return cells
    .filter((cell) => cell.direct)
    .map(({ workload, direct: { total, delivery, handler, codeEvents, drains, timers } }) => [
      `${workload}: at most ${MOST_DIRECT_PERCENT} % of a core at 100 Hz, by its own account`,
      `${total.toFixed(2)} % (delivery ${delivery.toFixed(2)}, handler ${handler.toFixed(2)}, code events ${codeEvents.toFixed(2)}, drains ${drains.toFixed(2)}, timers ${timers.toFixed(2)})`,
      total <= MOST_DIRECT_PERCENT ? 'met' : 'not met',
    ])
}

function ratios(cells) {
  return cells
    .filter(({ cpu }) => cpu)
    .map(({ workload, cpu: { low, high, pairs } }) => [
      `${workload}: CPU ratio at 100 Hz at most ${MOST_RATIO} at the upper end of its interval`,
      Number.isFinite(high) ? `[${low.toFixed(3)}, ${high.toFixed(3)}], ${pairs} pairs` : 'one pair',
      high <= MOST_RATIO ? 'met' : low > MOST_RATIO ? 'not met' : 'hidden by noise',
    ])
}

// At 1 kHz: microseconds a tick at most half of those of the best peer that has any.
function perTick(cells) {
  const at = cells.filter(({ hz, microsPerTick }) => hz === 1000 && microsPerTick)
  return at
    .filter(({ peer }) => peer === 'nativeprof')
    .flatMap(({ workload, microsPerTick: own }) => {
      const peers = at.filter((cell) => cell.workload === workload && cell.peer !== 'nativeprof')
      if (peers.length === 0 || !Number.isFinite(own.high)) return []
      const best = peers.reduce((a, b) => (a.microsPerTick.mean <= b.microsPerTick.mean ? a : b))
      const { low, high, mean } = best.microsPerTick
      const verdict = own.high <= low / 2 ? 'met' : own.low > high / 2 ? 'not met' : 'hidden by noise'
      return [
        [
          `${workload}: CPU a tick at 1000 Hz at most half of the best peer's`,
          `${own.mean.toFixed(0)} µs [${own.low.toFixed(0)}, ${own.high.toFixed(0)}]; ${best.peer} ${mean.toFixed(0)} [${low.toFixed(0)}, ${high.toFixed(0)}]`,
          verdict,
        ],
      ]
    })
}

function starts(pauses) {
  const own = pauses.find(({ peer }) => peer === 'nativeprof')
  const inspector = pauses.find(({ peer }) => peer === 'inspector')
  if (own === undefined || inspector === undefined) return []
  const isMet = own.startMillis <= MOST_START_MILLIS && own.startMillis <= inspector.startMillis / 20
  return [
    [
      `starting among much code takes at most ${MOST_START_MILLIS} ms, and a twentieth of the inspector's`,
      `${own.startMillis.toFixed(2)} ms, the inspector ${inspector.startMillis.toFixed(1)} ms (medians of ${own.processes})`,
      isMet ? 'met' : 'not met',
    ],
  ]
}

function memory(cells) {
  return cells
    .filter(({ workload, morePeakBytes }) => workload === 'type-check' && Number.isFinite(morePeakBytes))
    .map(({ morePeakBytes, runs }) => {
      const mebibytes = morePeakBytes / MEBIBYTE
      return [
        `type-check: peak memory at most ${MOST_MEBIBYTES} MiB above`,
        `${mebibytes.toFixed(1)} MiB (median of ${runs} pairs)`,
        mebibytes <= MOST_MEBIBYTES ? 'met' : 'not met',
      ]
    })
}
