// input-errors.ts — how files are refused: what is wrong with them, and what to do. Pure.

import { NativeprofError } from '../errors.js'

/** For what cannot be read. ERR_NATIVEPROF_INPUT. */
export function unreadable(message: string, cause?: unknown): NativeprofError {
  return new NativeprofError('ERR_NATIVEPROF_INPUT', message, cause === undefined ? {} : { cause })
}

/** For what could be read on a larger machine. ERR_NATIVEPROF_INPUT_TOO_LARGE. */
export function tooLarge(message: string, cause?: unknown): NativeprofError {
  return new NativeprofError('ERR_NATIVEPROF_INPUT_TOO_LARGE', message, cause === undefined ? {} : { cause })
}
