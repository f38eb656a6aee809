// complaint.ts — what the preload has to say, on stderr. It must not disturb the program that it runs in.

import * as fs from 'node:fs'
import { NativeprofError } from './errors.js'
import { printable } from './labels.js'

/** One line on stderr; what goes wrong with it is nobody's concern. */
export function complain(error: unknown): void {
  const code = error instanceof NativeprofError ? ` [${error.code}]` : ''
  print(`nativeprof: ${printable(error instanceof Error ? error.message : String(error))}${code}\n`)
}

/** Writes to stderr. Never throws. */
export function print(text: string): void {
  try {
    fs.writeSync(2, text)
  } catch {
    // stderr is closed or full: there is nobody to tell.
  }
}
