// wire-reader.ts — the wire format of protocol buffers: fields one after another, without an object for each. Pure.
// Format: https://protobuf.dev/programming-guides/encoding. pprof-format, which writes, makes objects of everything it reads:
// 920 MB for a file of 97 MB, measured, before there is a profile; and it takes what is cut off for the end.

import { unreadable } from './input-errors.js'

const VARINT = 0
const FIXED_64 = 1
const BYTES = 2
const FIXED_32 = 5
const TWO_TO_32 = 2 ** 32

/** A cursor over a range of bytes. Throws ERR_NATIVEPROF_INPUT where they do not hold what they announce. */
export class WireReader {
  /** Number of the field that {@link next} came to. */
  field = 0
  /** Where the bytes of that field begin and end, if it has bytes. */
  start = 0
  end = 0
  readonly #bytes: Uint8Array
  #position: number
  #limit: number
  #wire = VARINT

  constructor(bytes: Uint8Array, start = 0, end: number = bytes.length) {
    this.#bytes = bytes
    this.#position = start
    this.#limit = end
  }

  /** Starts again on another range of the same bytes. */
  reset(start: number, end: number): this {
    this.#position = start
    this.#limit = end
    return this
  }

  /** Goes to the next field; false at the end. Its value is {@link number}, or lies between `start` and `end`. */
  next(): boolean {
    if (this.#position >= this.#limit) return false
    const tag = this.varint()
    this.field = Math.floor(tag / 8)
    this.#wire = tag % 8
    if (this.field === 0) throw this.#broken('a field has the number 0')
    if (this.#wire === VARINT) {
      this.#number = this.varint()
    } else {
      const length =
        this.#wire === BYTES ? this.varint() : this.#wire === FIXED_64 ? 8 : this.#wire === FIXED_32 ? 4 : -1
      if (length < 0) throw this.#broken(`there is no wire type ${this.#wire}`)
      this.start = this.#position
      this.end = this.start + length
      if (this.end > this.#limit) throw this.#broken('it ends in the middle of a field')
      this.#position = this.end
    }
    return true
  }

  #number = 0

  /** The value of the field, an int64 as a double: exact to 2^53. Throws if the field has bytes. */
  get number(): number {
    if (this.#wire !== VARINT) throw this.#broken(`field ${this.field} should be a number`)
    return this.#number
  }

  /** Checks that the field has bytes. */
  requireBytes(): this {
    if (this.#wire !== BYTES) throw this.#broken(`field ${this.field} should not be a number`)
    return this
  }

  /** Adds the numbers of a repeated field, packed or not, to those that are in `numbers` already; returns how many there are. */
  numbersInto(numbers: number[], count: number): number {
    let length = count
    if (this.#wire === VARINT) {
      numbers[length++] = this.#number
      return length
    }
    this.requireBytes()
    const { start, end } = this
    const after = this.#position
    const limit = this.#limit
    this.#position = start
    this.#limit = end
    while (this.#position < end) numbers[length++] = this.varint()
    this.#position = after
    this.#limit = limit
    return length
  }

  /** The bytes of the field as text; what is no UTF-8 becomes U+FFFD. */
  text(decoder: InstanceType<typeof TextDecoder>): string {
    this.requireBytes()
    return decoder.decode(this.#bytes.subarray(this.start, this.end))
  }

  /** Reads a number at the cursor. Negative ones have ten bytes. */
  varint(): number {
    const bytes = this.#bytes
    let position = this.#position
    if (position < this.#limit) {
      const first = bytes[position] as number
      if (first < 128) {
        this.#position = position + 1
        return first
      }
    }
    let low = 0
    let high = 0
    for (let shift = 0; shift < 70; shift += 7) {
      if (position >= this.#limit) throw this.#broken('it ends in the middle of a number')
      const byte = bytes[position++] as number
      const bits = byte & 127
      if (shift < 28) low |= bits << shift
      else if (shift === 28) {
        low |= bits << 28
        high |= bits >>> 4
      } else if (shift < 63) high |= bits << (shift - 32)
      else high |= bits << 31
      if (byte < 128) {
        this.#position = position
        return (high | 0) * TWO_TO_32 + (low >>> 0)
      }
    }
    throw this.#broken('a number has more than ten bytes')
  }

  #broken(what: string): Error {
    return unreadable(`this is no whole pprof profile: ${what} (at byte ${this.#position})`)
  }
}
