// fold.ts — merges equal stacks. Pure: no addon, no I/O.
// What counts as equal is up to the view; here is only the merging. Neighbours: labels.ts (names), formats/ (writers).

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
 * Adds up the weight of each stack: root-first names joined by `;`, as flame graph tools read them, and the weight. In the order of
 * the lines that they are in such a file, with the weights in whole numbers.
 */
export function fold(profile: Profile, view: View): Iterable<readonly [string, number]> {
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
  paths.freeze()
  return { [Symbol.iterator]: () => linesOf(weights, paths, words) }
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

/** A line of the result, or all that is below a frame: what it is called there, for the order of lines. */
interface Item {
  readonly order: string
  readonly path: number
  /** The words before that of the path, each with a `;` behind it. */
  readonly callers: string
  readonly isLine: boolean
}

// From the root down, so that no more than one branch is text at a time: all lines together may be gigabytes.
function* linesOf(
  weights: ReadonlyMap<number, number>,
  paths: PathTable,
  words: readonly string[],
): Generator<readonly [string, number]> {
  const weightOfNothing = weights.get(-1)
  if (weightOfNothing !== undefined) yield ['', weightOfNothing]
  const children = paths.children()
  const itemsUnder = (parent: number, callers: string): Item[] => {
    const items: Item[] = []
    for (const path of children(parent)) {
      const word = words[paths.stepOf(path)] ?? ''
      const weight = weights.get(path)
      if (weight !== undefined)
        items.push({ order: `${word} ${Math.round(weight)}`, path, callers, isLine: true })
      if (children.has(path)) items.push({ order: `${word};`, path, callers, isLine: false })
    }
    return items.sort((a, b) => (a.order < b.order ? 1 : -1))
  }
  const pending = itemsUnder(-1, '')
  for (let item = pending.pop(); item !== undefined; item = pending.pop()) {
    const { path, callers, isLine } = item
    const stack = callers + (words[paths.stepOf(path)] ?? '')
    if (isLine) yield [stack, weights.get(path) ?? 0]
    // One by one: a function takes only so many arguments.
    else for (const below of itemsUnder(path, `${stack};`)) pending.push(below)
  }
}
