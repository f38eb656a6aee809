// stacks.ts — equal stacks of two profiles side by side. Pure. Neighbours: diff.ts (functions side by side), the formats of
// a comparison.

import { labelIdsLeafFirst } from '../labels.js'
import type { Label } from '../labels.js'
import type { Change, PairedProfiles, PairedSide } from './diff.js'

/** A stack that is in at least one of the profiles. */
export interface StackChange extends Change {
  /** Root-first, indexes into the pairs. */
  readonly pairIds: readonly number[]
}

/** Every stack of two profiles once, whatever threads it ran on. */
export function stacksOf(paired: PairedProfiles): StackChange[] {
  const changes = new Map<string, { -readonly [Name in keyof StackChange]: StackChange[Name] }>()
  const add = (side: PairedSide, name: 'before' | 'after'): void => {
    const { profile, table, pairOf, scale } = side
    const keyOfStack = new Map<number, string>()
    for (const { stackId, ticks, weightNanos } of profile.totals) {
      let key = keyOfStack.get(stackId)
      if (key === undefined) {
        const pairIds = labelIdsLeafFirst(profile, table, stackId)
          .map((labelId) => pairOf[labelId] ?? -1)
          .reverse()
        key = pairIds.join(' ')
        keyOfStack.set(stackId, key)
        if (!changes.has(key))
          changes.set(key, { pairIds, beforeTicks: 0, afterTicks: 0, beforeNanos: 0, afterNanos: 0 })
      }
      const change = changes.get(key)
      if (change === undefined) continue
      change[`${name}Ticks`] += ticks
      change[`${name}Nanos`] += weightNanos * scale
    }
  }
  add(paired.before, 'before')
  add(paired.after, 'after')
  return [...changes.values()]
}

/** What to call a function of two profiles: as it is called after, or before if it is no longer there. */
export function labelOfPair({ before, after }: { before: Label | null; after: Label | null }): Label {
  return after ?? before ?? { name: '(unknown)', file: '', line: 0, column: 0 }
}
