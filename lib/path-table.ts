// path-table.ts — interns paths through a tree, millions of them in little memory: a path is its last step, and the path
// before. Neighbours: stack-table.ts (stacks of a recording), readers/ (of a file), fold.ts (of words).
// 8 bytes for each path, and 8 to 16 in the hash table. A Map for each caller, as a recording of few stacks could have,
// takes 200 and more.

import { getHeapStatistics } from 'node:v8'
import { NativeprofError } from './errors.js'

const FIRST_CAPACITY = 1 << 8
/** Of the object that a profile has for each stack: three words of header, two values, and its place in the array. */
const BYTES_PER_STACK = 48

/** Grows only. Ids count from 0; that of the path before is smaller. */
export class PathTable {
  #parentIds = new Int32Array(FIRST_CAPACITY)
  #steps = new Int32Array(FIRST_CAPACITY)
  // Open addressing: id + 1 of a path, or 0. At most half full.
  #slots = new Int32Array(FIRST_CAPACITY * 2)
  #length = 0
  // Half of what the heap may grow to is left to whoever works with the profile.
  readonly #most: number = Math.floor(getHeapStatistics().heap_size_limit / 2 / BYTES_PER_STACK)

  get length(): number {
    return this.#length
  }

  parentOf(id: number): number {
    return this.#parentIds[id] ?? -1
  }

  stepOf(id: number): number {
    return this.#steps[id] ?? -1
  }

  /** The id of the path that goes one step on from `parentId`, -1 for none. Throws ERR_NATIVEPROF_INPUT_TOO_LARGE. */
  push(parentId: number, step: number): number {
    const mask = this.#slots.length - 1
    let slot = hash(parentId, step) & mask
    for (;;) {
      const id = (this.#slots[slot] as number) - 1
      if (id < 0) break
      if (this.#parentIds[id] === parentId && this.#steps[id] === step) return id
      slot = (slot + 1) & mask
    }
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

  /** Frees what is only needed for {@link push}, which must not be called any more. */
  freeze(): void {
    this.#slots = new Int32Array(0)
  }

  #grow(): void {
    if (this.#length >= this.#most) {
      throw new NativeprofError(
        'ERR_NATIVEPROF_INPUT_TOO_LARGE',
        `the profile has more than ${this.#most} different stacks, callers counted, which is more than the memory of this ` +
          'process is for; give it more (NODE_OPTIONS=--max-old-space-size=…), or record for a shorter time',
      )
    }
    const capacity = this.#parentIds.length * 2
    this.#slots = new Int32Array(0) // so that it is not there twice
    this.#parentIds = grown(this.#parentIds, capacity)
    this.#steps = grown(this.#steps, capacity)
    this.#slots = new Int32Array(capacity * 2)
    const mask = this.#slots.length - 1
    for (let id = 0; id < this.#length; id++) {
      let slot = hash(this.#parentIds[id] as number, this.#steps[id] as number) & mask
      while (this.#slots[slot] !== 0) slot = (slot + 1) & mask
      this.#slots[slot] = id + 1
    }
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
