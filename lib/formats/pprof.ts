// pprof.ts — the gzipped protocol buffer that `go tool pprof`, Pyroscope, Parca, Grafana and speedscope read.
// Format: https://github.com/google/pprof/blob/main/proto/profile.proto. Encoded by pprof-format, which has no dependencies
// and is what the Node.js profilers of Datadog and Grafana write with. Pure, but for the source maps that resolve.ts reads.
// Neighbours: pprof-comments.ts (what the format has no field for), read-pprof.ts (the way back).

import { gzipSync } from 'node:zlib'
import { Profile as Message, StringTable } from 'pprof-format'
import type { FunctionInput, LabelInput, LocationInput, MappingInput, SampleInput } from 'pprof-format'
import { internLabels, labelText, locationText } from '../labels.js'
import type { Label, LabelTable } from '../labels.js'
import { functionOf } from '../profile.js'
import type { Profile } from '../profile.js'
import { resolveSources } from '../sources/resolve.js'
import type { SourceOptions } from '../sources/resolve.js'
import { groupThreads } from '../thread-groups.js'
import { DEFAULT_THREADS } from '../threads.js'
import type { ThreadsName } from '../threads.js'
import { viewFor, viewLeft } from '../view.js'
import type { GranularityName, ViewName } from '../view.js'
import { commentsOf } from './pprof-comments.js'

/** Choices for {@link toPprof}. */
export interface PprofOptions extends SourceOptions {
  /** Which frames are in the file; `js` by default. A comment in the file names it. */
  readonly view?: ViewName
  /**
   * The file always has both the function and the line being executed (`go tool pprof -lines`). `line`: each line is a
   * function of its own besides, with that line as its start, for viewers that know of functions only.
   */
  readonly granularity?: GranularityName | undefined
  /**
   * What the labels `thread` and `thread_id` of a sample say. `split`: the thread. `auto`, the default: the thread, but for
   * threads without JavaScript those of one name and kind of work, together, without an id. `merged`: there are no such labels.
   */
  readonly threads?: ThreadsName
}

/**
 * A gzipped pprof profile. Each sample has its ticks (`samples/count`) and its time in nanoseconds (`cpu/nanoseconds`,
 * the default type; `time/nanoseconds` with the wall clock; none if what was read from a file has no times), and string labels: `thread`, `thread_id` and those of the
 * program. An inlined function is a location of its own, as every function is: speedscope shows one line per location.
 */
export function toPprof(recorded: Profile, options: PprofOptions = {}): Uint8Array {
  const profile = resolveSources(recorded, options)
  const view = viewFor(profile, options.view)
  const { threads = DEFAULT_THREADS } = options
  const strings = new StringTable()
  const text = (words: string): number => strings.dedup(words)
  const places = new Places(profile, internLabels(profile, view, options.granularity), text)
  const hasTimes = profile.savedAs?.weightUnit !== 'ticks'
  const sample = samplesOf(profile, { places, threads, hasTimes, text })
  const count = { type: text('samples'), unit: text('count') }
  const time = { type: text(profile.timer === 'wall' ? WALL_TYPE : 'cpu'), unit: text('nanoseconds') }
  const message = new Message({
    stringTable: strings,
    sampleType: hasTimes ? [count, time] : [count],
    sample,
    mapping: places.mappings,
    location: places.locations,
    function: places.functions,
    timeNanos: BigInt(whole(profile.startTimeMillis * 1000)) * 1000n,
    durationNanos: whole(profile.durationNanos),
    periodType: time,
    period: whole(profile.periodMicros * 1000),
    defaultSampleType: hasTimes ? time.type : count.type,
    comment: commentsOf(profile, viewLeft(profile, view)).map(text),
  })
  return gzipSync(message.encode())
}

/**
 * What wall time is called. Not `wall`: Pyroscope files every profile that has such a type under another name, whatever
 * else is in it. `time` is what fgprof, Go's profiler by the wall clock, calls it.
 */
const WALL_TYPE = 'time'

/** The tables of mappings, functions and locations, filled as they are asked for. Ids count from 1. */
class Places {
  readonly mappings: MappingInput[] = []
  readonly functions: FunctionInput[] = []
  readonly locations: LocationInput[] = []
  readonly #profile: Profile
  readonly #table: LabelTable
  readonly #text: (words: string) => number
  readonly #mappingIds = new Map<string, number>()
  readonly #functionIds: number[] = []
  readonly #locationIds = new Map<string, number>()

  constructor(profile: Profile, table: LabelTable, text: (words: string) => number) {
    this.#profile = profile
    this.#table = table
    this.#text = text
    // Readers take the first for the program.
    this.#mappingId(profile.process.command[0] ?? 'node')
  }

  /** The locations of a stack, the interrupted function first. Never empty. */
  locationIdsLeafFirst(stackId: number): number[] {
    const { labelIdOfStack, leafLabelIds } = this.#table
    const leafLabelId = leafLabelIds.get(stackId)
    const ids = leafLabelId === undefined ? [] : [this.#locationId(stackId, leafLabelId)]
    for (let id = stackId; id >= 0;) {
      const stack = this.#profile.stacks[id]
      const labelId = labelIdOfStack[id]
      if (!stack || labelId === undefined) throw new RangeError(`stack ${id} is not in this profile`)
      if (labelId >= 0) ids.push(this.#locationId(id, labelId))
      id = stack.parentId
    }
    return ids
  }

  #locationId(stackId: number, labelId: number): number {
    const frame = this.#profile.frames[this.#profile.stacks[stackId]?.frameId ?? -1]
    const label = this.#table.labels[labelId]
    if (!frame || !label) throw new RangeError(`stack ${stackId} is not in this profile`)
    // What stands for several frames, or for none, is at no line.
    const isItself = label.file !== ''
    const { url } = functionOf(this.#profile, frame)
    const mappingId = frame.kind === 'native' && isItself && url !== '' ? this.#mappingId(url) : 1
    const line = isItself ? frame.line : 0
    const column = isItself ? frame.column : 0
    const key = `${labelId} ${line} ${column} ${mappingId}`
    const known = this.#locationIds.get(key)
    if (known !== undefined) return known
    const id = this.locations.length + 1
    const functionId = this.#functionId(labelId, label)
    this.locations.push({ id, mappingId, line: [{ functionId, line, column }] })
    this.#locationIds.set(key, id)
    return id
  }

  #functionId(labelId: number, label: Label): number {
    const known = this.#functionIds[labelId]
    if (known !== undefined) return known
    const id = this.functions.length + 1
    this.functions.push({
      id,
      name: this.#text(nameOf(label)),
      systemName: this.#text(labelText(label)),
      filename: this.#text(label.file),
      startLine: label.line,
    })
    this.#functionIds[labelId] = id
    return id
  }

  // Symbolized, says each of them, so that no reader tries to do it again from the file.
  #mappingId(file: string): number {
    const known = this.#mappingIds.get(file)
    if (known !== undefined) return known
    const id = this.mappings.length + 1
    this.mappings.push({
      id,
      filename: this.#text(file),
      hasFunctions: true,
      hasFilenames: true,
      hasLineNumbers: true,
      hasInlineFrames: true,
    })
    this.#mappingIds.set(file, id)
    return id
  }
}

/**
 * `go tool pprof` takes functions of one name for one, so that all anonymous functions of a program would be one. These,
 * and others whose name is a word in parentheses, are told apart by where they are: `(anonymous app.js:3:9)`.
 */
function nameOf(label: Label): string {
  const word = /^\((.*)\)$/.exec(label.name)?.[1]
  if (word === undefined || label.line === 0) return label.name
  return `(${word} ${locationText({ ...label, file: label.file.slice(label.file.lastIndexOf('/') + 1) })})`
}

interface SampleChoices {
  readonly places: Places
  readonly threads: ThreadsName
  readonly hasTimes: boolean
  readonly text: (words: string) => number
}

// One for each distinct stack of locations and set of labels.
function samplesOf(profile: Profile, { places, threads, hasTimes, text }: SampleChoices): SampleInput[] {
  const threadLabels = threadLabelsOf(profile, threads)
  const samples = new Map<string, SampleInput & { ticks: number; nanos: number }>()
  const locationIdsOfStack = new Map<number, readonly number[]>()
  for (const { stackId, threadId, labelsId, ticks, weightNanos } of profile.totals) {
    const locationId = locationIdsOfStack.get(stackId) ?? places.locationIdsLeafFirst(stackId)
    locationIdsOfStack.set(stackId, locationId)
    const labels = [...(threadLabels[threadId] ?? []), ...Object.entries(profile.labelSets[labelsId] ?? {})]
    const key = JSON.stringify([locationId, labels])
    const sample = samples.get(key)
    if (sample === undefined) {
      const label = labels.map(([name, value]): LabelInput => ({ key: text(name), str: text(value) }))
      samples.set(key, { locationId: [...locationId], label, ticks, nanos: weightNanos })
    } else {
      sample.ticks += ticks
      sample.nanos += weightNanos
    }
  }
  return Array.from(samples.values(), ({ ticks, nanos, ...sample }) => ({
    ...sample,
    value: hasTimes ? [whole(ticks), whole(nanos)] : [whole(ticks)],
  }))
}

function threadLabelsOf(profile: Profile, threads: ThreadsName): readonly (readonly [string, string])[][] {
  const { groups, groupIdOfThread } = groupThreads(profile, threads)
  if (threads === 'merged') return []
  return profile.threads.map(({ kind, tid }, threadId) => {
    const name = groups[groupIdOfThread[threadId] ?? -1]?.name
    if (name === undefined) return []
    const isAlone = tid !== 0 && (threads === 'split' || kind !== 'other')
    return [['thread', name], ...(isAlone ? [['thread_id', String(tid)] as const] : [])]
  })
}

// What a profile does not know is NaN in it, and nothing in a file.
function whole(number: number): number {
  return Number.isFinite(number) ? Math.round(number) : 0
}
