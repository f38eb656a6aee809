// statistics.mjs — what can be said of paired measurements on a noisy machine.

// Student's t for 95 %, two-sided, by degrees of freedom; beyond the table the normal value does.
const T95 = [
  0, 12.71, 4.3, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26, 2.23, 2.2, 2.18, 2.16, 2.14, 2.13, 2.12, 2.11, 2.1,
  2.09, 2.09,
]

/** The mean of differences and its 95 % interval, which one alone does not have: it is then without bounds. */
export function meanInterval(values) {
  const pairs = values.length
  const mean = values.reduce((sum, value) => sum + value, 0) / pairs
  if (pairs < 2) return { mean, low: -Infinity, high: Infinity, pairs }
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (pairs - 1)
  const half = (T95[pairs - 1] ?? 1.98) * Math.sqrt(variance / pairs)
  return { mean, low: mean - half, high: mean + half, pairs }
}

/** The geometric mean of ratios and its 95 % interval. */
export function ratioInterval(ratios) {
  const { mean, low, high, pairs } = meanInterval(ratios.map(Math.log))
  return { ratio: Math.exp(mean), low: Math.exp(low), high: Math.exp(high), pairs }
}

/** NaN of nothing. */
export function median(values) {
  return quantile(values, 0.5)
}

/** The value that this share of the values lies below; between two, in proportion. NaN of nothing. */
export function quantile(values, share) {
  if (values.length === 0) return NaN
  const sorted = [...values].sort((a, b) => a - b)
  const at = share * (sorted.length - 1)
  const below = Math.floor(at)
  const next = sorted[Math.min(below + 1, sorted.length - 1)]
  return sorted[below] + (at - below) * (next - sorted[below])
}

export function showRatio({ ratio, low, high, pairs }) {
  return `${ratio.toFixed(4)} [${low.toFixed(4)}, ${high.toFixed(4)}], ${pairs} pairs`
}
