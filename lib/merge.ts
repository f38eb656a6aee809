// merge.ts — several recordings as one: of repeated runs, or of the processes of one program. Pure.
// Neighbours: subtract.ts (a part of one recording), stack-table.ts (which makes equal frames one).

import { NativeprofError } from './errors.js'
import { PathTable } from './path-table.js'
import type { Cost, Counters, Profile, Sample, SavedAs, StackTotal, Thread } from './profile.js'
import { isResolved, markResolved } from './sources/resolve.js'
import { NO_LIMITS, NO_SCRIPT, NO_STACK, StackTable } from './stack-table.js'

/** How many single samples a merged profile holds, as many as a recorded one: the latest. */
const MAX_SAMPLES = 131_072

/**
 * Adds profiles up, one after the other: ticks, times and counters are the sums. Equal stacks are one, and so are threads of the same kind and
 * name. A single profile comes back as it is.
 *
 * Times, the one by the wall clock too, are those of all recordings together; `startTimeMillis` is the earliest start, and
 * samples are in order of real time. Where periods differ, the period is what a tick stands for on average.
 * Throws ERR_NATIVEPROF_INVALID_ARGUMENT for no profiles, for CPU time together with wall time, and for profiles with times
 * together with such that have only ticks.
 */
export function mergeProfiles(profiles: Iterable<Profile>): Profile {
  const draft = new Draft()
  const parts: Part[] = []
  let only: Profile | undefined
  for (const profile of profiles) {
    const [first] = parts
    if (first !== undefined) requireOneKind(first, profile)
    parts.push(partOf(profile))
    draft.add(profile)
    only = parts.length === 1 ? profile : undefined
  }
  const [first] = parts
  if (first === undefined) throw invalid('mergeProfiles() takes at least one profile')
  return only ?? mergedOf(draft, parts, first)
}

/** A profile without its tables, for there may be many, and large ones. */
interface Part extends Profile {
  readonly isFinal: boolean
  /** Of all samples: what they weigh, and would weigh unscaled. */
  readonly weightNanos: number
  readonly unscaledNanos: number
}

function partOf(profile: Profile): Part {
  const { totals, periodMicros } = profile
  const empty = { scripts: [], functions: [], frames: [], stacks: [], threads: [], labelSets: [], totals: [] }
  return {
    ...profile,
    ...empty,
    samples: [],
    isFinal: isResolved(profile),
    weightNanos: sum(totals, ({ weightNanos }) => weightNanos),
    unscaledNanos: sum(totals, ({ ticks }) => ticks * periodMicros * 1000),
  }
}

function requireOneKind(first: Profile, profile: Profile): void {
  if ((profile.timer === 'wall') !== (first.timer === 'wall'))
    throw invalid('a profile of CPU time and one of wall time cannot be added up; merge those of one kind')
  if (hasTimes(profile) !== hasTimes(first)) {
    throw invalid(
      'a profile that has times and one that has only ticks cannot be added up; merge those of one kind',
    )
  }
}

function mergedOf(draft: Draft, profiles: readonly Part[], first: Part): Profile {
  const counters = sumFields(profiles.map((profile) => profile.counters)) as unknown as Counters
  const sampledNanos = sum(profiles, (profile) => profile.sampledNanos)
  const tickNanos = sum(profiles, ({ counters, periodMicros }) => counters.ticks * periodMicros * 1000)
  const isOnePeriod = profiles.every(({ periodMicros }) => Object.is(periodMicros, first.periodMicros))
  const startTimeMillis = earliestOf(profiles)
  const samples = draft.samples(startTimeMillis)
  const savedAs = savedAsOf(profiles)
  const merged: Profile = {
    ...(savedAs && { savedAs }),
    startTimeMillis,
    durationNanos: sum(profiles, (profile) => profile.durationNanos),
    cpuNanos: sum(profiles, (profile) => profile.cpuNanos),
    periodMicros: isOnePeriod ? first.periodMicros : tickNanos / Math.max(1, counters.ticks) / 1000,
    timer: first.timer,
    counters,
    cost: sumFields(profiles.map((profile) => profile.cost)) as unknown as Cost,
    sampledNanos,
    coverage: sampledNanos > 0 ? tickNanos / sampledNanos : NaN,
    weightScale: scaleOf(profiles),
    scripts: draft.table.scripts,
    functions: draft.table.functions,
    frames: draft.table.frames,
    stacks: draft.table.stacks,
    threads: draft.threads,
    labelSets: draft.labelSets,
    totals: draft.totals(),
    samples: samples.slice(-MAX_SAMPLES),
    samplesForgotten:
      sum(profiles, (profile) => profile.samplesForgotten) + Math.max(0, samples.length - MAX_SAMPLES),
    process: processOf(profiles, first),
    notes: [
      `${profiles.length} profiles, added up`,
      ...(isOnePeriod ? [] : ['their periods differ; the period is the average of their ticks']),
      ...new Set(profiles.flatMap(({ notes }) => notes)),
    ],
  }
  return profiles.every(({ isFinal }) => isFinal) ? markResolved(merged) : merged
}

/** A merged profile while profiles are added to it. */
class Draft {
  // What was recorded was bounded then. To bound the sum would lose what one of the profiles has.
  readonly table = new StackTable(NO_LIMITS)
  readonly threads: Thread[] = []
  readonly labelSets: Readonly<Record<string, string>>[] = [{}]
  readonly #threadIds = new Map<string, number>()
  readonly #labelsIds = new Map<string, number>([[keyOfLabels({}), 0]])
  readonly #pairIds = new Map<string, number>()
  // A path of two steps for each total: its stack, then its pair of thread and labels.
  #totalIds = new PathTable()
  readonly #totals: { -readonly [Name in keyof StackTotal]: StackTotal[Name] }[] = []
  readonly #samples: (Sample & { readonly startTimeMillis: number })[] = []

  add(profile: Profile): void {
    const { threads, labelSets, totals, samples } = profile
    const threadIds = threads.map((thread) => this.#threadId(thread))
    const labelsIds = labelSets.map((labels) => this.#labelsId(labels))
    const stackIds = this.#addStacks(profile)
    const moved = <Item extends StackTotal>(item: Item): Item => ({
      ...item,
      stackId: at(stackIds, item.stackId),
      threadId: at(threadIds, item.threadId),
      labelsId: at(labelsIds, item.labelsId),
    })
    for (const total of totals) this.#addTotal(moved(total))
    // Where a file does not say when it began, as if at once with the others.
    const { startTimeMillis } = profile
    for (const sample of samples) this.#samples.push({ ...moved(sample), startTimeMillis })
  }

  // Takes the object for its own.
  #addTotal(total: { -readonly [Name in keyof StackTotal]: StackTotal[Name] }): void {
    const pair = `${total.threadId} ${total.labelsId}`
    let pairId = this.#pairIds.get(pair)
    if (pairId === undefined) this.#pairIds.set(pair, (pairId = this.#pairIds.size))
    const known = this.#totals[this.#totalIds.push(total.stackId, pairId)]
    if (known === undefined) {
      this.#totals.push(total)
    } else {
      known.ticks += total.ticks
      known.weightNanos += total.weightNanos
    }
  }

  /** The last that is asked of this draft: what finds a total is freed. */
  totals(): readonly StackTotal[] {
    this.#totalIds = new PathTable()
    return this.#totals
  }

  /** In order of time, which counts from the start of the earliest. */
  samples(earliestMillis: number): Sample[] {
    return this.#samples
      .map(({ startTimeMillis, ...sample }) => {
        const laterNanos = (startTimeMillis - earliestMillis) * 1e6 || 0
        return { ...sample, timeNanos: sample.timeNanos + laterNanos }
      })
      .sort((a, b) => a.timeNanos - b.timeNanos)
  }

  // Scripts are told apart by where they are read again: two processes may have loaded two versions of a file.
  #addStacks({ scripts, functions, frames, stacks }: Profile): Int32Array {
    const scriptIds = scripts.map((script) => this.table.script(script))
    const moved = functions.map((fn) => ({ ...fn, scriptId: scriptIds[fn.scriptId] ?? NO_SCRIPT }))
    const frameIds = frames.map(({ functionId, ...frame }) =>
      this.table.frame({ ...frame, function: at(moved, functionId) }),
    )
    const stackIds = new Int32Array(stacks.length)
    this.table.reserve(stacks.length)
    stacks.forEach((stack, stackId) => {
      const parent = stack.parentId < 0 ? NO_STACK : at(stackIds, stack.parentId)
      stackIds[stackId] = this.table.push(parent, at(frameIds, stack.frameId), stack)
    })
    return stackIds
  }

  #threadId(thread: Thread): number {
    const key = `${thread.kind} ${thread.kind === 'main' ? '' : thread.name}`
    const id = this.#threadIds.get(key)
    if (id === undefined) {
      this.#threadIds.set(key, this.threads.push(thread) - 1)
      return this.threads.length - 1
    }
    const known = at(this.threads, id)
    if (known.tid !== thread.tid) this.threads[id] = { ...known, tid: 0 }
    return id
  }

  #labelsId(labels: Readonly<Record<string, string>>): number {
    const key = keyOfLabels(labels)
    const id = this.#labelsIds.get(key) ?? this.labelSets.push(labels) - 1
    this.#labelsIds.set(key, id)
    return id
  }
}

function keyOfLabels(labels: Readonly<Record<string, string>>): string {
  return JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)))
}

function hasTimes({ savedAs }: Profile): boolean {
  return savedAs?.weightUnit !== 'ticks'
}

// NaN where none says.
function earliestOf(profiles: readonly Profile[]): number {
  const starts = profiles.map(({ startTimeMillis }) => startTimeMillis).filter(Number.isFinite)
  return starts.length === 0 ? NaN : Math.min(...starts)
}

// Of files it is a file; the view is the one that all have.
function savedAsOf(profiles: readonly Profile[]): SavedAs | undefined {
  const saved = profiles.flatMap(({ savedAs }) => savedAs ?? [])
  const [first] = saved
  if (first === undefined) return undefined
  const isOneView = saved.length === profiles.length && saved.every(({ view }) => view === first.view)
  return { ...first, view: isOneView ? first.view : null }
}

// 1 where every profile has 1; else what all weights together were multiplied by.
function scaleOf(profiles: readonly Part[]): number {
  if (profiles.every(({ weightScale }) => weightScale === 1)) return 1
  const weights = sum(profiles, ({ weightNanos }) => weightNanos)
  const unscaled = sum(profiles, ({ unscaledNanos }) => unscaledNanos)
  return unscaled > 0 ? weights / unscaled : 1
}

// What all have in common; of several processes the id is none.
function processOf(profiles: readonly Profile[], first: Profile): Profile['process'] {
  const { process } = profiles.find((profile) => profile.process.command.length > 0) ?? first
  const isOne = profiles.every((profile) => profile.process.pid === process.pid)
  return isOne ? process : { ...process, pid: 0 }
}

function sumFields(records: readonly object[]): Record<string, number> {
  const sums: Record<string, number> = {}
  for (const record of records)
    for (const [name, value] of Object.entries(record)) sums[name] = (sums[name] ?? 0) + Number(value)
  return sums
}

function sum<Item>(items: readonly Item[], valueOf: (item: Item) => number): number {
  return items.reduce((total, item) => total + valueOf(item), 0)
}

function at<Item>(items: ArrayLike<Item>, id: number): Item {
  const item = items[id]
  if (item === undefined) throw new RangeError(`id ${id} is not in this profile`)
  return item
}

function invalid(message: string): NativeprofError {
  return new NativeprofError('ERR_NATIVEPROF_INVALID_ARGUMENT', message)
}
