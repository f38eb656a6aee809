// diff-collapsed.ts — two profiles as collapsed stacks with two numbers, `root;child;leaf 40 42`: the format of difffolded.pl
// of the FlameGraph scripts, which flamegraph.pl and inferno draw in red and blue. Pure, but for source maps.

import { pairProfiles } from '../diff/diff.js'
import type { DiffOptions, PairedProfiles } from '../diff/diff.js'
import { labelOfPair, stacksOf } from '../diff/stacks.js'
import { labelText } from '../labels.js'
import type { Profile } from '../profile.js'
import { collapsedWord } from './collapsed.js'

/**
 * One line for each stack that is in either profile, root-first, sorted: ticks before, ticks after. With `normalize`, those
 * before are scaled. Throws ERR_NATIVEPROF_INVALID_ARGUMENT for an unknown view or granularity.
 */
export function toDiffCollapsed(before: Profile, after: Profile, options: DiffOptions = {}): string {
  return collapsedOfPaired(pairProfiles(before, after, options))
}

export function collapsedOfPaired(paired: PairedProfiles): string {
  const words = paired.pairs.map((pair) => collapsedWord(labelText(labelOfPair(pair))))
  const ticksByStack = new Map<string, [number, number]>()
  // The scale of times is that of ticks where both are sampled at the same rate; else ticks must be told in those of `after`.
  const scale = paired.before.scale === 1 ? 1 : paired.after.ticks / paired.before.ticks
  for (const { pairIds, beforeTicks, afterTicks } of stacksOf(paired)) {
    const stack = pairIds.map((id) => words[id] ?? '').join(';')
    const [one, other] = ticksByStack.get(stack) ?? [0, 0]
    ticksByStack.set(stack, [one + beforeTicks * scale, other + afterTicks])
  }
  const lines = Array.from(
    ticksByStack,
    ([stack, [one, other]]) => `${stack} ${Math.round(one)} ${Math.round(other)}\n`,
  )
  return lines.sort().join('')
}
