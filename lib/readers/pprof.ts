// pprof.ts — the bytes of a pprof profile, without gzip → Profile. Ours, and those of Go, Datadog, Pyroscope, perf's converter,
// py-spy and others. Format: profile.proto, see formats/pprof.ts. Neighbours: pprof-tables.ts, pprof-comments.ts, wire-reader.ts.

import type { Profile } from '../profile.js'
import { unreadable } from './input-errors.js'
import { factsOfComments } from './pprof-comments.js'
import { readTables } from './pprof-tables.js'
import type { PprofTables } from './pprof-tables.js'
import { threadOfText } from './place-text.js'
import { ProfileDraft } from './profile-draft.js'
import { WireReader } from './wire-reader.js'

const NANOS_OF_UNIT: ReadonlyMap<string, number> = new Map([
  ['nanoseconds', 1],
  ['ns', 1],
  ['microseconds', 1e3],
  ['us', 1e3],
  ['milliseconds', 1e6],
  ['ms', 1e6],
  ['seconds', 1e9],
  ['s', 1e9],
])

/** Which of a sample's values are used. */
interface Values {
  /** Index of the count of ticks; -1 if there is none. */
  readonly count: number
  /** Index of the time; -1 if there is none. */
  readonly time: number
  /** Nanoseconds that 1 of the time is. */
  readonly nanos: number
  readonly isWall: boolean
}

/** Throws ERR_NATIVEPROF_INPUT for what is no whole pprof profile, or one of other things than time and ticks. */
export function readPprof(bytes: Uint8Array): Profile {
  const draft = new ProfileDraft()
  const tables = readTables(bytes, draft)
  const values = valuesOf(tables)
  const { period, periodType } = tables
  const nanosOfPeriod = period * (NANOS_OF_UNIT.get(periodType.unit) ?? 0)
  const notes: string[] = []
  // A profile of counts has no times unless it says what a count stands for.
  const nanosOfTick = values.time >= 0 || !(nanosOfPeriod > 0) ? 1 : nanosOfPeriod
  addSamples(bytes, draft, { tables, values, nanosOfTick, nanosOfPeriod })
  const hasTime = values.time >= 0 || nanosOfPeriod > 0
  if (values.count < 0 && !(nanosOfPeriod > 0))
    notes.push('the file does not say how many ticks there were: each of its samples counts as one')
  const said = factsOfComments(tables.comments)
  const profile = draft.finish({
    savedAs: { format: 'pprof', view: said.view, weightUnit: hasTime ? 'nanoseconds' : 'ticks' },
    ...(tables.timeNanos > 0 && { startTimeMillis: tables.timeNanos / 1e6 }),
    ...(tables.durationNanos > 0 && { durationNanos: tables.durationNanos }),
    ...(nanosOfPeriod > 0 && { periodMicros: nanosOfPeriod / 1000 }),
    timer: said.timer ?? (values.isWall ? 'wall' : 'process'),
    process: { ...(tables.program !== '' && { command: [tables.program] }), ...said.process },
    notes: [...said.notes, ...notes],
  })
  const weightScale = scaleOf(profile, nanosOfPeriod)
  // What the comments say is of the whole recording. Of a part of it, or of several in one file, it is not true.
  if (said.counters?.samples !== profile.counters.samples) return { ...profile, weightScale }
  return { ...profile, weightScale, counters: said.counters, ...said.numbers }
}

// What the ticks were multiplied by, with their period, to be the times; but for rounding, nothing.
function scaleOf({ totals }: Profile, nanosOfPeriod: number): number {
  let [ticks, nanos] = [0, 0]
  for (const total of totals) {
    ticks += total.ticks
    nanos += total.weightNanos
  }
  const scale = nanos / (ticks * nanosOfPeriod)
  return nanosOfPeriod > 0 && ticks > 0 && Math.abs(scale - 1) > 1e-6 ? scale : 1
}

function valuesOf({ sampleTypes, defaultSampleType }: PprofTables): Values {
  const count = sampleTypes.findIndex(
    ({ type, unit }) =>
      (unit === 'count' || unit === '') && /^(?:samples?|cpu_samples|count|events?)$/.test(type),
  )
  const isTime = (index: number): boolean => {
    const { type = '', unit = '' } = sampleTypes[index] ?? {}
    // Of Go's blocking and mutex profiles `delay` is a time, and its count is `contentions`: not what a CPU does.
    return NANOS_OF_UNIT.has(unit) && type !== 'delay'
  }
  const all = sampleTypes.map((_, index) => index).filter(isTime)
  const named = (name: string): number | undefined => all.find((index) => sampleTypes[index]?.type === name)
  const time = named(defaultSampleType || 'cpu') ?? named('cpu') ?? all[0] ?? -1
  if (count < 0 && time < 0) {
    const held = sampleTypes.map(({ type, unit }) => `${type}/${unit}`).join(', ')
    throw unreadable(
      `this pprof profile is not of CPU time but of ${held}; nativeprof reads samples/count and times`,
    )
  }
  const { type = '', unit = '' } = sampleTypes[time] ?? {}
  return { count, time, nanos: NANOS_OF_UNIT.get(unit) ?? 1, isWall: type === 'wall' || type === 'time' }
}

interface SampleContext {
  readonly tables: PprofTables
  readonly values: Values
  readonly nanosOfTick: number
  readonly nanosOfPeriod: number
}

function addSamples(bytes: Uint8Array, draft: ProfileDraft, context: SampleContext): void {
  const { tables, values, nanosOfTick, nanosOfPeriod } = context
  const labels = new LabelReader(bytes, draft, tables)
  const locationIds: number[] = []
  const numbers: number[] = []
  // The locations of the sample before, from the root, and the stack at each.
  const lastLocationIds: number[] = []
  const lastStackIds: number[] = []
  let lastDepth = 0
  const file = new WireReader(bytes)
  const sample = new WireReader(bytes)
  while (file.next()) {
    if (file.field !== 2) continue
    sample.reset(file.requireBytes().start, file.end)
    let [locations, count] = [0, 0]
    labels.clear()
    while (sample.next()) {
      if (sample.field === 1) locations = sample.numbersInto(locationIds, locations)
      else if (sample.field === 2) count = sample.numbersInto(numbers, count)
      else if (sample.field === 3) labels.read(sample.requireBytes().start, sample.end)
    }
    if (count !== tables.sampleTypes.length)
      throw unreadable(
        `this is no whole pprof profile: a sample has ${count} values for ${tables.sampleTypes.length} types`,
      )
    const time = values.time < 0 ? NaN : (numbers[values.time] as number) * values.nanos
    const ticks = values.count < 0 ? ticksOf(time, nanosOfPeriod) : (numbers[values.count] as number)
    const weightNanos = values.time < 0 ? ticks * nanosOfTick : time
    if (ticks < 0 || weightNanos < 0)
      throw unreadable(
        'this pprof profile has negative values: it is a difference of two profiles, not a profile',
      )
    if (ticks === 0 && weightNanos === 0) continue
    let stackId = -1
    let depth = 0
    // Most samples share the greater part of their stack with the one before.
    for (; depth < locations && depth < lastDepth; depth++) {
      if (lastLocationIds[depth] !== locationIds[locations - 1 - depth]) break
      stackId = lastStackIds[depth] as number
    }
    for (; depth < locations; depth++) {
      const locationId = locationIds[locations - 1 - depth] as number
      const frameIds = tables.framesOfLocation(locationId)
      if (frameIds === undefined)
        throw unreadable(`this is no whole pprof profile: it has no location ${locationId}`)
      for (const frameId of frameIds) stackId = draft.push(stackId, frameId)
      lastLocationIds[depth] = locationId
      lastStackIds[depth] = stackId
    }
    lastDepth = locations
    if (stackId < 0) stackId = draft.push(-1, draft.frame(NO_FRAMES))
    const { threadId, labelsId } = labels.ids()
    draft.add({ stackId, threadId, labelsId, ticks, weightNanos })
  }
}

const NO_FRAMES = { name: '(no frames)', url: '', kind: 'pseudo', line: 0, column: 0 } as const

// At least one, for the sample is there.
function ticksOf(nanos: number, nanosOfPeriod: number): number {
  if (nanos === 0) return 0
  return nanosOfPeriod > 0 ? Math.max(1, Math.round(nanos / nanosOfPeriod)) : 1
}

/** The labels of one sample after another. Equal bytes of labels were read before, and have the same ids. */
class LabelReader {
  readonly #draft: ProfileDraft
  readonly #tables: PprofTables
  readonly #reader: WireReader
  readonly #known = new Map<string, { readonly threadId: number; readonly labelsId: number }>()
  #key = ''
  #fields: number[] = []

  constructor(bytes: Uint8Array, draft: ProfileDraft, tables: PprofTables) {
    this.#draft = draft
    this.#tables = tables
    this.#reader = new WireReader(bytes)
  }

  clear(): void {
    this.#key = ''
    this.#fields.length = 0
  }

  read(start: number, end: number): void {
    const reader = this.#reader.reset(start, end)
    let [key, string, number, unit] = [0, 0, 0, 0]
    while (reader.next()) {
      if (reader.field === 1) key = reader.number
      else if (reader.field === 2) string = reader.number
      else if (reader.field === 3) number = reader.number
      else if (reader.field === 4) unit = reader.number
    }
    this.#fields.push(key, string, number, unit)
    this.#key += `${key} ${string} ${number} ${unit};`
  }

  ids(): { readonly threadId: number; readonly labelsId: number } {
    let ids = this.#known.get(this.#key)
    if (ids === undefined) this.#known.set(this.#key, (ids = this.#make()))
    return ids
  }

  #make(): { readonly threadId: number; readonly labelsId: number } {
    const { string } = this.#tables
    const pairs: (readonly [string, string])[] = []
    let [thread, tid] = ['', '']
    for (let at = 0; at < this.#fields.length; at += 4) {
      const [key = 0, text = 0, number = 0, unit = 0] = this.#fields.slice(at, at + 4)
      const name = string(key)
      const value = text === 0 && number !== 0 ? `${number} ${string(unit)}`.trim() : string(text)
      // As ours and Datadog's call them.
      if (/^thread(?:[ _]name)?$/i.test(name) && thread === '') thread = value
      else if (/^thread[ _]id$/i.test(name) && tid === '') tid = value
      else pairs.push([name, value])
    }
    const number = Number(tid)
    const threadId = this.#draft.thread(
      thread === '' && tid === ''
        ? { kind: 'main', name: '', tid: 0 }
        : threadOfText(thread || `thread ${tid}`, Number.isSafeInteger(number) ? number : 0),
    )
    return { threadId, labelsId: this.#draft.labels(pairs) }
  }
}
