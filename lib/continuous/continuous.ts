// continuous.ts — always on: one window after the other, each given to every sink. What a sink does with it, and what is lost
// there, is in delivery.ts. Windows have no gap between them: together they are the whole.

import { inspect } from 'node:util'
import { loadBinding } from '../binding.js'
import { NativeprofError } from '../errors.js'
import type { SamplerOptions } from '../options.js'
import type { Profile } from '../profile.js'
import { onProcessEnd } from '../process-end.js'
import { WindowSource } from '../windows.js'
import { Delivery } from './delivery.js'
import type { DeliveryCounts } from './delivery.js'
import { windowOf } from './sink.js'
import type { Sink } from './sink.js'

/** Choices for {@link startContinuous}; those of a sampler beside it. */
export interface ContinuousOptions extends SamplerOptions {
  /** How long a window is, milliseconds, 100 to 3,600,000. Default 10,000. While the event loop is blocked it grows. */
  readonly windowMs?: number
  /** Where windows go: `pyroscope({ … })`, `directory({ … })`. */
  readonly sinks: readonly Sink[]
}

/** What has become of the windows so far. */
export interface ContinuousCounts {
  /** Windows that have ended. */
  readonly windows: number
  /** Those of them without a tick: nothing is sent of them. */
  readonly empty: number
  /** Ticks of all of them. */
  readonly ticks: number
  /** Why the last attempt to make a window failed; '' if none did. What was in it is in the next. */
  readonly problem: string
  /** By sink, in the order given. */
  readonly sinks: readonly DeliveryCounts[]
}

/** Continuous profiling that goes on. */
export interface Continuous {
  readonly running: boolean
  counts(): ContinuousCounts
  /**
   * Ends it: the last window is made, and what waits is delivered, for at most `millis` (5,000 by default). What is not by then
   * is counted as lost.
   */
  stop(millis?: number): Promise<ContinuousCounts>
}

const FINISH_MILLIS = 5000

/**
 * Samples the process from now on, and gives a profile of each window to the sinks. Timers and connections keep no process
 * alive. However the process ends, what there is by then is delivered first; a server that does not answer holds that up for
 * 4 seconds at most. One recording that runs is shared, whatever its settings, unless there are options for a sampler.
 * Throws ERR_NATIVEPROF_INVALID_ARGUMENT for bad options, and whatever `startSampler()` throws.
 */
export function startContinuous(options: ContinuousOptions): Continuous {
  const { windowMs, sinks, ...samplerOptions } = checked(options)
  const source = new WindowSource(samplerOptions)
  const windows = source.open()
  const deliveries = sinks.map((sink) => new Delivery(sink))
  let isRunning = true
  let made = 0
  let empty = 0
  let ticks = 0
  let problem = ''

  const take = (): void => {
    let profile: Profile
    try {
      profile = windows.next()
    } catch (error) {
      // From a timer it would end the program.
      problem = error instanceof Error ? error.message : String(error)
      return
    }
    made++
    ticks += profile.counters.ticks
    if (profile.totals.length === 0) {
      empty++
      return
    }
    const window = windowOf(profile)
    for (const delivery of deliveries) delivery.add(window)
  }
  const end = (): void => {
    isRunning = false
    clearInterval(timer)
    take()
    windows.close()
    source.close()
  }
  const timer = setInterval(take, windowMs).unref()
  onProcessEnd(loadBinding(), () => {
    for (const delivery of deliveries) delivery.hold()
    if (isRunning) end()
    for (const delivery of deliveries) delivery.finishAtExit()
  })

  const counts = (): ContinuousCounts => ({
    windows: made,
    empty,
    ticks,
    problem,
    sinks: deliveries.map((delivery) => delivery.counts),
  })
  return {
    get running() {
      return isRunning
    },
    counts,
    async stop(millis = FINISH_MILLIS) {
      if (isRunning) end()
      await Promise.all(deliveries.map((delivery) => delivery.finish(millis)))
      return counts()
    },
  }
}

function checked(options: unknown): ContinuousOptions & { windowMs: number } {
  if (typeof options !== 'object' || options === null)
    throw invalid(`it takes an object of options, not ${inspect(options)}`)
  const { windowMs = 10_000, sinks, ...rest } = options as Partial<ContinuousOptions>
  if (typeof windowMs !== 'number' || !(windowMs >= 100 && windowMs <= 3_600_000))
    throw invalid(`windowMs must be a number from 100 to 3600000, not ${inspect(windowMs)}`)
  if (!Array.isArray(sinks) || sinks.length === 0 || !sinks.every(isSink))
    throw invalid(`sinks must be a list of what pyroscope() and directory() return, not ${inspect(sinks)}`)
  return { ...rest, windowMs, sinks: sinks as readonly Sink[] }
}

function isSink(sink: unknown): boolean {
  return typeof sink === 'object' && sink !== null && 'pack' in sink && 'deliver' in sink
}

function invalid(message: string): NativeprofError {
  return new NativeprofError('ERR_NATIVEPROF_INVALID_ARGUMENT', `startContinuous(): ${message}`)
}
