// significance.ts — whether two counts of ticks differ by more than chance, and what many such questions at once change. Pure.
//
// The ticks of a function are counted as of a Poisson process: n ticks stray by √n. If a function took as long before and
// after, then of all its ticks those after are binomial, with a share that the two rates of sampling give. The test is
// the exact one (Przyborowski and Wilenski, 1940), for the normal curve is wrong where counts are small. Ticks of a timer
// stray less than that, so the test errs on the side of silence. What differs from run to run for other reasons, such
// as a machine that is slower this time, is not in it.

/** A change counts from this many standard errors on. */
export const STANDARD_ERRORS = 5

/** How often, at most, chance alone may make one of all the comparisons count. */
export const ALPHA = 0.05

/** Two counts, and what a tick of each stands for. */
export interface Counts {
  readonly beforeTicks: number
  readonly afterTicks: number
  /** Nanoseconds per tick. */
  readonly beforeTickNanos: number
  readonly afterTickNanos: number
}

/** By how many standard errors the times differ; positive if there is more of it after. 0 where there are no ticks. */
export function standardErrorsOf({
  beforeTicks,
  afterTicks,
  beforeTickNanos,
  afterTickNanos,
}: Counts): number {
  const difference = afterTicks * afterTickNanos - beforeTicks * beforeTickNanos
  const error = Math.sqrt(beforeTicks * beforeTickNanos ** 2 + afterTicks * afterTickNanos ** 2)
  return error === 0 ? 0 : difference / error
}

/** The probability, two-sided, that counts of equal times differ at least as much as these. 1 where there are no ticks. */
export function pValueOf({ beforeTicks, afterTicks, beforeTickNanos, afterTickNanos }: Counts): number {
  const ticks = beforeTicks + afterTicks
  if (ticks === 0) return 1
  const share = beforeTickNanos / (beforeTickNanos + afterTickNanos)
  const atLeast = afterTicks === 0 ? 1 : incompleteBeta(afterTicks, beforeTicks + 1, share)
  const atMost = beforeTicks === 0 ? 1 : incompleteBeta(beforeTicks, afterTicks + 1, 1 - share)
  return Math.min(1, 2 * Math.min(atLeast, atMost))
}

/**
 * Corrects p-values for their number, by Holm's method: if none of the differences is real, none of the results is below
 * α with a probability of 1 - α, whatever depends on what. In the order given.
 */
export function holm(pValues: readonly number[]): number[] {
  const order = pValues.map((p, index) => ({ p, index })).sort((a, b) => a.p - b.p)
  const corrected = pValues.map(() => 1)
  let least = 0
  order.forEach(({ p, index }, rank) => {
    least = Math.max(least, Math.min(1, p * (order.length - rank)))
    corrected[index] = least
  })
  return corrected
}

/** The regularized incomplete beta function, by its continued fraction (Lentz's method). For x in [0, 1], a and b > 0. */
export function incompleteBeta(a: number, b: number, x: number): number {
  if (x <= 0) return 0
  if (x >= 1) return 1
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x))
  return x < (a + 1) / (a + b + 2)
    ? (front * betaFraction(a, b, x)) / a
    : 1 - (front * betaFraction(b, a, 1 - x)) / b
}

const PRECISION = 1e-12
const TINY = 1e-300
/** It takes about √(a + b) steps; this is enough for 10^12 ticks. */
const MAX_STEPS = 1_000_000

function betaFraction(a: number, b: number, x: number): number {
  const notZero = (value: number): number => (Math.abs(value) < TINY ? TINY : value)
  let c = 1
  let d = 1 / notZero(1 - ((a + b) * x) / (a + 1))
  let fraction = d
  for (let step = 1; step < MAX_STEPS; step++) {
    const even = (step * (b - step) * x) / ((a + 2 * step - 1) * (a + 2 * step))
    d = 1 / notZero(1 + even * d)
    c = notZero(1 + even / c)
    fraction *= d * c
    const odd = (-(a + step) * (a + b + step) * x) / ((a + 2 * step) * (a + 2 * step + 1))
    d = 1 / notZero(1 + odd * d)
    c = notZero(1 + odd / c)
    fraction *= d * c
    if (Math.abs(d * c - 1) < PRECISION) break
  }
  return fraction
}

/** Stirling's series, after stepping up to where it is exact to 15 digits. */
function logGamma(value: number): number {
  let x = value
  let shift = 0
  for (; x < 15; x++) shift -= Math.log(x)
  const series = 1 / (12 * x) - 1 / (360 * x ** 3) + 1 / (1260 * x ** 5) - 1 / (1680 * x ** 7)
  return shift + (x - 0.5) * Math.log(x) - x + 0.5 * Math.log(2 * Math.PI) + series
}
