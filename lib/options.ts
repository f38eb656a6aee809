// options.ts — what a user may ask of a sampler, checked. Every refusal names the option, the value and what is allowed.

import { inspect } from 'node:util'
import { NativeprofError } from './errors.js'
import type { TimerName } from './profile.js'
import { DEFAULT_TIMER, MAX_HZ, timerNamed } from './timers.js'

export interface SamplerOptions {
  /**
   * Samples per second of CPU time, 1 to 1000, with the perf timer to 10,000. Default 100. Above the kernel's own tick
   * (often 250) some merge, except with the perf timer.
   */
  readonly hz?: number
  /** How many frames of a stack are kept, three quarters from the leaf, the rest from the root, 16 to 1024. Default 256. */
  readonly maxDepth?: number
  /**
   * Size of the buffer between the signal handler and the event loop, in bytes, 64 KiB to 1 GiB. The default of 8 MiB
   * holds 95 s of 100 frames at 100 Hz while the loop is blocked; above 1000 Hz it grows with the rate. It is address
   * space: pages are used as they fill.
   */
  readonly bufferBytes?: number
  /** What makes the ticks. Default `process`; others are refused where they cannot be had. */
  readonly timer?: TimerName
}

export interface SamplerSettings extends Required<SamplerOptions> {
  /** Nobody named a timer, so a better one may take over. */
  readonly mayMoveTimer: boolean
}

interface Range {
  readonly fallback: number
  readonly min: number
  readonly max: number
}

const BUFFER_BYTES_PER_HZ = 8192

const RANGES: Readonly<Record<'hz' | 'maxDepth' | 'bufferBytes', Range>> = {
  hz: { fallback: 100, min: 1, max: MAX_HZ[DEFAULT_TIMER] },
  maxDepth: { fallback: 256, min: 16, max: 1024 },
  bufferBytes: { fallback: 8 * 2 ** 20, min: 64 * 2 ** 10, max: 2 ** 30 },
}

const NAMES: readonly string[] = [...Object.keys(RANGES), 'timer']

/** Fills in defaults. Throws ERR_NATIVEPROF_INVALID_ARGUMENT for a value out of range, and for an unknown option. */
export function checkOptions(given: unknown): SamplerSettings {
  if (typeof given !== 'object' || given === null) {
    throw invalid(`startSampler() takes an object of options, not ${inspect(given)}`)
  }
  const options: Partial<Record<keyof SamplerOptions, unknown>> = given
  for (const name of Object.keys(options)) {
    if (!NAMES.includes(name)) {
      throw invalid(`there is no option ${inspect(name)}; there are ${NAMES.join(', ')}`)
    }
  }
  const timer = options.timer === undefined ? DEFAULT_TIMER : timerNamed('timer', options.timer)
  const hz = checkHz(options.hz, timer)
  return {
    hz,
    maxDepth: checkInteger('maxDepth', options.maxDepth),
    bufferBytes: checkInteger('bufferBytes', options.bufferBytes ?? defaultBufferBytes(hz)),
    timer,
    mayMoveTimer: options.timer === undefined,
  }
}

/** Several busy threads at 10,000 Hz write 10 MB/s, and the main thread does not read at every moment. */
function defaultBufferBytes(hz: number): number {
  return Math.max(RANGES.bufferBytes.fallback, Math.ceil(hz) * BUFFER_BYTES_PER_HZ)
}

function checkHz(value: unknown, timer: TimerName): number {
  const max = MAX_HZ[timer]
  if (typeof value === 'number' && value > max && value <= MAX_HZ.perf) {
    throw invalid(
      `hz must be a number from 1 to ${max}, not ${value}; with timer: 'perf' it may go up to ${MAX_HZ.perf}`,
    )
  }
  return checkNumber('hz', value, { ...RANGES.hz, max })
}

function checkNumber(name: keyof typeof RANGES, value: unknown, range: Range = RANGES[name]): number {
  const { fallback, min, max } = range
  if (value === undefined) return fallback
  if (typeof value !== 'number' || !(value >= min && value <= max)) {
    throw invalid(`${name} must be a number from ${min} to ${max}, not ${inspect(value)}`)
  }
  return value
}

function checkInteger(name: keyof typeof RANGES, value: unknown): number {
  const checked = checkNumber(name, value)
  if (!Number.isInteger(checked)) throw invalid(`${name} must be a whole number, not ${inspect(value)}`)
  return checked
}

function invalid(message: string): NativeprofError {
  return new NativeprofError('ERR_NATIVEPROF_INVALID_ARGUMENT', message)
}

/** The options that an environment asks for. */
export function samplerOptionsOf({
  hz,
  timer,
}: {
  readonly hz: number | undefined
  readonly timer: TimerName | undefined
}): SamplerOptions {
  return { ...(hz !== undefined && { hz }), ...(timer !== undefined && { timer }) }
}

/** Whether who asks for the one can share a recording with the other. */
export function isSameSettings(a: SamplerSettings, b: SamplerSettings): boolean {
  const { hz, maxDepth, bufferBytes, timer } = a
  return hz === b.hz && maxDepth === b.maxDepth && bufferBytes === b.bufferBytes && timer === b.timer
}

/** For a message. */
export function describeSettings({ hz, maxDepth, bufferBytes, timer }: SamplerSettings): string {
  return `hz ${hz}, maxDepth ${maxDepth}, bufferBytes ${bufferBytes}, timer ${timer}`
}
