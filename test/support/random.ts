// random.ts — numbers that look random and are the same for the same seed, for tests that try many cases.

/** Mulberry32: whole numbers from 0 to one below the limit. */
export function randomBelow(seed: number): (limit: number) => number {
  let state = seed
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0
    let bits = Math.imul(state ^ (state >>> 15), state | 1)
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61)
    return ((((bits ^ (bits >>> 14)) >>> 0) * limit) / 2 ** 32) | 0
  }
}
