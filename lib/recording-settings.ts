// recording-settings.ts — what a recording is given: at its start, and when a profile of it is asked for. Types only.

import type { ProcessInfo, TimerName } from './profile.js'
import type { Tally } from './tally.js'

/** What does not change during a recording. */
export interface RecordingSettings {
  readonly timer: TimerName
  readonly periodMicros: number
  readonly startTimeMillis: number
  /** process.hrtime() at the start, as nanoseconds: the zero of `timeNanos`. */
  readonly startNanos: number
  readonly mainTid: number
  /** Where nativeprof's own scripts are, and the path of its addon. */
  readonly ownUrl: string
  readonly ownModule: string
  /** Module and symbol of each address, flat; see Binding. */
  readonly nativeSymbols: (addresses: Float64Array) => string[]
  /** See Binding. */
  readonly findCode: (address: number) => ArrayBuffer
  /** The text of a set of labels; see Binding. */
  readonly labelText: (number: number) => string
  readonly process: ProcessInfo
}

/** Which profile is asked for. */
export interface SnapshotChoices {
  /** Whether the profile lists the latest single samples; true by default. */
  readonly withSamples?: boolean
  /** Whose totals the profile has; those of the whole recording by default. */
  readonly window?: Tally | undefined
}

/** What is measured when a profile is asked for. */
export interface Measured extends SnapshotChoices {
  readonly durationNanos: number
  readonly cpuNanos: number
  readonly notes: readonly string[]
}
