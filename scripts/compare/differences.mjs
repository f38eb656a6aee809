// differences.mjs — how two stacks of the same tick differ, in a word. Pure.

/**
 * Compares the JavaScript frames of our walk with those of V8's. `own` and `v8`: root-first, what identifies each frame.
 * Null if they are equal.
 */
export function differenceOf(own, v8, { vmState, callerUnknown }) {
  if (callerUnknown) return 'neither: the caller of a leaf without a frame is unknown'
  if (isEqual(own, v8)) return null
  if (v8.length === 0)
    return vmState === 'gc' ? 'V8 gives no frames: collection' : 'V8 gives no frames: bailed'
  if (own.length === 0) return 'ours has no JavaScript'
  const missing = placeOfMissing(own, v8)
  if (missing !== null) return `V8 lacks ${missing}`
  const extra = placeOfMissing(v8, own)
  if (extra !== null) return `ours lacks ${extra}`
  const different = own.filter((frame, i) => frame !== v8[i]).length
  if (own.length === v8.length && different === 1) {
    return own.at(-1) !== v8.at(-1) ? 'another leaf function' : 'another caller'
  }
  return 'stacks of different functions'
}

/** What of `long` is not in `short`, if all of `short` is in `long`; null if it is not. */
function placeOfMissing(long, short) {
  if (short.length >= long.length) return null
  let head = 0
  while (head < short.length && long[head] === short[head]) head++
  let tail = 0
  while (tail < short.length - head && long.at(-1 - tail) === short.at(-1 - tail)) tail++
  if (head + tail < short.length) return null
  const count = long.length - short.length
  if (head === short.length) return count === 1 ? 'the leaf function' : `the last functions`
  if (head === 0) return 'the first functions'
  return count === 1 ? 'a caller' : 'callers'
}

function isEqual(a, b) {
  return a.length === b.length && a.every((frame, i) => frame === b[i])
}
