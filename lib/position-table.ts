// position-table.ts — offset in a piece of code → place in its script. Pure. PositionTableWriter in
// native/heap/position_table.h writes what this reads: per entry, as numbers of 7 bits a byte, low ones first, how much further
// in the code, twice, and 1 more if it is in another inlined call than the entry before it; how far on in the script (folded:
// 0, -1, 1, -2, …); and in that case the inlined call + 1. None needs more than 32 bits.

import type { Slice } from './code-added.js'

/** A place in a script, and the inlined call that it is in; -1: in none. */
export interface Position {
  readonly scriptOffset: number
  readonly inlinedCall: number
}

/** Most code is asked about a few times; what is asked about more often has its table taken apart. */
const LOOKUPS_IN_BYTES = 8

/** The positions of one piece of code, in order of their offsets in it. */
export class PositionTable {
  readonly #bytes: Slice
  #lookups = 0
  #codeOffsets: number[] | null = null
  readonly #positions: Position[] = []

  /** Takes what it can of bytes that end too soon. */
  constructor(bytes: Slice) {
    this.#bytes = bytes
  }

  /** The last entry before `codeOffset`, which is that of the instruction that ends there. */
  before(codeOffset: number): Position | undefined {
    if (this.#lookups++ < LOOKUPS_IN_BYTES) return lastBefore(this.#bytes, codeOffset)
    const codeOffsets = (this.#codeOffsets ??= this.#takeApart())
    let low = 0
    let high = codeOffsets.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((codeOffsets[middle] as number) < codeOffset) low = middle + 1
      else high = middle
    }
    return this.#positions[low - 1]
  }

  #takeApart(): number[] {
    const codeOffsets: number[] = []
    readEntries(this.#bytes, (codeOffset, scriptOffset, inlinedCall) => {
      codeOffsets.push(codeOffset)
      this.#positions.push({ scriptOffset, inlinedCall })
      return true
    })
    return codeOffsets
  }
}

function lastBefore(bytes: Slice, wanted: number): Position | undefined {
  const last = { entries: 0, scriptOffset: 0, inlinedCall: 0 }
  readEntries(bytes, (codeOffset, scriptOffset, inlinedCall) => {
    if (codeOffset >= wanted) return false
    last.entries++
    last.scriptOffset = scriptOffset
    last.inlinedCall = inlinedCall
    return true
  })
  const { entries, scriptOffset, inlinedCall } = last
  return entries === 0 ? undefined : { scriptOffset, inlinedCall }
}

/** Hands on one entry after the other, until `onEntry` returns false. */
function readEntries(
  { bytes, start, end }: Slice,
  onEntry: (codeOffset: number, scriptOffset: number, inlinedCall: number) => boolean,
): void {
  let codeOffset = 0
  let scriptOffset = 0
  let inlinedCall = -1
  let isOtherCall = false
  // Which of an entry's numbers comes, and what there is of it.
  let number = 0
  let value = 0
  let shift = 0
  for (let at = start; at < end; at++) {
    const byte = bytes[at] as number
    value |= (byte & 0x7f) << shift
    shift += 7
    if (byte >= 0x80) continue
    if (number === 0) {
      codeOffset += value >>> 1
      isOtherCall = (value & 1) === 1
    } else if (number === 1) scriptOffset += (value >>> 1) ^ -(value & 1)
    else inlinedCall = value - 1
    number = (number + 1) % (isOtherCall ? 3 : 2)
    if (number === 0 && !onEntry(codeOffset, scriptOffset, inlinedCall)) return
    value = 0
    shift = 0
  }
}
