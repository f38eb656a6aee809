// collapsed.ts — `root;child;leaf 42`, a line per stack → Profile. Ours, and those of stackcollapse scripts, async-profiler,
// py-spy, perf, inferno. Format: see formats/collapsed.ts. Reads bytes, not one text: a file may be larger than any string.

import { printable } from '../labels.js'
import type { Profile } from '../profile.js'
import { unreadable } from './input-errors.js'
import { frameOfText, threadOfText } from './place-text.js'
import { ProfileDraft } from './profile-draft.js'

const LINE_FEED = 10
const CARRIAGE_RETURN = 13
const SPACE = 32
const TAB = 9
const HASH = 35
const SEMICOLON = 59
const SHOWN_CHARACTERS = 60

/** Throws ERR_NATIVEPROF_INPUT, which names the first line that is none of the format. */
export function readCollapsed(bytes: Uint8Array): Profile {
  const stacks = new LineStacks(bytes)
  let lineNumber = 0
  for (let start = 0; start < bytes.length;) {
    lineNumber++
    let end = bytes.indexOf(LINE_FEED, start)
    if (end < 0) end = bytes.length
    const next = end + 1
    while (end > start && isBlank(bytes[end - 1])) end--
    // Some tools write remarks.
    if (end > start && bytes[start] !== HASH) stacks.add(start, end, lineNumber)
    start = next
  }
  return stacks.finish()
}

// How collapsed.ts of the writers marks stacks of a thread, if it does.
const THREAD_ROOT = /^\((main thread|worker(?: .*)?)\)$/

class LineStacks {
  readonly #bytes: Uint8Array
  readonly #text: Buffer
  readonly #draft = new ProfileDraft()
  readonly #frameIds = new Map<string, number>()
  /** What stacks without the word for a thread belong to: all of it, if no stack has one. */
  readonly #unnamedThreadId: number
  // The line before: where it begins, where in it each of its frames ends, which stacks these are, and whose.
  #lastStart = 0
  readonly #lastEnds: number[] = []
  readonly #lastStackIds: number[] = []
  #threadId = 0
  #stacks = 0
  #stacksWithNumber = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const kind = this.#text.includes('(main thread);') ? 'other' : 'main'
    this.#unnamedThreadId = this.#draft.thread({ kind, name: '', tid: 0 })
  }

  add(start: number, end: number, lineNumber: number): void {
    const space = this.#bytes.lastIndexOf(SPACE, end - 1)
    const number = this.#text.toString('latin1', Math.max(space, start - 1) + 1, end)
    const ticks = /^\d+(?:\.\d+)?(?:e\+?\d+)?$/.test(number) ? Number(number) : NaN
    if (space <= start || !Number.isFinite(ticks)) {
      const shown = JSON.stringify(
        this.#text.toString('utf8', start, Math.min(end, start + SHOWN_CHARACTERS)),
      )
      throw unreadable(
        `line ${lineNumber} is not "caller;callee number", as a file of collapsed stacks has it: ${printable(shown)}`,
      )
    }
    const stackId = this.#stackId(start, space)
    this.#stacks++
    if (this.#endsInNumber(start, space)) this.#stacksWithNumber++
    if (ticks > 0)
      this.#draft.add({ stackId, threadId: this.#threadId, labelsId: 0, ticks, weightNanos: ticks })
  }

  finish(): Profile {
    if (this.#stacks === 0) throw unreadable('this file of collapsed stacks has no stacks in it')
    if (this.#stacks === this.#stacksWithNumber)
      throw unreadable('every line has two numbers: this is a comparison of two profiles, not a profile')
    return this.#draft.finish({ savedAs: { format: 'collapsed', view: null, weightUnit: 'ticks' } })
  }

  // Frames that the line before began with, byte for byte, are the same stacks. In a sorted file that is most of them.
  #stackId(start: number, end: number): number {
    const bytes = this.#bytes
    const lastStart = this.#lastStart
    let depth = 0
    let frameStart = start
    let known = start
    while (depth < this.#lastEnds.length) {
      const frameEnd = start + (this.#lastEnds[depth] as number)
      if (frameEnd > end || (frameEnd < end && bytes[frameEnd] !== SEMICOLON)) break
      while (known < frameEnd && bytes[known] === bytes[lastStart + known - start]) known++
      if (known < frameEnd) break
      frameStart = frameEnd + 1
      depth++
    }
    let stackId = depth === 0 ? -1 : (this.#lastStackIds[depth - 1] as number)
    while (frameStart <= end) {
      let frameEnd = frameStart
      while (frameEnd < end && bytes[frameEnd] !== SEMICOLON) frameEnd++
      if (frameEnd > frameStart) {
        const words = this.#text.toString('utf8', frameStart, frameEnd)
        const isThread = depth === 0 && this.#startThread(words)
        if (!isThread) stackId = this.#draft.push(stackId, this.#frameId(words))
        this.#lastEnds[depth] = frameEnd - start
        this.#lastStackIds[depth] = stackId
        depth++
      }
      frameStart = frameEnd + 1
    }
    this.#lastEnds.length = this.#lastStackIds.length = depth
    this.#lastStart = start
    return stackId < 0 ? this.#draft.push(-1, this.#frameId('(no frames)')) : stackId
  }

  #startThread(root: string): boolean {
    const [, thread] = THREAD_ROOT.exec(root) ?? []
    this.#threadId =
      thread === undefined ? this.#unnamedThreadId : this.#draft.thread(threadOfText(thread, 0))
    return thread !== undefined
  }

  #frameId(words: string): number {
    let id = this.#frameIds.get(words)
    if (id === undefined) this.#frameIds.set(words, (id = this.#draft.frame(frameOfText(words))))
    return id
  }

  #endsInNumber(start: number, end: number): boolean {
    let at = end - 1
    while (at > start && (this.#bytes[at] as number) >= 48 && (this.#bytes[at] as number) <= 57) at--
    return at < end - 1 && at > start && this.#bytes[at] === SPACE
  }
}

function isBlank(byte: number | undefined): boolean {
  return byte === CARRIAGE_RETURN || byte === SPACE || byte === TAB
}
