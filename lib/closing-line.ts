// closing-line.ts — what a recording comes to, in a line for a person at a terminal. Pure.

import { printable } from './labels.js'
import type { Profile } from './profile.js'

/** A program that used less than this share of one core mostly waited. */
const MOSTLY_WAITED = 0.2

/** `nativeprof: 2.31 s CPU in 2.50 s …`, then the profile's notes and remarks, a line each, each ended by a line feed. */
export function closingLines(profile: Profile, file: string | null): string {
  const { counters, cpuNanos, sampledNanos, durationNanos, periodMicros } = profile
  const lines = [
    `${seconds(cpuNanos)} CPU in ${seconds(durationNanos)}; ` +
      `${counters.ticks} ticks = ${counters.samples} samples + ${counters.dropped} dropped + ` +
      `${counters.notWalkable} not walkable; ` +
      `asked ${rate(1e6 / periodMicros)} Hz, got ${rate((counters.ticks * 1e9) / sampledNanos)}` +
      (file === null ? '' : `; ${file}`),
    ...profile.notes,
  ]
  const isShort = durationNanos < 1e9
  if (counters.ticks === 0) {
    lines.push('there was no CPU to sample: the program used less than one period of CPU time')
  } else if (profile.timer !== 'wall' && !isShort && cpuNanos < durationNanos * MOSTLY_WAITED) {
    lines.push('the program mostly waited; a CPU profile says nothing of what it waited for')
  }
  // Notes name files of the program, which may be called anything.
  return lines.map((line) => `nativeprof: ${printable(line)}\n`).join('')
}

function seconds(nanos: number): string {
  return `${(nanos / 1e9).toFixed(2)} s`
}

function rate(hz: number): string {
  return Number.isFinite(hz) ? hz.toFixed(1).replace(/\.0$/, '') : '0'
}
