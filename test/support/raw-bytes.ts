// raw-bytes.ts — what the addon hands over, byte for byte: records and code events, written by native/record.h and
// native/code_events.cc, not by their reader. All words are little-endian and of 64 bits.

const SAMPLE = 1n
const OVERFLOW = 2n
const THREAD = 4n
const ADDED = 1n
const MOVED = 2n
const SCRIPT = 3n
const LISTING = 4n
const LOST = 5n

/** Words, one after the other. */
export function words(...values: readonly bigint[]): Buffer {
  const bytes = Buffer.alloc(values.length * 8)
  values.forEach((value, i) => bytes.writeBigUInt64LE(value, i * 8))
  return bytes
}

/** The first word of a record. */
export function recordHeader(
  kind: bigint,
  { length, state = 0n }: { length: bigint; state?: bigint },
): bigint {
  return kind | (state << 16n) | (length << 32n)
}

/** An address outside V8's code, as it stands in a record. */
export function nativeAddress(address: number | bigint): bigint {
  return BigInt(address) | (1n << 63n)
}

/** What a sample is made of; all of it has a default. */
export interface SampleFields {
  /** v8::StateTag; JS by default. */
  readonly state?: bigint
  readonly timeNanos?: bigint
  readonly sequence?: bigint
  readonly threadNumber?: bigint
  readonly ticks?: bigint
  readonly tid?: bigint
  /** The number of a set of labels; none by default. */
  readonly labelNumber?: bigint
  /** Leaf-first, as they stand in the record. */
  readonly addresses?: readonly bigint[]
}

export function sampleRecord(fields: SampleFields): Buffer {
  const { state = 0n, timeNanos = 0n, sequence = 0n, threadNumber = 0n } = fields
  const { ticks = 1n, tid = 0n, labelNumber = 0n, addresses = [] } = fields
  const labels = labelNumber === 0n ? [] : [labelNumber]
  const length = 4n + BigInt(labels.length + addresses.length)
  return words(
    recordHeader(SAMPLE, { length, state: labels.length === 0 ? state : state | (1n << 9n) }),
    timeNanos,
    sequence | (threadNumber << 32n),
    ticks | (tid << 32n),
    ...labels,
    ...addresses,
  )
}

export function overflowRecord(timeNanos: bigint, ticks: bigint): Buffer {
  return words(recordHeader(OVERFLOW, { length: 3n }), timeNanos, ticks)
}

/** `name`: at most 16 bytes. */
export function threadRecord({
  timeNanos = 0n,
  tid,
  name,
}: {
  timeNanos?: bigint
  tid: bigint
  name: string
}): Buffer {
  const bytes = Buffer.alloc(16)
  bytes.write(name)
  return Buffer.concat([words(recordHeader(THREAD, { length: 5n }), timeNanos, tid), bytes])
}

/** What a piece of code is; all but its name has a default. */
export interface CodeFields {
  readonly name: string
  readonly sequence?: bigint
  readonly start?: bigint
  readonly sizeBytes?: bigint
  readonly scriptId?: bigint
  /** A builtin that JavaScript can call. */
  readonly callable?: boolean
  /** v8::JitCodeEvent::CodeType. */
  readonly codeType?: bigint
  /** The function's number in its script; not known by default. */
  readonly literalId?: bigint
  /** See {@link positionBytes}. */
  readonly positions?: Buffer
  /** Offset in the script, parent and function of each. */
  readonly calls?: readonly (readonly [number, number, number])[]
  /** Script id and number of each. */
  readonly functions?: readonly (readonly [number, number])[]
}

/** A code event: here lies a function from now on. */
export function codeAdded(fields: CodeFields): Buffer {
  const { name, sequence = 1n, start = 0n, sizeBytes = 0n } = fields
  const { scriptId = 0n, callable = false, codeType = 0n, literalId = 0xffff_ffffn } = fields
  const { positions = Buffer.alloc(0), calls = [], functions = [] } = fields
  const nameBytes = Buffer.from(name)
  return Buffer.concat([
    words(
      ADDED | (codeType << 8n) | (callable ? 1n << 16n : 0n) | (sequence << 32n),
      start,
      sizeBytes | (BigInt(nameHash(nameBytes)) << 32n),
      scriptId | (BigInt(nameBytes.length) << 32n),
      literalId | (BigInt(positions.length) << 32n),
      BigInt(calls.length) | (BigInt(functions.length) << 32n),
    ),
    padded(positions),
    padded(Buffer.from(Int32Array.from(calls.flat()).buffer)),
    padded(Buffer.from(Uint32Array.from(functions.flat()).buffer)),
    padded(nameBytes),
  ])
}

// FNV-1a of what is behind the mark of the tier.
function nameHash(name: Buffer): number {
  const [mark = ''] = /^[^:]*:[o~^+*']*|/.exec(name.toString('latin1')) ?? []
  return name.subarray(mark.length).reduce((hash, byte) => Math.imul(hash ^ byte, 16777619) >>> 0, 2166136261)
}

/** What a script is; all but its id has a default. */
export interface ScriptFields {
  readonly scriptId: number
  readonly sequence?: bigint
  readonly lineOffset?: number
  readonly columnOffset?: number
  readonly lineEnds?: readonly number[]
  readonly sourceMapUrl?: string
  /** Script id and number of the function, and where in it. */
  readonly evaluatedIn?: readonly [number, number, number]
}

/** A code event: a script that the code behind it is of. */
export function scriptTold(fields: ScriptFields): Buffer {
  const {
    scriptId,
    sequence = 0n,
    lineOffset = 0,
    columnOffset = 0,
    lineEnds = [],
    sourceMapUrl = '',
  } = fields
  const [evalScript, evalFunction, evalOffset] = fields.evaluatedIn ?? [0, 0xffff_ffff, -1]
  const lines = Buffer.from(lineEnds.flatMap((end, i) => variableLength(end - (lineEnds[i - 1] ?? -1))))
  const numbers = Buffer.alloc(32)
  numbers.writeUInt32LE(scriptId, 0)
  numbers.writeInt32LE(lineOffset, 4)
  numbers.writeInt32LE(columnOffset, 8)
  numbers.writeUInt32LE(lines.length, 12)
  numbers.writeUInt32LE(evalScript, 16)
  numbers.writeUInt32LE(evalFunction, 20)
  numbers.writeInt32LE(evalOffset, 24)
  numbers.writeUInt32LE(Buffer.byteLength(sourceMapUrl), 28)
  return Buffer.concat([
    words(SCRIPT | (sequence << 32n)),
    numbers,
    padded(lines),
    padded(Buffer.from(sourceMapUrl)),
  ])
}

/** A number of 7 bits a byte, low ones first. */
function variableLength(value: number): number[] {
  return value < 0x80 ? [value] : [(value % 0x80) | 0x80, ...variableLength(Math.floor(value / 0x80))]
}

/** Entries of code offset, script offset and inlined call (-1: none), as the addon writes them. */
export function positionBytes(entries: readonly (readonly [number, number, number])[]): Buffer {
  const bytes: number[] = []
  const append = (value: number): void => {
    bytes.push(...variableLength(value))
  }
  let [code, script, call] = [0, 0, -1]
  for (const [codeOffset, scriptOffset, inlinedCall] of entries) {
    const further = scriptOffset - script
    append(2 * (codeOffset - code) + (inlinedCall === call ? 0 : 1))
    append(further < 0 ? -2 * further - 1 : 2 * further)
    if (inlinedCall !== call) append(inlinedCall + 1)
    ;[code, script, call] = [codeOffset, scriptOffset, inlinedCall]
  }
  return Buffer.from(bytes)
}

/** A code event: V8 begins, or has ended, to list all code. */
export function listing(sequence: bigint, isEnd: boolean): Buffer {
  return words(LISTING | (isEnd ? 1n << 16n : 0n) | (sequence << 32n))
}

function padded(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((8 - (bytes.length % 8)) % 8)])
}

/** A code event: old start, new start, and so on. */
export function codeMoved(sequence: bigint, starts: readonly bigint[]): Buffer {
  return words(MOVED | (sequence << 32n), BigInt(starts.length / 2), ...starts)
}

/** A code event: there was no room for what came then. */
export function codeLost(sequence: bigint): Buffer {
  return words(LOST | (sequence << 32n))
}
