// path-table.ts — interns paths through a tree, millions of them in little memory: a path is its last step, and the path
// before. Neighbours: stack-table.ts (stacks of a recording), readers/ (of a file), fold.ts (of words).
// 8 bytes for each path, and 8 to 16 in the hash table. A Map for each caller, as a recording of few stacks could have,
// takes 200 and more.

import { getHeapStatistics } from 'node:v8'
import { NativeprofError } from './errors.js'

const FIRST_CAPACITY = 1 << 8
/** How far from that of the path before the slot of a path may be, at first; all bits are set. */
const NEIGHBOURS = 7
/** Of the object that a profile has for each stack: three words of header, two values, and its place in the array. */
const BYTES_PER_STACK = 48

/** What {@link PathTable.children} gives. */
export interface Children {
  (id: number): Iterable<number>
  has(id: number): boolean
}

/** Grows only. Ids count from 0; that of the path before is smaller. */
export class PathTable {
  #parentIds = new Int32Array(FIRST_CAPACITY)
  #steps = new Int32Array(FIRST_CAPACITY)
  // Open addressing: id + 1 of a path, or 0. At most half full.
  #slots = new Int32Array(FIRST_CAPACITY * 2)
  #length = 0
  // Half of what the heap may grow to is left to whoever works with the profile.
  /** How many it holds at most; what is beyond it throws. */
  readonly most: number = Math.floor(getHeapStatistics().heap_size_limit / 2 / BYTES_PER_STACK)

  get length(): number {
    return this.#length
  }

  parentOf(id: number): number {
    return this.#parentIds[id] ?? -1
  }

  stepOf(id: number): number {
    return this.#steps[id] ?? -1
  }

  /** Makes room for so many, that it need not be made again and again. */
  reserve(length: number): void {
    if (length > this.#parentIds.length) this.#growTo(2 ** Math.ceil(Math.log2(Math.min(length, this.most))))
  }

  /** The id of the path that goes one step on from `parentId`, -1 for none. Throws ERR_NATIVEPROF_INPUT_TOO_LARGE. */
  push(parentId: number, step: number): number {
    const slot = this.#slotOf(parentId, step)
    const known = (this.#slots[slot] as number) - 1
    if (known >= 0) return known
    const id = this.#length
    if (id === this.#parentIds.length) {
      this.#grow()
      return this.push(parentId, step)
    }
    this.#parentIds[id] = parentId
    this.#steps[id] = step
    this.#slots[slot] = id + 1
    this.#length = id + 1
    return id
  }

  /** The same if it is there already; -1 if not. */
  find(parentId: number, step: number): number {
    return (this.#slots[this.#slotOf(parentId, step)] as number) - 1
  }

  /** The paths that go one step on from one, -1 for none, in the order of their ids: of all that are there now. */
  children(): Children {
    const first = new Int32Array(this.#length + 1).fill(-1) // by the id + 1
    const next = new Int32Array(this.#length)
    for (let id = this.#length - 1; id >= 0; id--) {
      const parent = this.parentOf(id) + 1
      next[id] = first[parent] ?? -1
      first[parent] = id
    }
    const childrenOf = function* (id: number): Generator<number> {
      for (let child = first[id + 1] ?? -1; child >= 0; child = next[child] ?? -1) yield child
    }
    return Object.assign(childrenOf, { has: (id: number) => (first[id + 1] ?? -1) >= 0 })
  }

  /** Frees what is only needed for {@link push}, which must not be called any more. */
  freeze(): void {
    this.#slots = new Int32Array(0)
  }

  /**
   * The slot of a path, or the free one that it would have. Looked for first in the neighbourhood of the path before, for paths are added
   * and found one step after the other: this is most often in the processor's cache. Then by a hash of both, so that many steps on
   * from one path do not pile up.
   */
  #slotOf(parentId: number, step: number): number {
    const mask = this.#slots.length - 1
    let slot = (2 * parentId + (step & NEIGHBOURS)) & mask
    if (this.#isFreeOr(slot, parentId, step)) return slot
    slot = hash(parentId, step) & mask
    while (!this.#isFreeOr(slot, parentId, step)) slot = (slot + 1) & mask
    return slot
  }

  #isFreeOr(slot: number, parentId: number, step: number): boolean {
    const id = (this.#slots[slot] as number) - 1
    return id < 0 || (this.#parentIds[id] === parentId && this.#steps[id] === step)
  }

  #grow(): void {
    if (this.#length >= this.most) {
      throw new NativeprofError(
        'ERR_NATIVEPROF_INPUT_TOO_LARGE',
        `the profile has more than ${this.most} different stacks, callers counted, which is more than the memory of this ` +
          'process is for; give it more (NODE_OPTIONS=--max-old-space-size=…), or record for a shorter time',
      )
    }
    this.#growTo(this.#parentIds.length * 2)
  }

  #growTo(capacity: number): void {
    this.#slots = new Int32Array(0) // so that it is not there twice
    this.#parentIds = grown(this.#parentIds, capacity)
    this.#steps = grown(this.#steps, capacity)
    this.#slots = new Int32Array(capacity * 2)
    for (let id = 0; id < this.#length; id++)
      this.#slots[this.#slotOf(this.#parentIds[id] as number, this.#steps[id] as number)] = id + 1
  }
}

function grown(array: Int32Array<ArrayBuffer>, capacity: number): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(capacity)
  larger.set(array)
  return larger
}

// Fibonacci hashing of both, mixed down: the low bits choose the slot.
function hash(parentId: number, step: number): number {
  let mixed = Math.imul(parentId + 1, 0x9e3779b1) ^ Math.imul(step + 1, 0x85ebca6b)
  mixed ^= mixed >>> 15
  mixed = Math.imul(mixed, 0x2c1b3c6d)
  return mixed ^ (mixed >>> 13)
}
