// pprof-samples.ts — the samples of a pprof profile, encoded one by one: as objects, all at once, they would take many times
// the memory of the file. Pure. Neighbours: pprof.ts, pprof-places.ts.

import { Label, Sample } from 'pprof-format'
import { PathTable } from '../path-table.js'
import type { Profile } from '../profile.js'
import { groupThreads } from '../thread-groups.js'
import type { ThreadsName } from '../threads.js'
import type { PprofPlaces } from './pprof-places.js'

/** Field 2 of a profile, with bytes. */
const SAMPLE_TAG = (2 << 3) | 2
const MOST_BYTES_OF_LENGTH = 5
const CHUNK_BYTES = 1 << 18

/** What samples are made with. */
export interface SampleChoices {
  readonly places: PprofPlaces
  readonly threads: ThreadsName
  /** Whether there is a time beside the count. */
  readonly hasTimes: boolean
  /** The index of a text in the table of strings. */
  readonly text: (words: string) => number
}

/** The bytes of the field `sample` of a profile, in pieces: one sample for each distinct stack of locations and set of labels. */
export function encodeSamples(profile: Profile, choices: SampleChoices): readonly Uint8Array[] {
  const { paths, samples } = mergedSamples(profile, choices)
  const output = new SampleBytes()
  for (const { path, label, ticks, nanos } of samples) {
    const locationId: number[] = []
    for (let id = path; id >= 0; id = paths.parentOf(id)) locationId.push(paths.stepOf(id))
    const value = choices.hasTimes ? [whole(ticks), whole(nanos)] : [whole(ticks)]
    output.addSample(new Sample({ locationId, value, label }))
  }
  return output.finish()
}

/** What a profile does not know is NaN in it, and nothing in a file. */
export function whole(number: number): number {
  return Number.isFinite(number) ? Math.round(number) : 0
}

interface MergedSample {
  readonly path: number
  readonly label: Label[]
  ticks: number
  nanos: number
}

function mergedSamples(
  profile: Profile,
  choices: SampleChoices,
): { paths: PathTable; samples: readonly MergedSample[] } {
  const { places } = choices
  const paths = new PathTable()
  paths.reserve(profile.stacks.length)
  const step = (path: number, locationId: number): number =>
    locationId === 0 ? path : paths.push(path, locationId)
  const labels = new SampleLabels(profile, choices)
  const pathOfStack = new Int32Array(profile.stacks.length).fill(-1)
  const isUsed = usedStacks(profile)
  // Callers have smaller ids than their callees, so one pass finds every caller's path ready.
  profile.stacks.forEach(({ parentId }, stackId) => {
    if (isUsed[stackId] === 0) return
    const before = parentId < 0 ? -1 : (pathOfStack[parentId] ?? -1)
    pathOfStack[stackId] = step(before, places.locationOf(stackId))
  })
  // A path of two steps for each sample: its path of locations, then its labels.
  const sampleIds = new PathTable()
  sampleIds.reserve(profile.totals.length)
  const samples: MergedSample[] = []
  for (const { stackId, threadId, labelsId, ticks, weightNanos } of profile.totals) {
    const path = step(pathOfStack[stackId] ?? -1, places.leafLocationOf(stackId))
    const { id, label } = labels.of(threadId, labelsId)
    const sample = samples[sampleIds.push(path, id)]
    if (sample === undefined) samples.push({ path, label, ticks, nanos: weightNanos })
    else {
      sample.ticks += ticks
      sample.nanos += weightNanos
    }
  }
  paths.freeze()
  return { paths, samples }
}

function usedStacks(profile: Profile): Uint8Array {
  const isUsed = new Uint8Array(profile.stacks.length)
  for (const { stackId } of profile.totals)
    for (let id = stackId; id >= 0 && isUsed[id] === 0; id = profile.stacks[id]?.parentId ?? -1)
      isUsed[id] = 1
  return isUsed
}

interface LabelList {
  readonly id: number
  readonly label: Label[]
}

/** The labels of a thread's samples. Threads that are shown as one have the same. */
class SampleLabels {
  readonly #profile: Profile
  readonly #text: (words: string) => number
  readonly #threadLabels: readonly (readonly (readonly [string, string])[])[]
  readonly #byPair = new Map<string, LabelList>()
  readonly #byContent = new Map<string, LabelList>()

  constructor(profile: Profile, { threads, text }: SampleChoices) {
    this.#profile = profile
    this.#text = text
    this.#threadLabels = threadLabelsOf(profile, threads)
  }

  of(threadId: number, labelsId: number): LabelList {
    const pair = `${threadId} ${labelsId}`
    let list = this.#byPair.get(pair)
    if (list === undefined) this.#byPair.set(pair, (list = this.#make(threadId, labelsId)))
    return list
  }

  #make(threadId: number, labelsId: number): LabelList {
    const own = Object.entries(this.#profile.labelSets[labelsId] ?? {})
    const labels = [...(this.#threadLabels[threadId] ?? []), ...own]
    const content = JSON.stringify(labels)
    const known = this.#byContent.get(content)
    if (known !== undefined) return known
    const label = labels.map(([name, value]) => new Label({ key: this.#text(name), str: this.#text(value) }))
    const list = { id: this.#byContent.size, label }
    this.#byContent.set(content, list)
    return list
  }
}

/** Bytes in pieces: to grow one buffer means to have it twice, and a large one calls the garbage collector each time. */
class SampleBytes {
  readonly #full: Uint8Array[] = []
  #bytes = new Uint8Array(CHUNK_BYTES)
  #length = 0

  addSample(sample: Sample): void {
    const { length } = sample
    this.#reserve(1 + MOST_BYTES_OF_LENGTH + length)
    this.#bytes[this.#length++] = SAMPLE_TAG
    let rest = length
    for (; rest > 127; rest >>>= 7) this.#bytes[this.#length++] = (rest & 127) | 128
    this.#bytes[this.#length++] = rest
    sample.encode(this.#bytes.subarray(this.#length, this.#length + length))
    this.#length += length
  }

  finish(): readonly Uint8Array[] {
    return [...this.#full, this.#bytes.subarray(0, this.#length)]
  }

  #reserve(byteLength: number): void {
    if (this.#length + byteLength <= this.#bytes.length) return
    this.#full.push(this.#bytes.subarray(0, this.#length))
    this.#bytes = new Uint8Array(Math.max(CHUNK_BYTES, byteLength))
    this.#length = 0
  }
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
