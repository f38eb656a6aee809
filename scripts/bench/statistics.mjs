// statistics.mjs — what can be said of paired measurements on a noisy machine.

// Student's t for 95 %, two-sided, by degrees of freedom; beyond the table the normal value does.
const T95 = [
  0, 12.71, 4.3, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26, 2.23, 2.2, 2.18, 2.16, 2.14, 2.13, 2.12, 2.11, 2.1,
  2.09, 2.09,
]

/** The geometric mean of ratios and its 95 % interval. */
export function ratioInterval(ratios) {
  const logs = ratios.map(Math.log)
  const mean = logs.reduce((sum, log) => sum + log, 0) / logs.length
  const variance = logs.reduce((sum, log) => sum + (log - mean) ** 2, 0) / (logs.length - 1)
  const half = (T95[logs.length - 1] ?? 1.98) * Math.sqrt(variance / logs.length)
  return {
    ratio: Math.exp(mean),
    low: Math.exp(mean - half),
    high: Math.exp(mean + half),
    pairs: logs.length,
  }
}

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

export function showRatio({ ratio, low, high, pairs }) {
  return `${ratio.toFixed(4)} [${low.toFixed(4)}, ${high.toFixed(4)}], ${pairs} pairs`
}
