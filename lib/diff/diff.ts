// diff.ts — what grew and what shrank between two profiles, and whether it may be chance. Pure, but for the source maps
// that resolve.ts reads. Neighbours: pair-labels.ts (which function is which), significance.ts (the statistics).

import { internLabels, labelIdsLeafFirst } from '../labels.js'
import type { Label, LabelTable } from '../labels.js'
import type { Profile } from '../profile.js'
import { resolveSources } from '../sources/resolve.js'
import type { SourceOptions } from '../sources/resolve.js'
import { viewFor } from '../view.js'
import type { GranularityName, ViewName } from '../view.js'
import { pairLabels } from './pair-labels.js'
import type { LabelPair } from './pair-labels.js'
import { ALPHA, STANDARD_ERRORS, holm, pValueOf, standardErrorsOf } from './significance.js'

/** Choices for {@link diffProfiles} and the formats of a comparison. */
export interface DiffOptions extends SourceOptions {
  /** Which frames are shown; `js` by default, of what was read from a file all. */
  readonly view?: ViewName
  /** Whether a frame stands for a function, `function`, the default, or for a line of it. */
  readonly granularity?: GranularityName | undefined
  /**
   * Whether the time before is scaled so that both add up to the same, and shares are compared, not times: for recordings
   * of a server, which do not do the same work. False by default: for runs of a program, which do.
   */
  readonly normalize?: boolean
}

/** Ticks and time of a function, before and after. */
export interface Change {
  readonly beforeTicks: number
  readonly afterTicks: number
  /** With `normalize`, scaled. */
  readonly beforeNanos: number
  readonly afterNanos: number
}

/** A function in two profiles. */
export interface DiffRow {
  /** As it is called in each; null where it has no samples. */
  readonly before: Label | null
  readonly after: Label | null
  readonly self: Change
  /** With what it called. */
  readonly total: Change
  /** By how many standard errors its own time differs; positive if it grew. */
  readonly standardErrors: number
  /** The probability that chance alone made it differ as much, corrected for the number of comparisons. */
  readonly pValue: number
  /** Its own time changed: by 5 standard errors or more, and by less than 5 % chance, all comparisons together. */
  readonly isSignificant: boolean
}

/** One of the two profiles. */
export interface DiffSide {
  readonly ticks: number
  /** Time in samples, nanoseconds. With `normalize`, scaled. */
  readonly nanos: number
}

/** What {@link diffProfiles} finds. Plain data. */
export interface ProfileDiff {
  readonly before: DiffSide
  readonly after: DiffSide
  /**
   * What weights are. `ticks`: one of the profiles is a file that has no times; then all fields that are called nanos are
   * ticks.
   */
  readonly unit: 'nanoseconds' | 'ticks'
  /** What the time before was multiplied by; 1 unless `normalize`. */
  readonly scale: number
  /** How many functions had time of their own, and were compared. */
  readonly comparisons: number
  /** All functions; what changed beyond chance first, then by how much their own time changed. */
  readonly rows: readonly DiffRow[]
}

/** Two profiles with their functions paired. */
export interface PairedProfiles {
  readonly pairs: readonly LabelPair[]
  readonly unit: ProfileDiff['unit']
  readonly before: PairedSide
  readonly after: PairedSide
}

export interface PairedSide extends DiffSide {
  readonly profile: Profile
  readonly table: LabelTable
  /** By label id, an index into `pairs`. */
  readonly pairOf: readonly number[]
  /** What every weight is multiplied by. */
  readonly scale: number
}

/**
 * Compares two recordings, function by function. Functions are found again by name and place; where lines have shifted or
 * files have moved, by as much of it as tells them apart.
 * Throws ERR_NATIVEPROF_INVALID_ARGUMENT for an unknown view or granularity.
 */
export function diffProfiles(before: Profile, after: Profile, options: DiffOptions = {}): ProfileDiff {
  return diffOfPaired(pairProfiles(before, after, options))
}

/** The first half of {@link diffProfiles}, for what needs the stacks as well. */
export function pairProfiles(before: Profile, after: Profile, options: DiffOptions): PairedProfiles {
  const { view, granularity, normalize = false } = options
  const unit = isInTicks(before) || isInTicks(after) ? 'ticks' : 'nanoseconds'
  const [one, other] = [before, after]
    .map((profile) => resolveSources(profile, options))
    .map((profile) => (unit === 'ticks' ? inTicks(profile) : profile)) as [Profile, Profile]
  const tables = [
    internLabels(one, viewFor(one, view), granularity),
    internLabels(other, viewFor(other, view), granularity),
  ] as const
  const { pairs, pairOfBefore, pairOfAfter } = pairLabels(tables[0].labels, tables[1].labels)
  const [sumBefore, sumAfter] = [sumOf(one), sumOf(other)]
  const scale = normalize && sumBefore.nanos > 0 && sumAfter.nanos > 0 ? sumAfter.nanos / sumBefore.nanos : 1
  return {
    pairs,
    unit,
    before: {
      profile: one,
      table: tables[0],
      pairOf: pairOfBefore,
      ticks: sumBefore.ticks,
      nanos: sumBefore.nanos * scale,
      scale,
    },
    after: { profile: other, table: tables[1], pairOf: pairOfAfter, ...sumAfter, scale: 1 },
  }
}

/** The second half. */
export function diffOfPaired({ pairs, unit, before, after }: PairedProfiles): ProfileDiff {
  const [usesBefore, usesAfter] = [usesOf(before, pairs.length), usesOf(after, pairs.length)]
  const tickNanos = {
    beforeTickNanos: nanosPerTick(before) || nanosPerTick(after),
    afterTickNanos: nanosPerTick(after) || nanosPerTick(before),
  }
  const drafts = pairs.map((pair, id) => {
    const self = changeOf(usesBefore.self, usesAfter.self, id)
    return { ...pair, self, total: changeOf(usesBefore.total, usesAfter.total, id) }
  })
  const compared = drafts.filter(({ self }) => self.beforeTicks + self.afterTicks > 0)
  const pValues = new Map(
    holm(compared.map(({ self }) => pValueOf({ ...self, ...tickNanos }))).map((p, index) => [
      compared[index],
      p,
    ]),
  )
  const rows = drafts.map((draft): DiffRow => {
    const standardErrors = standardErrorsOf({ ...draft.self, ...tickNanos })
    const pValue = pValues.get(draft) ?? 1
    const isSignificant = Math.abs(standardErrors) >= STANDARD_ERRORS && pValue < ALPHA
    return { ...draft, standardErrors, pValue, isSignificant }
  })
  return {
    before: { ticks: before.ticks, nanos: before.nanos },
    after: { ticks: after.ticks, nanos: after.nanos },
    unit,
    scale: before.scale,
    comparisons: compared.length,
    rows: rows.sort(
      (a, b) =>
        Number(b.isSignificant) - Number(a.isSignificant) ||
        Math.abs(growthOf(b.self)) - Math.abs(growthOf(a.self)) ||
        Math.abs(growthOf(b.total)) - Math.abs(growthOf(a.total)),
    ),
  }
}

/** How much longer it takes, nanoseconds; negative if less. */
export function growthOf({ beforeNanos, afterNanos }: Change): number {
  return afterNanos - beforeNanos
}

interface Uses {
  readonly ticks: Float64Array
  readonly nanos: Float64Array
}

// By pair; in the total a function counts once for a sample, however often it is on the stack.
function usesOf({ profile, table, pairOf, scale }: PairedSide, count: number): { self: Uses; total: Uses } {
  const self = { ticks: new Float64Array(count), nanos: new Float64Array(count) }
  const total = { ticks: new Float64Array(count), nanos: new Float64Array(count) }
  const seenAt = new Int32Array(count).fill(-1)
  profile.totals.forEach(({ stackId, ticks, weightNanos }, index) => {
    labelIdsLeafFirst(profile, table, stackId).forEach((labelId, depth) => {
      const id = pairOf[labelId] ?? -1
      if (depth === 0) add(self, id, { ticks, nanos: weightNanos * scale })
      if (seenAt[id] !== index) add(total, id, { ticks, nanos: weightNanos * scale })
      seenAt[id] = index
    })
  })
  return { self, total }
}

function add(uses: Uses, id: number, { ticks, nanos }: DiffSide): void {
  uses.ticks[id] = (uses.ticks[id] ?? 0) + ticks
  uses.nanos[id] = (uses.nanos[id] ?? 0) + nanos
}

function changeOf(before: Uses, after: Uses, id: number): Change {
  return {
    beforeTicks: before.ticks[id] ?? 0,
    afterTicks: after.ticks[id] ?? 0,
    beforeNanos: before.nanos[id] ?? 0,
    afterNanos: after.nanos[id] ?? 0,
  }
}

function isInTicks({ savedAs }: Profile): boolean {
  return savedAs?.weightUnit === 'ticks'
}

function inTicks(profile: Profile): Profile {
  const totals = profile.totals.map((total) => ({ ...total, weightNanos: total.ticks }))
  return { ...profile, totals }
}

function sumOf({ totals }: Profile): DiffSide {
  let [ticks, nanos] = [0, 0]
  for (const total of totals) {
    ticks += total.ticks
    nanos += total.weightNanos
  }
  return { ticks, nanos }
}

function nanosPerTick({ ticks, nanos }: DiffSide): number {
  return ticks === 0 ? 0 : nanos / ticks
}
