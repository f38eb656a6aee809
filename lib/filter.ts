// filter.ts — the part of a profile whose stacks match, for a closer look at one thing, or without one thing. Pure, but for
// the source maps that resolve.ts reads.

import { internLabels, labelIdsLeafFirst, labelText } from './labels.js'
import type { Profile } from './profile.js'
import { markResolved, resolveSources } from './sources/resolve.js'
import type { SourceOptions } from './sources/resolve.js'
import { sumOfTotals } from './usage.js'
import { viewFor } from './view.js'
import type { ViewName } from './view.js'

/** Choices for {@link filterProfile}. */
export interface FilterOptions extends SourceOptions {
  /** Which frames are looked at; `js` by default. */
  readonly view?: ViewName
  /** Only stacks with a frame that matches. Matched against `name file:line:column`. */
  readonly focus?: RegExp | undefined
  /** No stacks with a frame that matches. */
  readonly ignore?: RegExp | undefined
}

/**
 * A profile of the same recording with fewer samples; a note says how much of the time is left. Counters stay those of the
 * recording.
 */
export function filterProfile(recorded: Profile, options: FilterOptions): Profile {
  const profile = resolveSources(recorded, options)
  const view = viewFor(profile, options.view)
  const { focus, ignore } = options
  if (focus === undefined && ignore === undefined) return profile
  const table = internLabels(profile, view)
  const texts = table.labels.map(labelText)
  const isFocus = texts.map((text) => focus === undefined || matches(focus, text))
  const isIgnored = texts.map((text) => ignore !== undefined && matches(ignore, text))
  const isKept = new Map<number, boolean>()
  const keeps = (stackId: number): boolean => {
    let kept = isKept.get(stackId)
    if (kept === undefined) {
      const ids = labelIdsLeafFirst(profile, table, stackId)
      kept = ids.some((id) => isFocus[id]) && !ids.some((id) => isIgnored[id])
      isKept.set(stackId, kept)
    }
    return kept
  }
  const totals = profile.totals.filter(({ stackId }) => keeps(stackId))
  const samples = profile.samples.filter(({ stackId }) => keeps(stackId))
  const [all, left] = [sumOfTotals(profile.totals), sumOfTotals(totals)]
  const share = all.nanos === 0 ? 0 : (left.nanos / all.nanos) * 100
  const conditions = [
    ...(focus === undefined ? [] : [`with a frame that matches ${String(focus)}`]),
    ...(ignore === undefined ? [] : [`without one that matches ${String(ignore)}`]),
  ]
  const note = `shown are the stacks ${conditions.join(' and ')}: ${left.ticks} of ${all.ticks} ticks in samples, ${share.toFixed(1)} % of their time`
  // Of the samples that are no longer known one by one, it is not known how many would be left: their number stays.
  return markResolved({ ...profile, totals, samples, notes: [...profile.notes, note] })
}

// A `g` or `y` flag would make the answer depend on the question before.
function matches(pattern: RegExp, text: string): boolean {
  pattern.lastIndex = 0
  return pattern.test(text)
}
