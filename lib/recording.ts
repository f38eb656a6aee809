// recording.ts — adds up samples as they are drained, and makes a Profile of them at any time.
//
// The totals are complete and grow with the number of distinct stacks. The list of single samples is bounded: it keeps
// the latest ones.

import assert from 'node:assert'
import type { Drained, ThreadNews, TickOwnership } from './binding.js'
import { accuracyOf } from './accuracy.js'
import { NativeFrames } from './native-frames.js'
import { NativeSymbolizer } from './native-symbolizer.js'
import type { Cost, Counters, Profile, Sample, TimerName } from './profile.js'
import { LabelTable } from './label-table.js'
import { notesOf } from './recording-notes.js'
import type { Measured, RecordingSettings } from './recording-settings.js'
import { decodeRecords } from './records.js'
import type { RawRecord, RawSample } from './records.js'
import { StackTable } from './stack-table.js'
import { Tally, keyOfPlace } from './tally.js'
import type { Place } from './tally.js'
import { ThreadTable } from './thread-table.js'
import { Symbolizer } from './symbolize.js'

/** How many single samples a profile holds: 21 minutes of one busy thread at 100 Hz. */
export const MAX_SAMPLES = 131_072

/** A thread that runs JavaScript. */
interface ScriptThread {
  readonly symbolizer: Symbolizer
  /** When it was heard that the thread has ended, on the clock of the samples; null while it lives. */
  endedNanos: number | null
}

interface StoredSample extends Place {
  readonly timeNanos: number
  readonly ticks: number
}

export class Recording {
  readonly #settings: RecordingSettings
  readonly #table = new StackTable()
  readonly #nativeFrames: NativeFrames
  readonly #nativeSymbolizer: NativeSymbolizer
  /** By the numbers that samples bear. */
  readonly #scriptThreads = new Map<number, ScriptThread>()
  readonly #threads: ThreadTable
  readonly #labels: LabelTable
  readonly #unknownLayouts = new Set<string>()
  #hasUnknownCode = false
  #hasLostCode = false
  #timer: TimerName
  #movedFrom: TimerName | null = null
  #ownership: TickOwnership = { whyMoved: '', whyNotMoved: '', whyOwnSignal: '', timesTakenBack: 0 }
  #whyNoTables = ''
  #listeningNanos = 0
  #refusedThreads = 0
  /** What is added to from now on, beside the whole: windows that are open. */
  readonly windows: Set<Tally> = new Set()
  readonly #whole = new Tally()
  /** The last place of each thread, by the kernel's id. */
  readonly #latest = new Map<number, Place>()
  #samples: StoredSample[] = []
  #oldest = 0
  #samplesSeen = 0
  #cost: Cost = { handlerNanos: 0, codeEventNanos: 0, scannerNanos: 0, drainNanos: 0 }
  #counters: Counters = {
    ticks: 0,
    samples: 0,
    dropped: 0,
    notWalkable: 0,
    truncated: 0,
    walkedByV8: 0,
    forwarded: 0,
  }

  constructor(settings: RecordingSettings) {
    this.#settings = settings
    this.#nativeFrames = new NativeFrames(this.#table, settings.nativeSymbols)
    this.#nativeSymbolizer = new NativeSymbolizer({
      table: this.#table,
      nativeFrames: this.#nativeFrames,
      ownModule: settings.ownModule,
    })
    this.#threads = new ThreadTable(settings.mainTid)
    this.#labels = new LabelTable(settings.labelText)
    this.#timer = settings.timer
  }

  /** Adds what a drain took out of the addon. */
  add(drained: Drained): void {
    const before = process.hrtime()
    for (const thread of drained.threads) this.#hear(thread)
    for (const { symbolizer } of this.#scriptThreads.values()) symbolizer.tables = drained.tables
    this.#whyNoTables = drained.whyNoTables
    const records = decodeRecords(Buffer.from(drained.records))
    this.#nativeFrames.prepare(nativeAddressesOf(records))
    for (const record of records) {
      // Overflows are in the counters; their place in the stream matters to no view yet.
      if (record.kind === 'sample') this.#addSample(record)
      if (record.kind === 'thread') this.#threads.nameOther(record.tid, record.name)
    }
    this.#forgetEnded(drained.consistent ? Infinity : lastNanosOf(records) - SURELY_READ_NANOS)
    if (drained.timer !== this.#timer) this.#movedFrom = this.#timer
    this.#timer = drained.timer
    const { whyMoved, whyNotMoved, whyOwnSignal, timesTakenBack } = drained
    this.#ownership = { whyMoved, whyNotMoved, whyOwnSignal, timesTakenBack }
    const { handlerNanos, codeEventNanos, scannerNanos, listeningNanos, refusedThreads, ...counters } =
      drained.counters
    this.#counters = counters
    this.#listeningNanos = listeningNanos
    this.#refusedThreads = refusedThreads
    const [seconds, nanos] = process.hrtime(before)
    const drainNanos = this.#cost.drainNanos + seconds * 1e9 + nanos
    this.#cost = { handlerNanos, codeEventNanos, scannerNanos, drainNanos }
  }

  /** Everything so far, or with the totals of a window instead. What it returns does not change any more. */
  toProfile({ durationNanos, cpuNanos, notes, withSamples = true, window }: Measured): Profile {
    const { periodMicros, startTimeMillis, process } = this.#settings
    const counters = this.#counters
    const periodNanos = periodMicros * 1000
    const sampledNanos = this.#timer === 'wall' ? this.#listeningNanos : cpuNanos
    const { coverage, weightScale, note } = accuracyOf({
      counters,
      periodMicros,
      timer: this.#timer,
      hasMoved: this.#movedFrom !== null,
      hadRival: hadRival(this.#ownership),
      sampledNanos,
      cores: cpuNanos / durationNanos,
    })
    const weigh = (ticks: number): number => Math.round(ticks * periodNanos * weightScale)
    const samples: Sample[] = []
    for (let i = 0; withSamples && i < this.#samples.length; i++) {
      const stored = this.#samples[(this.#oldest + i) % this.#samples.length] as StoredSample
      samples.push({ ...stored, weightNanos: weigh(stored.ticks) })
    }
    return {
      startTimeMillis,
      durationNanos,
      cpuNanos,
      sampledNanos,
      periodMicros,
      timer: this.#timer,
      counters,
      cost: this.#cost,
      coverage,
      weightScale,
      scripts: this.#table.scripts.slice(),
      functions: this.#table.functions.slice(),
      frames: this.#table.frames.slice(),
      stacks: this.#table.stacks.slice(),
      threads: this.#threads.threads.slice(),
      labelSets: this.#labels.sets.slice(),
      totals: (window ?? this.#whole).totals(weigh),
      samples,
      samplesForgotten: this.#samplesSeen - samples.length,
      process,
      notes: [
        ...notes,
        ...(note === null ? [] : [note]),
        ...notesOf({
          hasMoved: this.#movedFrom !== null,
          timer: this.#timer,
          ownership: this.#ownership,
          refusedThreads: this.#refusedThreads,
          dropped: counters.dropped,
          hasUnknownCode: this.#hasUnknownCode,
          hasLostCode: this.#hasLostCode,
          isFull: this.#table.isFull,
          whyNoTables: this.#whyNoTables,
          unknownLayouts: this.#unknownLayouts,
          labelLosses: this.#labels.losses,
        }),
      ],
    }
  }

  #hear(news: ThreadNews): void {
    let thread = this.#scriptThreads.get(news.number)
    if (thread === undefined) {
      const { ownUrl, ownModule } = this.#settings
      if (news.workerId !== 0) this.#threads.nameWorker(news.tid, news.workerId, news.name)
      const symbolizer = new Symbolizer({
        table: this.#table,
        nativeFrames: this.#nativeFrames,
        ownUrl,
        ownModule,
        codeRanges: news.codeRanges,
        // Only the thread that asks can be looked into.
        findCode: news.workerId === 0 ? this.#settings.findCode : () => new ArrayBuffer(0),
      })
      thread = { symbolizer, endedNanos: null }
      this.#scriptThreads.set(news.number, thread)
    }
    if (news.unknownLayout !== '') this.#unknownLayouts.add(news.unknownLayout)
    thread.symbolizer.addCodeEvents(Buffer.from(news.codeEvents))
    if (news.hasEnded) thread.endedNanos ??= Number(process.hrtime.bigint())
  }

  // When no sample of theirs can come any more, for what is known of their code takes megabytes.
  #forgetEnded(beforeNanos: number): void {
    for (const [number, { endedNanos }] of this.#scriptThreads) {
      if (endedNanos !== null && endedNanos < beforeNanos) this.#scriptThreads.delete(number)
    }
  }

  #placeOf(raw: RawSample): Place {
    const { tid, addresses } = raw
    const known = addresses.length === 0 ? this.#latest.get(tid) : undefined
    if (known !== undefined) return known
    const place = this.#findPlaceOf(raw)
    if (this.#latest.size >= MAX_LATEST) this.#latest.clear()
    this.#latest.set(tid, place)
    return place
  }

  #findPlaceOf(raw: RawSample): Place {
    const threadId = this.#threads.idOf(raw.tid)
    if (raw.threadNumber === 0) {
      return { threadId, stackId: this.#nativeSymbolizer.stackOf(raw), labelsId: 0 }
    }
    const thread = this.#scriptThreads.get(raw.threadNumber)
    assert(thread !== undefined, `thread ${raw.threadNumber} has not been announced`)
    const stackId = thread.symbolizer.stackOf(raw)
    this.#hasUnknownCode ||= thread.symbolizer.unknownAddresses > 0
    this.#hasLostCode ||= thread.symbolizer.hasLost
    return { stackId, threadId, labelsId: this.#labels.idOf(raw.labelNumber) }
  }

  #addSample(raw: RawSample): void {
    const place = this.#placeOf(raw)
    const { stackId, threadId, labelsId } = place
    const timeNanos = Math.max(0, raw.timeNanos - this.#settings.startNanos)
    const sample: StoredSample = { stackId, threadId, labelsId, timeNanos, ticks: raw.ticks }
    this.#samplesSeen++
    if (this.#samples.length < MAX_SAMPLES) {
      this.#samples.push(sample)
    } else {
      this.#samples[this.#oldest] = sample
      this.#oldest = (this.#oldest + 1) % MAX_SAMPLES
    }
    const key = keyOfPlace(place)
    this.#whole.add(key, place, raw.ticks)
    for (const window of this.windows) window.add(key, place, raw.ticks)
  }
}

/** Threads whose last place is remembered, for a tick that is due when sampling ends. */
const MAX_LATEST = 10_000

/** Records of several threads are not quite in order of time; a handler would have to be held up for this long. */
const SURELY_READ_NANOS = 1e9

/** The time of the last record; 0 if there is none. */
function lastNanosOf(records: readonly RawRecord[]): number {
  return records.at(-1)?.timeNanos ?? 0
}

// From the start on it has nothing to lose by one who was there before.
function hadRival({ whyMoved, whyOwnSignal, timesTakenBack }: TickOwnership): boolean {
  return timesTakenBack > 0 || (whyMoved !== '' && whyOwnSignal === '')
}

// Into one list: a generator's turn for each of thousands of frames costs more than the look-up. Without the callers that a sample has
// in common with the one before it, which are most.
function nativeAddressesOf(records: readonly RawRecord[]): number[] {
  const addresses: number[] = []
  let before: Float64Array = new Float64Array(0)
  for (const record of records) {
    if (record.kind !== 'sample') continue
    const frames = record.addresses
    const shift = before.length - frames.length
    let end = frames.length
    while (end > 1 && end + shift > 1 && frames[end - 1] === before[end - 1 + shift]) end--
    before = frames
    for (let i = 0; i < end; i++) {
      const address = frames[i] as number
      if (address < 0) addresses.push(-address - (i === 0 ? 0 : 1))
    }
  }
  return addresses
}
