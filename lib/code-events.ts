// code-events.ts — bytes from the addon → what V8 said about code. Pure. The layout is defined in native/code_events.cc; this is
// its only reader. Most code is never sampled: names and tables stay bytes until somebody asks.

const EVENT_ADDED = 1
const EVENT_MOVED = 2
const EVENT_SCRIPT = 3
const EVENT_LISTING = 4
const EVENT_LOST = 5

/** v8::JitCodeEvent::CodeType, the same on all supported versions. */
const CODE_TYPE_WASM = 2

const WORD_BYTES = 8
const HIGH = 2 ** 32
const NOT_KNOWN = 0xffff_ffff
const ADDED_BYTES = 48
const SCRIPT_BYTES = 40
const CALL_BYTES = 12
const FUNCTION_BYTES = 8

/** Bytes of a drain that nobody has looked at. */
export interface Slice {
  readonly bytes: Buffer
  readonly start: number
  readonly end: number
}

/** A function's code lies here from now on, and nothing that overlapped it is left. */
export interface CodeAdded {
  readonly kind: 'added'
  readonly sequence: number
  readonly start: number
  readonly sizeBytes: number
  /** V8's own name for it; {@link nameOfCode} reads it. */
  readonly name: Slice
  /** One of V8's builtins that JavaScript can call, not a helper that compiled code shares. */
  readonly isCallableBuiltin: boolean
  /** Compiled from WebAssembly; the name is then of another form. */
  readonly isWasm: boolean
  /** V8's id of the script it comes from; 0 for none. */
  readonly scriptId: number
  /** The function's number in its script, which all code of it has; -1 if not known. */
  readonly literalId: number
  /** Which place of the script an instruction comes from: a {@link PositionTable}. Empty if not known. */
  readonly positions: Slice
  /** {@link inlinedCallsOf} and {@link inlinedFunctionsOf} read them. */
  readonly inlinedCalls: Slice
  readonly inlinedFunctions: Slice
}

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

/** The same with bytes of its own, so that it does not keep those of a whole drain. */
export function detached(code: CodeAdded): CodeAdded {
  const { name, positions, inlinedCalls, inlinedFunctions } = code
  return {
    ...code,
    name: copyOf(name),
    positions: copyOf(positions),
    inlinedCalls: copyOf(inlinedCalls),
    inlinedFunctions: copyOf(inlinedFunctions),
  }
}

/** A slice of bytes of its own. */
export function copyOf({ bytes, start, end }: Slice): Slice {
  return { bytes: Buffer.from(bytes.subarray(start, end)), start: 0, end: end - start }
}

/** A function of an isolate. */
export interface FunctionKey {
  readonly scriptId: number
  readonly literalId: number
}

/** A call that a compiler has inlined. */
export interface InlinedCall {
  /** Where the call stands: in the script of the function that calls; -1 if nowhere. */
  readonly scriptOffset: number
  /** The inlined call that it stands in, by its index; -1: the outer function. */
  readonly parent: number
  /** What is called: an index into the inlined functions; -1: the outer function itself. */
  readonly function: number
}

/** V8's own name for a piece of code, such as `JS:*parse /app/file.js:10:3`. */
export function nameOfCode({ name }: Pick<CodeAdded, 'name'>): string {
  return textOf(name)
}

/** By their numbers in the positions of the code; callers have smaller ones than what is inlined into them. */
export function inlinedCallsOf({ inlinedCalls: { bytes, start, end } }: CodeAdded): InlinedCall[] {
  const calls: InlinedCall[] = []
  for (let at = start; at < end; at += CALL_BYTES) {
    calls.push({
      scriptOffset: bytes.readInt32LE(at),
      parent: bytes.readInt32LE(at + 4),
      function: bytes.readInt32LE(at + 8),
    })
  }
  return calls
}

export function inlinedFunctionsOf({ inlinedFunctions: { bytes, start, end } }: CodeAdded): FunctionKey[] {
  const functions: FunctionKey[] = []
  for (let at = start; at < end; at += FUNCTION_BYTES) {
    functions.push({ scriptId: bytes.readUInt32LE(at), literalId: bytes.readUInt32LE(at + 4) })
  }
  return functions
}

/** The offset at which each line ends. In bytes: how much further than the line before, 7 bits each, low ones first. */
export function lineEndsOf({ bytes, start, end }: Slice): Uint32Array {
  const lineEnds: number[] = []
  let lineEnd = -1
  let further = 0
  let shift = 0
  for (let at = start; at < end; at++) {
    const byte = bytes[at] as number
    further |= (byte & 0x7f) << shift
    shift += 7
    if (byte >= 0x80) continue
    lineEnd += further
    lineEnds.push(lineEnd)
    further = 0
    shift = 0
  }
  return Uint32Array.from(lineEnds)
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
  readonly #bytes: Buffer
  // Not the buffer's own methods: a program's first drain has thousands of events, and runs before anything is optimized.
  readonly #view: DataView
  /** The slice of all that is empty, as most tables are. */
  readonly #nothing: Slice
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#nothing = { bytes, start: 0, end: 0 }
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
    const view = this.#view
    const literalId = view.getUint32(at + 32, true)
    const positions = this.#take(view.getUint32(at + 36, true), at)
    const inlinedCalls = this.#take(view.getUint32(at + 40, true) * CALL_BYTES, at)
    const inlinedFunctions = this.#take(view.getUint32(at + 44, true) * FUNCTION_BYTES, at)
    return {
      kind: 'added',
      sequence: view.getUint32(at + 4, true),
      start: this.#word(at + 8),
      sizeBytes: this.#word(at + 16),
      isCallableBuiltin: view.getUint8(at + 2) === 1,
      isWasm: view.getUint8(at + 1) === CODE_TYPE_WASM,
      scriptId: view.getUint32(at + 24, true),
      literalId: literalId === NOT_KNOWN ? -1 : literalId,
      positions,
      inlinedCalls,
      inlinedFunctions,
      name: this.#take(view.getUint32(at + 28, true), at),
    }
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
    if (length === 0) return this.#nothing
    const start = this.#at
    if (start + length > this.#view.byteLength) {
      throw new RangeError(
        `code event at byte ${eventAt} has an impossible length of ${start + length - eventAt}`,
      )
    }
    this.#at = start + Math.ceil(length / WORD_BYTES) * WORD_BYTES
    return { bytes: this.#bytes, start, end: start + length }
  }

  #word(at: number): number {
    return this.#view.getUint32(at, true) + this.#view.getUint32(at + 4, true) * HIGH
  }
}

function textOf({ bytes, start, end }: Slice): string {
  return bytes.toString('utf8', start, end)
}
