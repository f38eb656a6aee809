// speedscope.ts — the JSON that https://www.speedscope.app opens: every thread as a profile of its own, or one of all.
// Pure, but for the source maps that resolve.ts reads.
// Format: https://www.speedscope.app/file-format-schema.json, profiles of type `sampled`. Neighbour: html.ts embeds it.
// speedscope merges frames by their index, so a function is one frame, whatever its tiers and lines.

import { internLabels, labelIdsLeafFirst, titleText } from '../labels.js'
import type { Label } from '../labels.js'
import type { Profile } from '../profile.js'
import { resolveSources } from '../sources/resolve.js'
import type { SourceOptions } from '../sources/resolve.js'
import { groupThreads } from '../thread-groups.js'
import type { ThreadGroup, ThreadGroups } from '../thread-groups.js'
import { DEFAULT_THREADS } from '../threads.js'
import type { ThreadsName } from '../threads.js'
import { viewFor, viewLeft } from '../view.js'
import type { GranularityName, ViewName } from '../view.js'
import { factsOf } from './facts.js'
import { inParts, wholeText } from './parts.js'

/** Choices for {@link toSpeedscope}. */
export interface SpeedscopeOptions extends SourceOptions {
  /** What speedscope calls the whole; by default the profiled command, and the view if it is not `js`. */
  readonly name?: string
  /** Which frames are shown; `js` by default. */
  readonly view?: ViewName
  /** Whether a frame stands for a function, `function`, the default, or for a line of it. */
  readonly granularity?: GranularityName | undefined
  /**
   * `auto`, the default: a profile for the main thread, for each worker, and for the threads without JavaScript that have
   * the same name and do the same kind of work. `split`: a profile for every thread. `merged`: one of all threads.
   */
  readonly threads?: ThreadsName
}

interface Weighted {
  readonly stackId: number
  readonly groupId: number
  weightNanos: number
}

interface SampledProfile {
  readonly type: 'sampled'
  readonly name: string
  readonly unit: 'nanoseconds' | 'none'
  readonly startValue: 0
  endValue: number
  /** Ids of stacks. In the file they are lists of frames, root-first. */
  readonly stackIds: number[]
  readonly weights: number[]
}

/**
 * JSON text. Weights are nanoseconds of CPU time (ticks, where a file that was read has no times), so the horizontal axis is the CPU time of the thread, or of all that are
 * shown together. Samples are in order of time; where the older ones are no longer known one by one, the sums of all
 * stacks stand for them, and the name of the profile says that there is no order of time. Shown first is the thread that
 * used the most, among those that run JavaScript: helper threads often use more, and say less.
 */
export function toSpeedscope(recorded: Profile, options: SpeedscopeOptions = {}): string {
  return wholeText(speedscopeParts(recorded, options))
}

/**
 * The same in parts, for what puts it into something larger: it may be hundreds of megabytes, and each copy is as large.
 * No part ends within a name.
 */
export function speedscopeParts(recorded: Profile, options: SpeedscopeOptions = {}): Iterable<string> {
  const profile = resolveSources(recorded, options)
  const view = viewFor(profile, options.view)
  const { name = titleText(profile, view), threads = DEFAULT_THREADS } = options
  const table = internLabels(profile, view, options.granularity)
  const threadGroups = groupThreads(profile, threads)
  const byGroup = profilesOf(profile, threadGroups)
  const head = JSON.stringify({
    $schema: 'https://www.speedscope.app/file-format-schema.json',
    exporter: 'nativeprof',
    name,
    activeProfileIndex: indexOfFirstShown(threadGroups, byGroup),
    shared: { frames: table.labels.map(speedscopeFrame) },
    nativeprof: factsOf(profile, viewLeft(profile, view)),
  })
  const framesOf = (stackId: number): string =>
    `[${labelIdsLeafFirst(profile, table, stackId).reverse().join(',')}]`
  return inParts(function* () {
    yield `${head.slice(0, -1)},"profiles":[`
    let isFirst = true
    for (const sampled of byGroup.values()) {
      if (!isFirst) yield ','
      isFirst = false
      yield* jsonOf(sampled, framesOf)
    }
    yield ']}'
  })
}

// Put together here, for the lists of frames of a large profile take many times as much memory as their text.
function* jsonOf(
  { stackIds, ...sampled }: SampledProfile,
  framesOf: (stackId: number) => string,
): Generator<string> {
  yield `${JSON.stringify(sampled).slice(0, -1)},"samples":[`
  for (const [index, stackId] of stackIds.entries())
    yield index === 0 ? framesOf(stackId) : `,${framesOf(stackId)}`
  yield ']}'
}

// One for each group that has samples. One without samples if none has: speedscope refuses a file without profiles.
function profilesOf(profile: Profile, threadGroups: ThreadGroups): ReadonlyMap<number, SampledProfile> {
  const byGroup = new Map<number, SampledProfile>()
  for (const { stackId, groupId, weightNanos } of weightedStacksOf(profile, threadGroups)) {
    const sampled = byGroup.get(groupId) ?? emptyProfile(profile, nameOf(profile, threadGroups, groupId))
    byGroup.set(groupId, sampled)
    sampled.stackIds.push(stackId)
    sampled.weights.push(Math.round(weightNanos))
    sampled.endValue += Math.round(weightNanos)
  }
  if (byGroup.size === 0) return new Map([[0, emptyProfile(profile, 'no samples')]])
  return new Map(Array.from(byGroup).sort(([a], [b]) => a - b))
}

/** Ids of stacks are below; the number that is made of one and a group is exact. */
const MOST_STACKS = 2 ** 32

// Samples as they came; or the sums, in which a stack that several threads of a group had is one.
function weightedStacksOf(profile: Profile, { groupIdOfThread }: ThreadGroups): Iterable<Weighted> {
  const groupIdOf = (threadId: number): number => {
    const groupId = groupIdOfThread[threadId]
    if (groupId === undefined || groupId < 0)
      throw new RangeError(`thread ${threadId} is not in this profile`)
    return groupId
  }
  if (isOrdered(profile)) {
    return profile.samples.map(({ stackId, threadId, weightNanos }) => ({
      stackId,
      groupId: groupIdOf(threadId),
      weightNanos,
    }))
  }
  const sums = new Map<number, Weighted>()
  for (const { stackId, threadId, weightNanos } of profile.totals) {
    const groupId = groupIdOf(threadId)
    const key = groupId * MOST_STACKS + stackId
    const sum = sums.get(key)
    if (sum === undefined) sums.set(key, { stackId, groupId, weightNanos })
    else sum.weightNanos += weightNanos
  }
  return sums.values()
}

function indexOfFirstShown({ groups }: ThreadGroups, byGroup: ReadonlyMap<number, SampledProfile>): number {
  const nanos = Array.from(byGroup, ([groupId, { endValue }]) =>
    groups[groupId]?.hasJavaScript === true ? endValue : -1,
  )
  return nanos.indexOf(Math.max(...nanos))
}

function emptyProfile({ savedAs }: Profile, name: string): SampledProfile {
  const unit = savedAs?.weightUnit === 'ticks' ? 'none' : 'nanoseconds'
  return { type: 'sampled', name, unit, startValue: 0, endValue: 0, stackIds: [], weights: [] }
}

function nameOf(profile: Profile, { groups }: ThreadGroups, groupId: number): string {
  const { name } = groups[groupId] as ThreadGroup
  return isOrdered(profile) ? name : `${name} (sums of equal stacks, not in order of time)`
}

function isOrdered(profile: Profile): boolean {
  return profile.samplesForgotten === 0
}

/** A function as speedscope has it. */
export function speedscopeFrame({ name, file, line, column }: Label): {
  name: string
  file?: string
  line?: number
  col?: number
} {
  return { name, ...(file && { file }), ...(line && { line }), ...(column && { col: column }) }
}
