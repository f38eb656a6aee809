// thread-roots.ts — which threads are a frame at the root of their stacks, in formats that have one tree for all. Pure.
// Neighbours: thread-groups.ts (formats with a list of threads), collapsed.ts, cpuprofile.ts.

import { threadText } from '../labels.js'
import type { Profile, Thread } from '../profile.js'
import { groupThreads } from '../thread-groups.js'
import type { ThreadsName } from '../threads.js'
import { showingOf } from '../view.js'
import type { ViewName } from '../view.js'

/**
 * The words, in parentheses as all that are no functions of the program, of the threads that have one. `split`: all with
 * ticks, each its own. `merged`: none. `auto`: if threads of different names have ticks, but not those that a word names.
 */
export function threadRoots(
  profile: Profile,
  view: ViewName,
  threads: ThreadsName,
): ReadonlyMap<Thread, string> {
  const { groups, groupIdOfThread } = groupThreads(profile, threads)
  const roots = new Map<Thread, string>()
  if (threads === 'merged') return roots
  for (const { threadId } of profile.totals) {
    const thread = profile.threads[threadId]
    const group = groups[groupIdOfThread[threadId] ?? -1]
    if (thread && group && !roots.has(thread))
      roots.set(thread, inParentheses(threads === 'split' ? group.name : threadText(thread)))
  }
  if (threads === 'split') return roots
  if (new Set(roots.values()).size < 2) return new Map()
  return new Map(Array.from(roots).filter(([thread]) => !isNamedByItsFrame(thread, view)))
}

// The stacks of threads without JavaScript begin with a word for what the thread is, which says more than its name. A view
// that shows native frames in its place has nothing but the name.
function isNamedByItsFrame(thread: Thread, view: ViewName): boolean {
  return thread.kind === 'other' && showingOf(view, 'runtime') === 'itself'
}

function inParentheses(name: string): string {
  return name.startsWith('(') ? name : `(${name})`
}
