// stacks.ts — the stacks that fixtures print by test/fixtures/stacks-of.mjs, and questions about them.

import type { FrameKind, Thread } from 'nativeprof'

export interface PlainFrame {
  readonly name: string
  readonly url: string
  readonly kind: FrameKind
}

/** A stack of one thread, its frames root-first. */
export interface PlainStack {
  readonly thread: Pick<Thread, 'name' | 'kind'>
  readonly ticks: number
  readonly frames: readonly PlainFrame[]
}

/** How many ticks the stacks have together. */
export function ticksOf(stacks: readonly PlainStack[]): number {
  return stacks.reduce((sum, { ticks }) => sum + ticks, 0)
}

/** The stacks of the main thread, without what nativeprof itself did. */
export function ofMainThread(stacks: readonly PlainStack[]): PlainStack[] {
  return stacks.filter((stack) => stack.thread.kind === 'main' && !has(stack, '(nativeprof)'))
}

export function has({ frames }: PlainStack, name: string): boolean {
  return frames.some((frame) => frame.name === name)
}

/** Whether `part` of `whole` independent ticks is compatible with a share of at least `share`: three standard errors. */
export function isAtLeast(part: number, whole: number, share: number): boolean {
  return part / whole >= share - 3 * Math.sqrt((share * (1 - share)) / whole)
}

/** The most frequent stacks, for the reader of a test that failed. */
export function hottest(stacks: readonly PlainStack[], count = 5): string[] {
  return [...stacks]
    .sort((one, other) => other.ticks - one.ticks)
    .slice(0, count)
    .map(({ ticks, frames }) => `${ticks} ${frames.map(({ name }) => name).join(';')}`)
}

/** The ticks in collapsed text of the stacks that match. */
export function ticksInText(text: string, stack: RegExp): number {
  let sum = 0
  for (const line of text.trimEnd().split('\n')) {
    const at = line.lastIndexOf(' ')
    if (stack.test(line.slice(0, at))) sum += Number(line.slice(at + 1))
  }
  return sum
}
