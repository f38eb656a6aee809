// accuracy.ts — how far the ticks agree with the clock, and what is done where they do not. Pure.

import type { Counters, TimerName } from './profile.js'

/** When ticks and measured time differ by more than this share, weights are scaled to the measured time. */
const EXACT_WITHIN = 0.02
/** The timer and the clock are read at different moments, and the kernel looks at the timer on its own tick. */
const TICKS_OF_SLACK = 5

/** Linux looks at the timer 250 times a second on most machines, nowhere less than 100. */
const KERNEL_TICK_MICROS = 4000

const SEVERAL_CORES = 1.1

export interface TickTotals {
  readonly counters: Counters
  readonly periodMicros: number
  readonly timer: TimerName
  /** Timers of threads took over in the midst of the recording. */
  readonly hasMoved: boolean
  /** Somebody else had the signal or the timer for a part of it. */
  readonly hadRival: boolean
  /** The time that the ticks should stand for, nanoseconds. */
  readonly sampledNanos: number
  /** How many cores were busy, on average. */
  readonly cores: number
}

export interface Accuracy {
  /** ticks × period / sampledNanos; NaN where there was no such time. */
  readonly coverage: number
  /** What to multiply every weight by. */
  readonly weightScale: number
  /** A sentence for the reader where the scale is not 1; else null. */
  readonly note: string | null
}

/** Holds ticks against the clock. */
export function accuracyOf(totals: TickTotals): Accuracy {
  const { counters, periodMicros, sampledNanos } = totals
  const periodNanos = periodMicros * 1000
  const tickNanos = counters.ticks * periodNanos
  const coverage = sampledNanos > 0 ? tickNanos / sampledNanos : NaN
  const difference = Math.abs(sampledNanos - tickNanos)
  const isExact = difference <= EXACT_WITHIN * sampledNanos || difference <= TICKS_OF_SLACK * periodNanos
  const weightScale = isExact || counters.ticks === 0 ? 1 : sampledNanos / tickNanos
  if (weightScale === 1) return { coverage, weightScale, note: null }
  const time = totals.timer === 'wall' ? 'wall time of the threads' : 'CPU time'
  const note =
    `${(coverage * 100).toFixed(1)} % of the ticks came that the ${time} called for (${whyInexact(totals, coverage)}); ` +
    `weights are scaled by ${weightScale.toFixed(3)}`
  return { coverage, weightScale, note }
}

function whyInexact(
  { timer, hasMoved, hadRival, periodMicros, cores }: TickTotals,
  coverage: number,
): string {
  if (timer === 'wall') return 'threads came or went, or the machine was asleep'
  if (hadRival) return 'another profiler had the signal or the timer for a while'
  if (hasMoved) return 'several threads were busy before timers of threads took over'
  if (timer !== 'process') return 'threads were too short-lived to be given a timer in time'
  if (coverage < 1 && periodMicros < KERNEL_TICK_MICROS) return "the rate is above the kernel's own tick"
  if (coverage < 1 && cores > SEVERAL_CORES) return 'several threads were busy at once'
  return 'the kernel counts CPU time by its own tick, which is coarse on a busy machine'
}
