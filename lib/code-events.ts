// code-events.ts — bytes from the addon → what V8 said about code. Pure. The layout is defined in native/code_events.cc; this is
// its only reader. Most code is never sampled: names and tables stay bytes until somebody asks.

import {
  ADDED_BYTES,
  CodeAdded,
  NOT_KNOWN,
  addedLengths,
  padded,
  textOf,
  viewOf,
  wordAt,
} from './code-added.js'
import type { Bytes, FunctionKey, Slice } from './code-added.js'

const EVENT_ADDED = 1
const EVENT_MOVED = 2
const EVENT_SCRIPT = 3
const EVENT_LISTING = 4
const EVENT_LOST = 5

const WORD_BYTES = 8
const SCRIPT_BYTES = 40

/** What the garbage collector moved in one go: `moves` holds pairs of old and new start. */
export interface CodeMoved {
  readonly kind: 'moved'
  readonly sequence: number
  readonly moves: Float64Array
}

/** A script, told before the first code of it. */
export interface ScriptTold {
  readonly kind: 'script'
  readonly sequence: number
  readonly scriptId: number
  /** What has to be added to a line, and to a column of the first line. */
  readonly lineOffset: number
  readonly columnOffset: number
  /** For evaluated code, the function that evaluated it, and where in that one's script (-1: not known); null for any other. */
  readonly evaluatedIn: { readonly function: FunctionKey; readonly scriptOffset: number } | null
  /** {@link lineEndsOf} reads them. */
  readonly lineEnds: Slice
  /** In UTF-8; {@link sourceMapUrlOf} reads it. */
  readonly sourceMapUrl: Slice
}

/** Between its begin and its end, V8 lists all code that there is; some of it may have been added before. */
export interface Listing {
  readonly kind: 'listing'
  readonly sequence: number
  readonly isEnd: boolean
}

/** There was no room for what came then: nothing that was told before holds, until the next listing. */
export interface Lost {
  readonly kind: 'lost'
  readonly sequence: number
}

export type CodeEvent = CodeAdded | CodeMoved | ScriptTold | Listing | Lost

/** The offset at which each line ends. In bytes: how much further than the line before, 7 bits each, low ones first. */
export function lineEndsOf({ bytes, start, end }: Slice): Uint32Array {
  let lines = 0
  for (let at = start; at < end; at++) if ((bytes[at] as number) < 0x80) lines++
  const lineEnds = new Uint32Array(lines)
  let line = 0
  let lineEnd = -1
  let further = 0
  let shift = 0
  for (let at = start; at < end; at++) {
    const byte = bytes[at] as number
    further |= (byte & 0x7f) << shift
    shift += 7
    if (byte >= 0x80) continue
    lineEnd += further
    lineEnds[line++] = lineEnd
    further = 0
    shift = 0
  }
  return lineEnds
}

export function sourceMapUrlOf({ sourceMapUrl }: Pick<ScriptTold, 'sourceMapUrl'>): string {
  return textOf(sourceMapUrl)
}

/** The code events of one drain, in order. Throws RangeError on bytes that are none. */
export function decodeCodeEvents(bytes: Buffer): CodeEvent[] {
  const events: CodeEvent[] = []
  for (const reader = new Reader(bytes); !reader.isAtEnd;) events.push(reader.next())
  return events
}

class Reader {
  readonly #bytes: Bytes
  readonly #view: DataView
  #at = 0

  constructor(bytes: Buffer) {
    this.#view = viewOf(bytes)
    this.#bytes = { bytes, view: this.#view }
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#view.byteLength
  }

  next(): CodeEvent {
    const at = this.#at
    const kind = this.#view.getUint8(at)
    switch (kind) {
      case EVENT_ADDED:
        return this.#added(at)
      case EVENT_MOVED:
        return this.#moved(at)
      case EVENT_SCRIPT:
        return this.#script(at)
      case EVENT_LOST:
        this.#take(WORD_BYTES, at)
        return { kind: 'lost', sequence: this.#view.getUint32(at + 4, true) }
      case EVENT_LISTING:
        this.#take(WORD_BYTES, at)
        return {
          kind: 'listing',
          sequence: this.#view.getUint32(at + 4, true),
          isEnd: this.#view.getUint8(at + 2) === 1,
        }
      default:
        throw new RangeError(`code event at byte ${at} is of an unknown kind, ${kind}`)
    }
  }

  #added(at: number): CodeAdded {
    this.#take(ADDED_BYTES, at)
    for (const length of addedLengths(this.#view, at)) this.#skip(length, at)
    return new CodeAdded(this.#bytes, at)
  }

  #moved(at: number): CodeMoved {
    this.#take(2 * WORD_BYTES, at)
    const { start, end } = this.#take(this.#word(at + 8) * 2 * WORD_BYTES, at)
    const moves = new Float64Array((end - start) / WORD_BYTES)
    for (let i = 0; i < moves.length; i++) moves[i] = this.#word(start + i * WORD_BYTES)
    return { kind: 'moved', sequence: this.#view.getUint32(at + 4, true), moves }
  }

  #script(at: number): ScriptTold {
    this.#take(SCRIPT_BYTES, at)
    const view = this.#view
    const literalId = view.getUint32(at + 28, true)
    const scriptOffset = view.getInt32(at + 32, true)
    return {
      kind: 'script',
      sequence: view.getUint32(at + 4, true),
      scriptId: view.getUint32(at + 8, true),
      lineOffset: view.getInt32(at + 12, true),
      columnOffset: view.getInt32(at + 16, true),
      evaluatedIn:
        literalId === NOT_KNOWN
          ? null
          : { function: { scriptId: view.getUint32(at + 24, true), literalId }, scriptOffset },
      lineEnds: this.#take(view.getUint32(at + 20, true), at),
      sourceMapUrl: this.#take(view.getUint32(at + 36, true), at),
    }
  }

  /** The next bytes of the event at `eventAt`, and past the zeroes behind them. */
  #take(length: number, eventAt: number): Slice {
    const start = this.#at
    this.#skip(length, eventAt)
    return { bytes: this.#bytes.bytes, start, end: start + length }
  }

  #skip(length: number, eventAt: number): void {
    const start = this.#at
    if (start + length > this.#view.byteLength) {
      throw new RangeError(
        `code event at byte ${eventAt} has an impossible length of ${start + length - eventAt}`,
      )
    }
    this.#at = start + padded(length)
  }

  #word(at: number): number {
    return wordAt(this.#view, at)
  }
}
