// code-map.ts — which function's code an address lies in, as V8's code events tell it.
//
// V8 never says that code died, and reuses its memory. So a range that is added is the end of every range it overlaps:
// without that, a sample in a new function gets the name of one that is gone.

/** A range of machine code or bytecode, and what it belongs to. */
export interface CodeRange<T> {
  readonly start: number
  /** One past the last address. */
  readonly end: number
  readonly value: T
  /** Grows with every range that comes or moves: of two, the greater one is the newer. */
  readonly order: number
}

const BUCKET_BYTES = 2048

/**
 * Address ranges that never overlap. Lookups and changes cost the size of a bucket, not of the map: every range is
 * listed, in no order, under each 2 KiB of address space that it touches.
 */
export class CodeMap<T> {
  readonly #buckets = new Map<number, CodeRange<T>[]>()
  #size = 0
  #nextOrder: number

  /** With a `before`, every range is newer than all of that one. */
  constructor(before?: CodeMap<unknown>) {
    this.#nextOrder = before === undefined ? 0 : before.#nextOrder
  }

  /** How many ranges there are. */
  get size(): number {
    return this.#size
  }

  /** Adds a range, and removes whatever it overlaps. A range without bytes is nowhere. */
  add(start: number, sizeBytes: number, value: T): void {
    if (sizeBytes > 0) this.#insert(start, start + sizeBytes, value)
  }

  /**
   * Applies the moves of one garbage collection: pairs of old and new start. All ranges leave their old places before
   * the first arrives at its new one, since a new place may be another's old one. Where unknown code arrives, whatever was
   * known of that place is forgotten.
   */
  move(moves: Float64Array): void {
    const moved: { start: number; end: number; value: T }[] = []
    const unknown: number[] = []
    for (let i = 0; i + 1 < moves.length; i += 2) {
      const oldStart = moves[i] as number
      const start = moves[i + 1] as number
      const range = this.find(oldStart)
      if (range?.start === oldStart) {
        this.#remove(range)
        moved.push({ start, end: start + range.end - oldStart, value: range.value })
      } else {
        unknown.push(start)
      }
    }
    for (const start of unknown) {
      const range = this.find(start)
      if (range !== undefined) this.#remove(range)
    }
    for (const { start, end, value } of moved) this.#insert(start, end, value)
  }

  /** The range that `address` lies in. */
  find(address: number): CodeRange<T> | undefined {
    const bucket = this.#buckets.get(keyOf(address))
    if (bucket === undefined) return undefined
    for (const range of bucket) {
      if (address >= range.start && address < range.end) return range
    }
    return undefined
  }

  /** The order that the next range to come gets. */
  get nextOrder(): number {
    return this.#nextOrder
  }

  /** Removes what came before `order`, unless `renew` returns what takes its place. */
  forgetBefore(order: number, renew: (value: T) => T | undefined): void {
    for (const range of this.ranges()) {
      if (range.order >= order) continue
      const value = renew(range.value)
      if (value === undefined) this.#remove(range)
      else this.#replace(range, { ...range, value })
    }
  }

  /** Removes everything. */
  clear(): void {
    this.#buckets.clear()
    this.#size = 0
  }

  /** All of them, in no order. */
  ranges(): CodeRange<T>[] {
    return [...new Set([...this.#buckets.values()].flat())]
  }

  #insert(start: number, end: number, value: T): void {
    const range: CodeRange<T> = { start, end, value, order: this.#nextOrder++ }
    const lastKey = keyOf(end - 1)
    for (let key = keyOf(start); key <= lastKey; key++) {
      const bucket = this.#buckets.get(key)
      if (bucket === undefined) {
        this.#buckets.set(key, [range])
        continue
      }
      for (let i = bucket.length - 1; i >= 0; i--) {
        const other = bucket[i] as CodeRange<T>
        // Removing puts the last of the bucket in this place, which has been looked at.
        if (other.start < end && start < other.end) this.#remove(other)
      }
      // The bucket may have been dropped when it became empty.
      if (bucket.length === 0) this.#buckets.set(key, bucket)
      bucket.push(range)
    }
    this.#size++
  }

  #replace(range: CodeRange<T>, by: CodeRange<T>): void {
    const lastKey = keyOf(range.end - 1)
    for (let key = keyOf(range.start); key <= lastKey; key++) {
      const bucket = this.#buckets.get(key)
      if (bucket !== undefined) bucket[bucket.indexOf(range)] = by
    }
  }

  #remove(range: CodeRange<T>): void {
    const lastKey = keyOf(range.end - 1)
    for (let key = keyOf(range.start); key <= lastKey; key++) {
      const bucket = this.#buckets.get(key)
      if (bucket === undefined) continue
      const last = bucket.pop()
      if (last !== undefined && last !== range) bucket[bucket.indexOf(range)] = last
      if (bucket.length === 0) this.#buckets.delete(key)
    }
    this.#size--
  }
}

/** Whether an address lies in one of some ranges: start and size in bytes, one after the other. */
export function isInRanges(address: number, ranges: Float64Array): boolean {
  for (let i = 0; i + 1 < ranges.length; i += 2) {
    const offset = address - (ranges[i] as number)
    if (offset >= 0 && offset < (ranges[i + 1] as number)) return true
  }
  return false
}

function keyOf(address: number): number {
  return Math.floor(address / BUCKET_BYTES)
}
