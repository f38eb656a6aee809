// previous-sample.ts — what is kept of one sample for the next one, which mostly has the same callers.

/** The sample before, leaf-first, and the stack of each of its frames. The arrays may be longer than the sample was deep. */
export interface Previous {
  readonly addresses: Float64Array
  readonly stackIds: Int32Array
  /** 1 for each frame that is left out, for it passes through: it may turn out to be the last one. */
  readonly passes: Uint8Array
  /** How many frames at the leaf end are native. */
  readonly run: number
}

export const NO_PREVIOUS: Previous = {
  addresses: new Float64Array(0),
  stackIds: new Int32Array(0),
  passes: new Uint8Array(0),
  run: 0,
}

type Room = Pick<Previous, 'stackIds' | 'passes'>

/** Frames of a sample for which there is room at first. */
const FIRST_DEPTH = 64

/** The arrays of the sample before, and those of the next one: two pairs in turn, for each array has memory outside of the heap. */
export class Rooms {
  #used: Room = roomFor(0)
  #free: Room = roomFor(0)

  /** Not those that the call before gave. */
  next(depth: number): Room {
    const { stackIds } = this.#free
    const room = stackIds.length < depth ? roomFor(Math.max(2 * depth, FIRST_DEPTH)) : this.#free
    this.#free = this.#used
    this.#used = room
    return room
  }
}

function roomFor(depth: number): Room {
  return { stackIds: new Int32Array(depth), passes: new Uint8Array(depth) }
}
