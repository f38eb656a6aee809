// output.ts — where a verb's result goes: to a file that the user named, or to standard output. Never over what was read.

import * as fs from 'node:fs'
import { resolve } from 'node:path'
import { NativeprofError } from '../errors.js'
import { printable } from '../labels.js'
import { writeFile } from '../output-file.js'
import type { Content } from '../output-file.js'
import { requireFolder } from './destination.js'
import { clearStage } from './stage.js'
import { writeToStdout } from './stdout.js'

/**
 * Refuses a place that is one of the files that are read, under whatever name, and one in a folder that does not exist.
 * Throws ERR_NATIVEPROF_OUTPUT.
 */
export function checkOutput(out: string, inputs: readonly string[]): void {
  if (out === '-') return
  const target = idOf(out)
  const same = inputs.find(
    (input) => input !== '-' && (resolve(input) === resolve(out) || idOf(input) === target),
  )
  if (same !== undefined && target !== null)
    throw output(`${out} is what is read; it would be overwritten: name another file for the result`)
  if (fs.statSync(out, { throwIfNoEntry: false })?.isDirectory() === true)
    throw output(`${out} is a folder; name a file in it`)
  requireFolder(resolve(out, '..'))
}

/** Writes a file whole or not at all, and says where; `-` is standard output, and nothing is said. Throws ERR_NATIVEPROF_OUTPUT. */
export async function writeOutput(out: string, content: Content): Promise<void> {
  if (out === '-') {
    clearStage()
    await writeToStdout(content)
    return
  }
  const path = resolve(out)
  const written = writeFile(path, content, { replace: true, ending: '' })
  clearStage()
  if (written.detour !== null)
    process.stderr.write(
      `nativeprof: cannot write to ${printable(path)} (${printable(written.detour.message)})\n`,
    )
  process.stderr.write(`nativeprof: ${printable(written.path)}\n`)
}

// What a file is, whatever it is called; null if there is none.
function idOf(file: string): string | null {
  const stat = fs.statSync(file, { throwIfNoEntry: false, bigint: true })
  return stat === undefined ? null : `${stat.dev} ${stat.ino}`
}

function output(message: string): NativeprofError {
  return new NativeprofError('ERR_NATIVEPROF_OUTPUT', message)
}
