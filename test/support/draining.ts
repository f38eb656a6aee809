// draining.ts — a Recording that is fed drains made by hand.

import type { Drained, ThreadNews } from '#lib/binding.js'
import { framesRootFirst, functionOf } from '#lib/profile.js'
import type { Profile } from '#lib/profile.js'
import { Recording } from '#lib/recording.js'
import { sampleRecord } from './raw-bytes.js'
import type { SampleFields } from './raw-bytes.js'
import { CODE, CODE_BYTES, OWN_MODULE, OWN_URL, add, fn, symbolsOf } from './symbolizing.js'

export const PERIOD_MICROS = 10_000
export const PERIOD_NANOS = PERIOD_MICROS * 1000
export const START_NANOS = 5_000_000_000
export const MAIN_TID = 100
const COUNTERS = {
  ticks: 0,
  samples: 0,
  dropped: 0,
  notWalkable: 0,
  truncated: 0,
  walkedByV8: 0,
  forwarded: 0,
  handlerNanos: 0,
  codeEventNanos: 0,
  scannerNanos: 0,
  listeningNanos: 0,
  refusedThreads: 0,
}

/** A recording, and the profile of it at any time. */
export function record(labelText: (number: number) => string = () => '') {
  const recording = new Recording({
    timer: 'process',
    periodMicros: PERIOD_MICROS,
    startTimeMillis: 1_700_000_000_000,
    startNanos: START_NANOS,
    mainTid: MAIN_TID,
    ownUrl: OWN_URL,
    ownModule: OWN_MODULE,
    nativeSymbols: symbolsOf,
    findCode: () => new ArrayBuffer(0),
    labelText,
    process: { pid: 100, command: [], nodeVersion: '', v8Version: '', platform: 'linux', arch: 'x64' },
  })
  /** With as much CPU time as there were ticks. */
  const profile = (): Profile => {
    const { ticks } = recording.toProfile({ durationNanos: 1, cpuNanos: 0, notes: [] }).counters
    return recording.toProfile({ durationNanos: 1e9, cpuNanos: ticks * PERIOD_NANOS, notes: [] })
  }
  return { recording, profile }
}

export interface DrainFields {
  readonly threads?: readonly ThreadNews[]
  readonly records?: readonly Buffer[]
  readonly counters?: Partial<typeof COUNTERS>
  readonly consistent?: boolean
}

/** What a drain gives. */
export function drained({
  threads = [],
  records = [],
  counters = {},
  consistent = false,
}: DrainFields): Drained {
  return {
    threads,
    records: arrayBufferOf(...records),
    counters: { ...COUNTERS, ...counters },
    timer: 'process',
    whyMoved: '',
    whyNotMoved: '',
    whyOwnSignal: '',
    timesTakenBack: 0,
    tables: 'none',
    whyNoTables: '',
    consistent,
  }
}

/** A sample of the main thread in `main`, unless its fields say otherwise. */
export function sample(fields: SampleFields): Buffer {
  return sampleRecord({
    tid: BigInt(MAIN_TID),
    threadNumber: 1n,
    sequence: 10n,
    addresses: [BigInt(CODE + 50)],
    ...fields,
  })
}

/** The main thread, with `main` and `work`. */
export function main(): ThreadNews {
  return worker({
    number: 1,
    tid: MAIN_TID,
    workerId: 0,
    name: '',
    codeEvents: arrayBufferOf(add(1, 0, fn('main')), add(2, 100, fn('work'))),
  })
}

/** A thread without code, unless its fields say otherwise. */
export function worker(
  fields: Pick<ThreadNews, 'number' | 'tid' | 'workerId' | 'name'> & Partial<ThreadNews>,
): ThreadNews {
  return {
    codeRanges: Float64Array.of(CODE, CODE_BYTES),
    unknownLayout: '',
    codeEvents: new ArrayBuffer(0),
    hasEnded: false,
    ...fields,
  }
}

/** The code events of a thread that has this function at CODE. */
export function code(name: string): ArrayBuffer {
  return arrayBufferOf(add(1, 0, name))
}

// As the addon hands them over.
function arrayBufferOf(...parts: readonly Buffer[]): ArrayBuffer {
  return Uint8Array.from(Buffer.concat(parts)).buffer
}

/** Every total: thread, stack, ticks; sorted. */
export function textsOf(profile: Profile): string[] {
  return profile.totals
    .map(({ threadId, stackId, ticks }) => {
      return `${profile.threads[threadId]?.name ?? '?'}: ${namesOf(profile, stackId)} ${ticks}`
    })
    .sort()
}

/** The names of a stack, root-first. */
export function namesOf(profile: Profile, stackId: number): string {
  return framesRootFirst(profile, stackId)
    .map((frame) => functionOf(profile, frame).name)
    .join(';')
}
