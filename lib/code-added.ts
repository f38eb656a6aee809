// code-added.ts — the code event of which there are most: code that was added. Pure. Neighbour: code-events.ts, which finds it among the
// bytes of a drain; the layout is defined in native/code_events.cc.

/** v8::JitCodeEvent::CodeType, the same on all supported versions. */
const CODE_TYPE_WASM = 2

const WORD_BYTES = 8
const HIGH = 2 ** 32
export const NOT_KNOWN = 0xffff_ffff
/** How long the part is that all added code has. */
export const ADDED_BYTES = 48
const CALL_BYTES = 12
const FUNCTION_BYTES = 8

/** Bytes of a drain that nobody has looked at. */
export interface Slice {
  readonly bytes: Buffer
  readonly start: number
  readonly end: number
}

/** A slice of bytes of its own. */
export function copyOf({ bytes, start, end }: Slice): Slice {
  return { bytes: Buffer.from(bytes.subarray(start, end)), start: 0, end: end - start }
}

/**
 * A function's code lies here from now on, and nothing that overlapped it is left. There are tens of thousands, few of which are
 * sampled: it is where it stands among the bytes, and reads there what is asked for.
 */
export class CodeAdded {
  readonly sequence: number
  /** V8's id of the script it comes from; 0 for none. */
  readonly scriptId: number
  /** The function's number in its script, which all code of it has; -1 if not known. */
  readonly literalId: number
  /** For whoever shows the code: what has been made of it. */
  shown: unknown = undefined
  readonly #bytes: Bytes
  readonly #at: number

  /** `at`: where the event begins among `bytes`, which have been found to hold all of it. */
  constructor(bytes: Bytes, at: number) {
    const { view } = bytes
    const literalId = view.getUint32(at + 32, true)
    this.#bytes = bytes
    this.#at = at
    this.sequence = view.getUint32(at + 4, true)
    this.scriptId = view.getUint32(at + 24, true)
    this.literalId = literalId === NOT_KNOWN ? -1 : literalId
  }

  get kind(): 'added' {
    return 'added'
  }

  /** Where it lay when it was added. */
  get start(): number {
    return wordAt(this.#bytes.view, this.#at + 8)
  }

  get sizeBytes(): number {
    return this.#bytes.view.getUint32(this.#at + 16, true)
  }

  /** Of V8's name for it without the mark of the tier: equal for all code of a function. */
  get nameHash(): number {
    return this.#bytes.view.getUint32(this.#at + 20, true)
  }

  get nameBytes(): number {
    return this.#bytes.view.getUint32(this.#at + 28, true)
  }

  /** One of V8's builtins that JavaScript can call, not a helper that compiled code shares. */
  get isCallableBuiltin(): boolean {
    return this.#bytes.view.getUint8(this.#at + 2) === 1
  }

  /** Compiled from WebAssembly; the name is then of another form. */
  get isWasm(): boolean {
    return this.#bytes.view.getUint8(this.#at + 1) === CODE_TYPE_WASM
  }

  /** Which place of the script an instruction comes from: a {@link PositionTable}. Empty if not known. */
  get positions(): Slice {
    return this.#slice(0)
  }

  /** {@link inlinedCallsOf} reads them. */
  get inlinedCalls(): Slice {
    return this.#slice(1)
  }

  /** {@link inlinedFunctionsOf} reads them. */
  get inlinedFunctions(): Slice {
    return this.#slice(2)
  }

  /** V8's own name for it; {@link nameOfCode} reads it. */
  get name(): Slice {
    return this.#slice(3)
  }

  /** The same with bytes of its own, so that it does not keep those of a whole drain. */
  detached(): CodeAdded {
    const bytes = Buffer.from(this.#bytes.bytes.subarray(this.#at, paddedEnd(this.name)))
    return new CodeAdded({ bytes, view: viewOf(bytes) }, 0)
  }

  /** One of those behind the fixed part, in their order. */
  #slice(index: number): Slice {
    const { bytes, view } = this.#bytes
    const lengths = addedLengths(view, this.#at)
    let start = this.#at + ADDED_BYTES
    for (let i = 0; i < index; i++) start += padded(lengths[i] as number)
    return { bytes, start, end: start + (lengths[index] as number) }
  }
}

/** Those of a drain, with what reads numbers from them: the buffer's own methods are slow until they are optimized. */
export interface Bytes {
  readonly bytes: Buffer
  readonly view: DataView
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

/** Of what is behind the fixed part of added code, in bytes: positions, inlined calls, inlined functions, name. */
export function addedLengths(view: DataView, at: number): readonly number[] {
  return [
    view.getUint32(at + 36, true),
    view.getUint32(at + 40, true) * CALL_BYTES,
    view.getUint32(at + 44, true) * FUNCTION_BYTES,
    view.getUint32(at + 28, true),
  ]
}

export function viewOf({ buffer, byteOffset, byteLength }: Buffer): DataView {
  return new DataView(buffer, byteOffset, byteLength)
}

export function wordAt(view: DataView, at: number): number {
  return view.getUint32(at, true) + view.getUint32(at + 4, true) * HIGH
}

export function padded(length: number): number {
  return Math.ceil(length / WORD_BYTES) * WORD_BYTES
}

function paddedEnd({ start, end }: Slice): number {
  return start + padded(end - start)
}

/** What stands there in UTF-8. */
export function textOf({ bytes, start, end }: Slice): string {
  return bytes.toString('utf8', start, end)
}
