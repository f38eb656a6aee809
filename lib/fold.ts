// fold.ts — merges equal stacks. Pure: no addon, no I/O.
// What counts as equal is up to the view; here is only the merging. Neighbours: labels.ts (names), formats/ (writers).

import type { Profile, StackTotal, Thread } from './profile.js'

/** How stacks become words. Words must not contain `;`. */
export interface View {
  /** What a stack's frame adds to the words of its caller; null for nothing. Equal words under equal callers are one. */
  readonly nameOf: (stackId: number) => string | null
  /** A word below all others, for a stack that was sampled; null for none. */
  readonly leafOf: (stackId: number) => string | null
  /** A frame to put under all stacks of a thread, as their root; null for none. */
  readonly rootOf: (thread: Thread) => string | null
  /** What is added up, such as the ticks. */
  readonly weightOf: (total: StackTotal) => number
}

/** Adds up the weight of each stack. Keys are root-first names joined by `;`, as flame graph tools read them. */
export function fold(profile: Profile, view: View): ReadonlyMap<string, number> {
  const roots = profile.threads.map(view.rootOf)
  const keys: string[] = []
  // Callers have smaller ids than their callees, so one pass finds every caller's key ready.
  profile.stacks.forEach(({ parentId }, stackId) => {
    keys.push(join(keys[parentId], view.nameOf(stackId)))
  })
  const weightByStack = new Map<string, number>()
  for (const total of profile.totals) {
    const words = join(keys[total.stackId], view.leafOf(total.stackId))
    const root = roots[total.threadId]
    // A stack may consist of the word for its thread.
    const key = words === root ? words : join(root, words)
    weightByStack.set(key, (weightByStack.get(key) ?? 0) + view.weightOf(total))
  }
  return weightByStack
}

function join(caller: string | null | undefined, callee: string | null | undefined): string {
  if (!caller || !callee) return caller || callee || ''
  return `${caller};${callee}`
}
