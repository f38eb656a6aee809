// thread-groups.ts — the threads of a profile as a reader sees them: each by a name of its own, or some as one. Pure.
// Neighbours: threads.ts (what may be asked for), labels.ts (what a thread is called), formats/ (which list the groups).

import { printable, threadText } from './labels.js'
import { UNTOLD_THREAD } from './native-words.js'
import { functionOf } from './profile.js'
import type { Profile } from './profile.js'
import { threadsNamed } from './threads.js'
import type { ThreadsName } from './threads.js'

/** Threads that are shown as one. */
export interface ThreadGroup {
  /** Different from the names of all other groups. */
  readonly name: string
  /** Whether the main thread or a worker is in it. */
  readonly hasJavaScript: boolean
}

/** The groups of a profile, in the order of their first threads. */
export interface ThreadGroups {
  readonly groups: readonly ThreadGroup[]
  /** By thread id, an index into `groups`; -1 only for threads without samples. */
  readonly groupIdOfThread: readonly number[]
}

interface Draft extends ThreadGroup {
  /** What tells it from others of its name; '' if there can be none. */
  readonly suffix: string
}

/**
 * Puts every thread into a group. With `split` each has its own; with `merged` there is one. With `auto` the main thread
 * and each worker have their own, and threads without JavaScript share one if they have the same name and do the same
 * kind of work: there may be dozens, and those of a pool are all alike. The kernel's name alone would not do, for up to
 * Node 22 most are called "node"; so the work is part of what they are called. Throws ERR_NATIVEPROF_INVALID_ARGUMENT for a choice that does not exist.
 */
export function groupThreads(profile: Profile, choice: ThreadsName): ThreadGroups {
  const threads = threadsNamed('threads', choice)
  if (threads === 'merged') {
    return {
      groups: [{ name: 'all threads', hasJavaScript: true }],
      groupIdOfThread: profile.threads.map(() => 0),
    }
  }
  const works = threads === 'auto' ? worksOf(profile) : null
  const drafts: Draft[] = []
  const idOfWork = new Map<string, number>()
  const groupIdOfThread = profile.threads.map((thread, threadId) => {
    const name = threadText(thread)
    if (works === null || thread.kind !== 'other') {
      return drafts.push({ name, suffix: `(${thread.tid})`, hasJavaScript: thread.kind !== 'other' }) - 1
    }
    const work = works.get(threadId)
    if (work === undefined) return -1
    // What was read from a file may be called so already.
    const nameAndWork = work === UNTOLD_THREAD || name.endsWith(work) ? name : `${name} ${work}`
    const id =
      idOfWork.get(nameAndWork) ?? drafts.push({ name: nameAndWork, suffix: '', hasJavaScript: false }) - 1
    idOfWork.set(nameAndWork, id)
    return id
  })
  return { groups: withOwnNames(drafts), groupIdOfThread }
}

function withOwnNames(drafts: readonly Draft[]): ThreadGroup[] {
  const countOfName = new Map<string, number>()
  for (const { name } of drafts) countOfName.set(name, (countOfName.get(name) ?? 0) + 1)
  return drafts.map(({ name, suffix, hasJavaScript }) => ({
    name: countOfName.get(name) === 1 ? name : `${name} ${suffix}`.trimEnd(),
    hasJavaScript,
  }))
}

/**
 * What kind of work each thread that has samples, but no JavaScript, did most of the time: the word at the root of its
 * stacks, without what comes behind a colon, for a worker of V8's that collects may compile next.
 */
function worksOf(profile: Profile): ReadonlyMap<number, string> {
  const ticksByWork = new Map<number, Map<string, number>>()
  for (const { stackId, threadId, ticks } of profile.totals) {
    if (profile.threads[threadId]?.kind !== 'other') continue
    const root = profile.frames[rootOf(profile, stackId)]
    const word = root ? printable(functionOf(profile, root).name).replace(/:.*\)$/, ')') : ''
    const ticksOfThread = ticksByWork.get(threadId) ?? new Map<string, number>()
    ticksByWork.set(threadId, ticksOfThread.set(word, (ticksOfThread.get(word) ?? 0) + ticks))
  }
  return new Map(Array.from(ticksByWork, ([threadId, ticksOfThread]) => [threadId, mostOf(ticksOfThread)]))
}

function rootOf({ stacks }: Profile, stackId: number): number {
  let stack = stacks[stackId]
  while (stack && stack.parentId >= 0) stack = stacks[stack.parentId]
  return stack?.frameId ?? -1
}

// A word that says nothing, for a stack was cut off, gives way to any that does.
function mostOf(ticksOfThread: ReadonlyMap<string, number>): string {
  const rank = ([word, ticks]: readonly [string, number]): number => (word === UNTOLD_THREAD ? 0 : ticks)
  const [first] = Array.from(ticksOfThread).sort((a, b) => rank(b) - rank(a))
  return first?.[0] ?? UNTOLD_THREAD
}
