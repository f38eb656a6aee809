// fold.ts — merges equal stacks. Pure: no addon, no I/O.
// What counts as equal is up to the view; here is only the merging. Neighbours: labels.ts (names), formats/ (writers).

import { NativeprofError } from './errors.js'
import { PathTable } from './path-table.js'
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

/**
 * Adds up the weight of each stack. Keys are root-first names joined by `;`, as flame graph tools read them. Throws
 * ERR_NATIVEPROF_OUTPUT where all keys together are longer than a text may be.
 */
export function fold(profile: Profile, view: View): ReadonlyMap<string, number> {
  const words: string[] = []
  const idOfWord = new Map<string, number>()
  const paths = new PathTable()
  const step = (path: number, word: string | null): number => {
    if (!word) return path
    let id = idOfWord.get(word)
    if (id === undefined) idOfWord.set(word, (id = words.push(word) - 1))
    return paths.push(path, id)
  }
  const roots = profile.threads.map(view.rootOf)
  // By stack, for each root that a thread may have: callers have smaller ids than their callees, so one pass finds every
  // caller's path ready.
  const weights = new Map<number, number>()
  for (const root of new Set(roots)) {
    const hasRoot = profile.threads.map((_, threadId) => roots[threadId] === root)
    const rootPath = step(-1, root)
    const pathOfStack = new Int32Array(profile.stacks.length)
    const isUsed = stacksOf(profile, hasRoot)
    profile.stacks.forEach(({ parentId }, stackId) => {
      if (isUsed[stackId] === 0) return
      const before = parentId < 0 ? rootPath : (pathOfStack[parentId] ?? rootPath)
      pathOfStack[stackId] = step(before, view.nameOf(stackId))
    })
    for (const total of profile.totals) {
      if (hasRoot[total.threadId] !== true) continue
      let path = step(pathOfStack[total.stackId] ?? rootPath, view.leafOf(total.stackId))
      // A stack may consist of the word for its thread.
      if (root !== null && paths.parentOf(path) === rootPath && words[paths.stepOf(path)] === root)
        path = rootPath
      weights.set(path, (weights.get(path) ?? 0) + view.weightOf(total))
    }
  }
  return textsOf(weights, paths, words)
}

// The stacks that samples of some threads have, and their callers.
function stacksOf(profile: Profile, isOfThread: readonly boolean[]): Uint8Array {
  const isUsed = new Uint8Array(profile.stacks.length)
  for (const { stackId, threadId } of profile.totals) {
    if (isOfThread[threadId] !== true) continue
    for (let id = stackId; id >= 0 && isUsed[id] === 0; id = profile.stacks[id]?.parentId ?? -1)
      isUsed[id] = 1
  }
  return isUsed
}

function textsOf(
  weights: ReadonlyMap<number, number>,
  paths: PathTable,
  words: readonly string[],
): ReadonlyMap<string, number> {
  const weightByStack = new Map<string, number>()
  let length = 0
  for (const [path, weight] of weights) {
    const wordsLeafFirst: string[] = []
    for (let id = path; id >= 0; id = paths.parentOf(id)) wordsLeafFirst.push(words[paths.stepOf(id)] ?? '')
    const key = wordsLeafFirst.reverse().join(';')
    length += key.length
    if (length > MOST_CHARACTERS) {
      const message =
        'the stacks are longer than a text can be (512 MiB); write them as pprof, or a part of them, as --focus gives'
      throw new NativeprofError('ERR_NATIVEPROF_OUTPUT', message)
    }
    weightByStack.set(key, (weightByStack.get(key) ?? 0) + weight)
  }
  return weightByStack
}

/** Of V8's longest string, with room for the numbers. */
const MOST_CHARACTERS = 2 ** 29 - 2 ** 26
