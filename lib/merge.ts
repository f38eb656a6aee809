// merge.ts — several recordings as one: of repeated runs, or of the processes of one program. Pure.
// Neighbours: subtract.ts (a part of one recording), stack-table.ts (which makes equal frames one).

import { NativeprofError } from './errors.js'
import type { Cost, Counters, Profile, Sample, SavedAs, StackTotal, Thread } from './profile.js'
import { isResolved, markResolved } from './sources/resolve.js'
import { NO_SCRIPT, NO_STACK, StackTable } from './stack-table.js'

/** How many single samples a merged profile holds, as many as a recorded one: the latest. */
const MAX_SAMPLES = 131_072

/**
 * Adds profiles up: ticks, times and counters are the sums. Equal stacks are one, and so are threads of the same kind and
 * name. A single profile comes back as it is.
 *
 * Times, the one by the wall clock too, are those of all recordings together; `startTimeMillis` is the earliest start, and
 * samples are in order of real time. Where periods differ, the period is what a tick stands for on average.
 * Throws ERR_NATIVEPROF_INVALID_ARGUMENT for no profiles, for CPU time together with wall time, and for profiles with times
 * together with such that have only ticks.
 */
export function mergeProfiles(profiles: readonly Profile[]): Profile {
  const [first] = profiles
  if (first === undefined) throw invalid('mergeProfiles() takes at least one profile')
  if (profiles.length === 1) return first
  if (profiles.some(({ timer }) => (timer === 'wall') !== (first.timer === 'wall')))
    throw invalid('a profile of CPU time and one of wall time cannot be added up; merge those of one kind')
  if (profiles.some((profile) => hasTimes(profile) !== hasTimes(first)))
    throw invalid(
      'a profile that has times and one that has only ticks cannot be added up; merge those of one kind',
    )
  const draft = new Draft(earliestOf(profiles))
  for (const profile of profiles) draft.add(profile)
  const counters = sumFields(profiles.map((profile) => profile.counters)) as unknown as Counters
  const sampledNanos = sum(profiles, (profile) => profile.sampledNanos)
  const tickNanos = sum(profiles, ({ counters, periodMicros }) => counters.ticks * periodMicros * 1000)
  const isOnePeriod = profiles.every(({ periodMicros }) => Object.is(periodMicros, first.periodMicros))
  const sampledTicks = draft.sampledTicks()
  const samples = draft.samples()
  const savedAs = savedAsOf(profiles)
  const merged: Profile = {
    ...(savedAs && { savedAs }),
    startTimeMillis: draft.startTimeMillis,
    durationNanos: sum(profiles, (profile) => profile.durationNanos),
    cpuNanos: sum(profiles, (profile) => profile.cpuNanos),
    periodMicros: isOnePeriod ? first.periodMicros : tickNanos / Math.max(1, counters.ticks) / 1000,
    timer: first.timer,
    counters,
    cost: sumFields(profiles.map((profile) => profile.cost)) as unknown as Cost,
    sampledNanos,
    coverage: sampledNanos > 0 ? tickNanos / sampledNanos : NaN,
    weightScale: scaleOf(profiles, sampledTicks),
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
  return profiles.every(isResolved) ? markResolved(merged) : merged
}

/** A merged profile while profiles are added to it. */
class Draft {
  readonly startTimeMillis: number
  readonly table = new StackTable()
  readonly threads: Thread[] = []
  readonly labelSets: Readonly<Record<string, string>>[] = [{}]
  readonly #threadIds = new Map<string, number>()
  readonly #labelsIds = new Map<string, number>([[keyOfLabels({}), 0]])
  readonly #totals = new Map<string, { -readonly [Name in keyof StackTotal]: StackTotal[Name] }>()
  readonly #samples: Sample[] = []

  constructor(startTimeMillis: number) {
    this.startTimeMillis = startTimeMillis
  }

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
    for (const total of totals) {
      const { stackId, threadId, labelsId, ticks, weightNanos } = moved(total)
      const key = `${stackId} ${threadId} ${labelsId}`
      const known = this.#totals.get(key)
      if (known === undefined) this.#totals.set(key, { stackId, threadId, labelsId, ticks, weightNanos })
      else {
        known.ticks += ticks
        known.weightNanos += weightNanos
      }
    }
    // Where a file does not say when it began, as if all had begun at once.
    const laterNanos = (profile.startTimeMillis - this.startTimeMillis) * 1e6 || 0
    for (const sample of samples)
      this.#samples.push({ ...moved(sample), timeNanos: sample.timeNanos + laterNanos })
  }

  totals(): StackTotal[] {
    return [...this.#totals.values()]
  }

  /** In order of time. */
  samples(): Sample[] {
    return this.#samples.sort((a, b) => a.timeNanos - b.timeNanos)
  }

  sampledTicks(): number {
    return sum(this.totals(), ({ ticks }) => ticks)
  }

  // Scripts are told apart by where they are read again: two processes may have loaded two versions of a file.
  #addStacks({ scripts, functions, frames, stacks }: Profile): number[] {
    const scriptIds = scripts.map((script) => this.table.script(script))
    const moved = functions.map((fn) => ({ ...fn, scriptId: scriptIds[fn.scriptId] ?? NO_SCRIPT }))
    const frameIds = frames.map(({ functionId, ...frame }) =>
      this.table.frame({ ...frame, function: at(moved, functionId) }),
    )
    const stackIds: number[] = []
    for (const { frameId, parentId } of stacks) {
      const parent = parentId < 0 ? NO_STACK : at(stackIds, parentId)
      stackIds.push(this.table.push(parent, at(frameIds, frameId)))
    }
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
function scaleOf(profiles: readonly Profile[], sampledTicks: number): number {
  if (sampledTicks === 0 || profiles.every(({ weightScale }) => weightScale === 1)) return 1
  let [weights, unscaled] = [0, 0]
  for (const { totals, periodMicros } of profiles) {
    weights += sum(totals, ({ weightNanos }) => weightNanos)
    unscaled += sum(totals, ({ ticks }) => ticks * periodMicros * 1000)
  }
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

function at<Item>(items: readonly Item[], id: number): Item {
  const item = items[id]
  if (item === undefined) throw new RangeError(`id ${id} is not in this profile`)
  return item
}

function invalid(message: string): NativeprofError {
  return new NativeprofError('ERR_NATIVEPROF_INVALID_ARGUMENT', message)
}
