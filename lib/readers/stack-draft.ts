// stack-draft.ts — interns millions of stacks in little memory, while a file is read. Neighbours: profile-draft.ts, which
// has the rest of a profile; stack-table.ts, which does the same for a recording, where stacks are few.
// A node takes 8 bytes here and 8 to 16 in the hash table; the objects of a profile, made at the end, take 48.

import { getHeapStatistics } from 'node:v8'
import type { Stack } from '../profile.js'
import { tooLarge } from './input-errors.js'

const FIRST_CAPACITY = 1 << 12
const BYTES_PER_STACK = 48

/** Grows only. Ids count from 0; a caller's is smaller than its callees'. */
export class StackDraft {
  #parentIds = new Int32Array(FIRST_CAPACITY)
  #frameIds = new Int32Array(FIRST_CAPACITY)
  // Open addressing: id + 1 of a stack, or 0. At most half full.
  #slots = new Int32Array(FIRST_CAPACITY * 2)
  #length = 0
  // Half of what the heap may grow to is left to whoever works with the profile.
  readonly #most: number = Math.floor(getHeapStatistics().heap_size_limit / 2 / BYTES_PER_STACK)

  /**
   * The id of the stack in which `frameId` is called from the stack `parentId`, -1 for a root. Throws
   * ERR_NATIVEPROF_INPUT_TOO_LARGE where there are too many for the memory.
   */
  push(parentId: number, frameId: number): number {
    const mask = this.#slots.length - 1
    let slot = hash(parentId, frameId) & mask
    for (;;) {
      const id = (this.#slots[slot] as number) - 1
      if (id < 0) break
      if (this.#parentIds[id] === parentId && this.#frameIds[id] === frameId) return id
      slot = (slot + 1) & mask
    }
    const id = this.#length
    if (id === this.#parentIds.length) {
      this.#grow()
      return this.push(parentId, frameId)
    }
    this.#parentIds[id] = parentId
    this.#frameIds[id] = frameId
    this.#slots[slot] = id + 1
    this.#length = id + 1
    return id
  }

  /** All of them as a profile has them. The draft is empty afterwards. */
  finish(): Stack[] {
    const stacks: Stack[] = []
    for (let id = 0; id < this.#length; id++)
      stacks.push({ frameId: this.#frameIds[id] as number, parentId: this.#parentIds[id] as number })
    this.#length = 0
    this.#parentIds = this.#frameIds = this.#slots = new Int32Array(0)
    return stacks
  }

  #grow(): void {
    const capacity = this.#parentIds.length * 2
    if (this.#length >= this.#most) {
      throw tooLarge(
        `the profile has more than ${this.#most} different stacks, callers counted, which is more than the memory of this ` +
          'process is for; give it more (NODE_OPTIONS=--max-old-space-size=…), or record for a shorter time',
      )
    }
    this.#parentIds = grown(this.#parentIds, capacity)
    this.#frameIds = grown(this.#frameIds, capacity)
    this.#slots = new Int32Array(capacity * 2)
    const mask = this.#slots.length - 1
    for (let id = 0; id < this.#length; id++) {
      let slot = hash(this.#parentIds[id] as number, this.#frameIds[id] as number) & mask
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
function hash(parentId: number, frameId: number): number {
  let mixed = Math.imul(parentId + 1, 0x9e3779b1) ^ Math.imul(frameId + 1, 0x85ebca6b)
  mixed ^= mixed >>> 15
  mixed = Math.imul(mixed, 0x2c1b3c6d)
  return mixed ^ (mixed >>> 13)
}
