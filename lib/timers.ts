// timers.ts — the timers by name: how fast each may tick, and which of them this build has. Pure.

import { inspect } from 'node:util'
import { NativeprofError } from './errors.js'
import type { TimerName } from './profile.js'

/** The timer where nobody names one: it needs no rights, and runs wherever nativeprof does. */
export const DEFAULT_TIMER: TimerName = 'process'

/**
 * The highest rate that may be asked of each, in ticks per second. The first two are looked at on the kernel's own tick,
 * 250 or at most 1000 times a second; the perf engine has timers of its own, which 10,000 ticks a second keep busy.
 */
export const MAX_HZ: Readonly<Record<TimerName, number>> = {
  process: 1000,
  thread: 1000,
  perf: 10_000,
  wall: 1000,
}

/**
 * Checks the name of a timer. `source` is the option or variable that it was given by. Throws
 * ERR_NATIVEPROF_INVALID_ARGUMENT, which lists the timers.
 */
export function timerNamed(source: string, name: unknown): TimerName {
  if (typeof name === 'string' && Object.hasOwn(MAX_HZ, name)) return name as TimerName
  const names = Object.keys(MAX_HZ).join(', ')
  throw new NativeprofError(
    'ERR_NATIVEPROF_INVALID_ARGUMENT',
    `${source} must be one of ${names}, not ${inspect(name)}`,
  )
}

/** What to say of a timer that cannot be had here: why, and what to use instead. */
export function whyNoTimer(timer: TimerName, reason: string): string {
  const instead = timer === 'perf' ? "timer: 'thread', up to 1000 Hz" : `timer: '${DEFAULT_TIMER}'`
  return `timer: '${timer}' is not available here: ${reason}; use ${instead}`
}
