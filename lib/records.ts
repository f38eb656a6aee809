// records.ts — bytes from the addon → ticks. Pure. The layout is defined in native/record.h; this is its only reader.
//
// Addresses become numbers: user space has at most 57 bits on any supported machine, and 47 in practice, and a number
// holds 53 exactly.

const RECORD_SAMPLE = 1
const RECORD_OVERFLOW = 2
const RECORD_THREAD = 4
const RECORD_COMPARISON = 5

/** How long a record of each kind is at least. */
const FEWEST_WORDS: Readonly<Record<number, number>> = {
  [RECORD_SAMPLE]: 4,
  [RECORD_OVERFLOW]: 3,
  [RECORD_THREAD]: 5,
  [RECORD_COMPARISON]: 7,
}

/** In the header of a sample. */
const CODE_IS_MOVING = 1 << 24
const HAS_LABELS = 1 << 25

/** In an address: the mark of one outside V8's code, in the upper half of the word. */
const NATIVE_HIGH = 2 ** 31
/** In the place of an address: frames were left out here. */
export const FRAMES_LEFT_OUT = 0

const WORD_BYTES = 8
const FIXED_SAMPLE_BYTES = 4 * WORD_BYTES
const HIGH = 2 ** 32

/** V8's account of what it was doing at a tick (v8::StateTag, the same order on all supported versions). */
export const VM_STATES = [
  'js',
  'gc',
  'parser',
  'bytecode-compiler',
  'compiler',
  'other',
  'external',
  'atomics-wait',
  'idle',
  'logging',
] as const
export type VmState = (typeof VM_STATES)[number]

/** A tick with its stack, as the handler wrote it. */
export interface RawSample {
  readonly kind: 'sample'
  /** CLOCK_MONOTONIC, the clock of process.hrtime(). */
  readonly timeNanos: number
  /** How many code events had been logged at the tick. */
  readonly sequence: number
  /** The number that the thread was attached under; 0 for a thread without JavaScript. */
  readonly threadNumber: number
  /** The kernel's id of the thread. */
  readonly tid: number
  readonly ticks: number
  readonly vmState: VmState
  /** The number of the set of labels that the thread ran under; 0 for none. See Binding. */
  readonly labelNumber: number
  /** A collection was moving code: an address may be the one that it has after the next code event. */
  readonly codeIsMoving: boolean
  /**
   * Leaf-first. The first is the interrupted instruction, the others are return addresses. Those outside V8's code are
   * negative: minus the address. {@link FRAMES_LEFT_OUT} stands for frames beyond the depth limit. Empty for a tick that was
   * due when sampling ended: it stands for the time since the thread's last sample.
   */
  readonly addresses: Float64Array
}

/** A thread that runs no JavaScript, met for the first time. */
export interface RawThread {
  readonly kind: 'thread'
  readonly timeNanos: number
  readonly tid: number
  /** The kernel's name for it; at most 15 bytes, perhaps empty. */
  readonly name: string
}

/** Ticks that found the ring full, at their place in the stream. */
export interface RawOverflow {
  readonly kind: 'overflow'
  readonly timeNanos: number
  readonly ticks: number
}

/** What became of our own walk, in the order of native/stack_walker.h. */
export const WALK_OUTCOMES = ['whole', 'by-v8', 'not-walkable'] as const
export type WalkOutcome = (typeof WALK_OUTCOMES)[number]

/** The tick before it, walked once more by V8; only from an addon that was built to compare walks. */
export interface RawComparison {
  readonly kind: 'comparison'
  readonly timeNanos: number
  readonly tid: number
  readonly vmState: VmState
  readonly outcome: WalkOutcome
  /** V8 walked before we did, so that our walk found the stack in the processor's cache. */
  readonly v8First: boolean
  /** The leaf's caller could not be found, so there was nothing to begin with. */
  readonly callerUnknown: boolean
  /** In cycles of the processor's time stamp counter. */
  readonly cycles: {
    /** Our whole walk, with the question for V8's state. */
    readonly own: number
    readonly v8: number
    readonly vmState: number
    /** All that the handler does for a tick without comparisons, our walk included. */
    readonly handler: number
  }
  /** The frame at which our own walk came to no end, as an address of a sample, and what stood there for the return address. */
  readonly brokenAt: number
  readonly refused: number
  /** As V8 has them, leaf-first, like those of a sample. */
  readonly addresses: Float64Array
}

export type RawRecord = RawSample | RawOverflow | RawThread | RawComparison

/** The records of one drain, in order. Throws RangeError on bytes that are no records. */
export function decodeRecords(bytes: Buffer): RawRecord[] {
  const records: RawRecord[] = []
  const words = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  // One array for all: each would have memory of its own outside of the heap.
  const allAddresses = new Float64Array(Math.floor(bytes.byteLength / WORD_BYTES))
  const wordAt = (byte: number): number =>
    words.getUint32(byte, true) + words.getUint32(byte + 4, true) * HIGH
  const addressAt = (byte: number): number => {
    const high = words.getUint32(byte + 4, true)
    return high < NATIVE_HIGH
      ? words.getUint32(byte, true) + high * HIGH
      : -(words.getUint32(byte, true) + (high - NATIVE_HIGH) * HIGH)
  }
  const addressesAt = (byte: number, endByte: number): Float64Array => {
    const first = byte / WORD_BYTES
    const end = endByte / WORD_BYTES
    for (let i = first; i < end; i++) allAddresses[i] = addressAt(i * WORD_BYTES)
    return allAddresses.subarray(first, end)
  }
  for (let at = 0; at < bytes.byteLength;) {
    const header = words.getUint32(at, true)
    const kind = header & 0xff
    const lengthBytes = words.getUint32(at + 4, true) * WORD_BYTES
    const fewestWords = FEWEST_WORDS[kind]
    if (fewestWords === undefined) {
      throw new RangeError(`record at byte ${at} is of an unknown kind, ${kind}`)
    }
    if (lengthBytes < fewestWords * WORD_BYTES || at + lengthBytes > bytes.byteLength) {
      throw new RangeError(`record at byte ${at} has an impossible length of ${lengthBytes}`)
    }
    if (kind === RECORD_SAMPLE) {
      const labelBytes = (header & HAS_LABELS) === 0 ? 0 : WORD_BYTES
      if (lengthBytes < FIXED_SAMPLE_BYTES + labelBytes)
        throw new RangeError(`record at byte ${at} has no room for its labels`)
      records.push({
        kind: 'sample',
        timeNanos: wordAt(at + 8),
        sequence: words.getUint32(at + 16, true),
        threadNumber: words.getUint32(at + 20, true),
        ticks: words.getUint32(at + 24, true),
        tid: words.getUint32(at + 28, true),
        vmState: VM_STATES[(header >>> 16) & 0xff] ?? 'other',
        labelNumber: labelBytes === 0 ? 0 : words.getUint32(at + FIXED_SAMPLE_BYTES, true),
        codeIsMoving: (header & CODE_IS_MOVING) !== 0,
        addresses: addressesAt(at + FIXED_SAMPLE_BYTES + labelBytes, at + lengthBytes),
      })
    } else if (kind === RECORD_OVERFLOW) {
      records.push({ kind: 'overflow', timeNanos: wordAt(at + 8), ticks: wordAt(at + 16) })
    } else if (kind === RECORD_THREAD) {
      const name = bytes.toString('utf8', at + 24, at + 40).replace(/\0.*$/s, '')
      records.push({ kind: 'thread', timeNanos: wordAt(at + 8), tid: wordAt(at + 16), name })
    } else {
      const flags = words.getUint32(at + 20, true)
      records.push({
        kind: 'comparison',
        timeNanos: wordAt(at + 8),
        tid: words.getUint32(at + 16, true),
        vmState: VM_STATES[header >>> 16] ?? 'other',
        outcome: WALK_OUTCOMES[flags & 0xff] ?? 'not-walkable',
        v8First: (flags & 0x100) !== 0,
        callerUnknown: (flags & 0x200) !== 0,
        cycles: {
          own: words.getUint32(at + 24, true),
          v8: words.getUint32(at + 28, true),
          vmState: words.getUint32(at + 32, true),
          handler: words.getUint32(at + 36, true),
        },
        brokenAt: addressAt(at + 40),
        refused: wordAt(at + 48),
        addresses: addressesAt(at + 56, at + lengthBytes),
      })
    }
    at += lengthBytes
  }
  return records
}
