// parts.ts — a text in parts: one that is written to a file need never be in memory whole. Pure.

import { NativeprofError } from '../errors.js'

/** About so many characters are a part: few enough to be nothing, enough that a part costs nothing. */
const CHARACTERS = 1 << 16

/** Puts small pieces together. What comes back can be gone through any number of times. */
export function inParts(piecesOf: () => Iterable<string>): Iterable<string> {
  return { [Symbol.iterator]: () => gather(piecesOf()) }
}

function* gather(pieces: Iterable<string>): Generator<string> {
  let part = ''
  for (const piece of pieces) {
    part += piece
    if (part.length < CHARACTERS) continue
    yield part
    part = ''
  }
  if (part !== '') yield part
}

/** As one text. Throws ERR_NATIVEPROF_OUTPUT if it is longer than V8's texts can be. */
export function wholeText(parts: Iterable<string>): string {
  const all = [...parts]
  if (all.reduce((length, part) => length + part.length, 0) <= MOST_CHARACTERS) return all.join('')
  const message =
    'the profile is longer than a text can be (512 MiB); have nativeprof convert write it, or make it smaller, as --focus does'
  throw new NativeprofError('ERR_NATIVEPROF_OUTPUT', message)
}

/** V8's longest text. */
const MOST_CHARACTERS = 2 ** 29 - 24
