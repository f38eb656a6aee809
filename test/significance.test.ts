// The statistics of a comparison, held against sums that are exact, and against what chance does in many comparisons.

import t from 'tap'
import { holm, incompleteBeta, pValueOf, standardErrorsOf } from '#lib/diff/significance.js'
import { randomBelow } from './support/random.js'

const EVEN = { beforeTickNanos: 1e7, afterTickNanos: 1e7 }

t.test('the exact test is the sum of the binomial tail', async (t) => {
  for (const [before, after] of [
    [0, 9],
    [3, 12],
    [20, 20],
    [500, 430],
    [7, 0],
  ] as const) {
    const n = before + after
    const tail = (from: number, to: number): number => {
      let sum = 0
      for (let k = from; k <= to; k++) sum += Math.exp(logChoose(n, k) - n * Math.LN2)
      return sum
    }
    const exact = Math.min(1, 2 * Math.min(tail(after, n), tail(0, after)))
    t.ok(
      Math.abs(pValueOf({ beforeTicks: before, afterTicks: after, ...EVEN }) - exact) < 1e-9,
      `${before} ${after}`,
    )
  }
})

t.test('where ticks stand for different times, equal times are no difference', async (t) => {
  const counts = { beforeTicks: 1000, afterTicks: 100, beforeTickNanos: 1e6, afterTickNanos: 1e7 }
  t.equal(standardErrorsOf(counts), 0)
  t.ok(pValueOf(counts) > 0.9)
  t.ok(pValueOf({ ...counts, afterTicks: 200 }) < 1e-9)
})

t.test('nothing compared with nothing is no difference', async (t) => {
  t.equal(standardErrorsOf({ beforeTicks: 0, afterTicks: 0, ...EVEN }), 0)
  t.equal(pValueOf({ beforeTicks: 0, afterTicks: 0, ...EVEN }), 1)
})

t.test('billions of ticks are no trouble', async (t) => {
  t.ok(pValueOf({ beforeTicks: 1e9, afterTicks: 1e9, ...EVEN }) > 0.99)
  t.ok(pValueOf({ beforeTicks: 1e9, afterTicks: 1.001e9, ...EVEN }) < 1e-50)
  t.equal(incompleteBeta(2, 3, 0), 0)
  t.equal(incompleteBeta(2, 3, 1), 1)
})

t.test('Holm corrects for the number of comparisons, in the order given', async (t) => {
  t.strictSame(
    holm([0.04, 0.01, 0.03]).map((p) => Number(p.toFixed(6))),
    [0.06, 0.03, 0.06],
  )
  t.strictSame(holm([]), [])
  t.strictSame(holm([0.9, 0.8]), [1, 1])
})

t.test('of comparisons in which nothing changed, few have a false alarm', async (t) => {
  const below = randomBelow(1)
  const random = (): number => below(2 ** 30) / 2 ** 30
  const comparisons = 400
  let alarms = 0
  for (let round = 0; round < comparisons; round++) {
    const pValues = [400, 100, 50, 20, 5].map((mean) =>
      pValueOf({ beforeTicks: poisson(random, mean), afterTicks: poisson(random, mean), ...EVEN }),
    )
    if (holm(pValues).some((p) => p < 0.05)) alarms++
  }
  // 5 % of 400 are 20 ± 4.4, at most: the exact test errs on the side of silence.
  t.ok(alarms <= 20 + 4 * 4.4, `${alarms} alarms`)
})

function logChoose(n: number, k: number): number {
  let log = 0
  for (let i = 1; i <= k; i++) log += Math.log((n - k + i) / i)
  return log
}

/** Knuth's method: fine for means of some hundreds. */
function poisson(random: () => number, mean: number): number {
  let count = 0
  for (let sum = -Math.log(1 - random()); sum < mean; sum -= Math.log(1 - random())) count++
  return count
}
