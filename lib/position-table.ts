// position-table.ts — offset in a piece of code → place in its script. Pure. PositionTableWriter in
// native/heap/position_table.h writes what this reads: per entry, as numbers of 7 bits a byte, low ones first, how much further
// in the code, how far on in the script (folded: 0, -1, 1, -2, …), and the inlined call + 1. None needs more than 32 bits.

import type { Slice } from './code-events.js'

/** A place in a script, and the inlined call that it is in; -1: in none. */
export interface Position {
  readonly scriptOffset: number
  readonly inlinedCall: number
}

interface Entry {
  readonly codeOffset: number
  readonly position: Position
}

/** Most code is asked about a few times; what is asked about more often has its table taken apart. */
const LOOKUPS_IN_BYTES = 8

/** The positions of one piece of code, in order of their offsets in it. */
export class PositionTable {
  readonly #bytes: Slice
  #lookups = 0
  #entries: Entry[] | null = null

  /** Takes what it can of bytes that end too soon. */
  constructor(bytes: Slice) {
    this.#bytes = bytes
  }

  /** The last entry before `codeOffset`, which is that of the instruction that ends there. */
  before(codeOffset: number): Position | undefined {
    if (this.#lookups++ < LOOKUPS_IN_BYTES) {
      let last: Entry | undefined
      for (const entry of entriesOf(this.#bytes)) {
        if (entry.codeOffset >= codeOffset) break
        last = entry
      }
      return last?.position
    }
    const entries = (this.#entries ??= [...entriesOf(this.#bytes)])
    let low = 0
    let high = entries.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((entries[middle] as Entry).codeOffset < codeOffset) low = middle + 1
      else high = middle
    }
    return entries[low - 1]?.position
  }
}

function* entriesOf({ bytes, start, end }: Slice): Generator<Entry> {
  let codeOffset = 0
  let scriptOffset = 0
  // Which of an entry's three numbers comes, and what there is of it.
  let number = 0
  let value = 0
  let shift = 0
  for (let at = start; at < end; at++) {
    const byte = bytes[at] as number
    value |= (byte & 0x7f) << shift
    shift += 7
    if (byte >= 0x80) continue
    if (number === 0) codeOffset += value >>> 0
    else if (number === 1) scriptOffset += (value >>> 1) ^ -(value & 1)
    else yield { codeOffset, position: { scriptOffset, inlinedCall: value - 1 } }
    number = (number + 1) % 3
    value = 0
    shift = 0
  }
}
