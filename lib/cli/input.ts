// input.ts — the files that a verb is given → profiles. What is wrong with one is said with its name.

import * as fs from 'node:fs'
import { basename } from 'node:path'
import { NativeprofError } from '../errors.js'
import { printable } from '../labels.js'
import type { Profile } from '../profile.js'
import { readProfile } from '../readers/read-profile.js'
import { showStage } from './stage.js'

/** `-` is standard input. Throws ERR_NATIVEPROF_INPUT and ERR_NATIVEPROF_INPUT_TOO_LARGE. */
export function readInput(file: string): Profile {
  const name = file === '-' ? 'standard input' : file
  const bytes = bytesOf(file)
  showStage(`reading ${printable(name)} (${(bytes.length / 1e6).toFixed(1)} MB)`)
  try {
    return readProfile(bytes, { name: file === '-' ? 'standard input' : basename(file) })
  } catch (error) {
    if (!(error instanceof NativeprofError)) throw error
    throw new NativeprofError(error.code, `${name}: ${error.message}`, { cause: error })
  }
}

function bytesOf(file: string): Uint8Array {
  try {
    return fs.readFileSync(file === '-' ? 0 : file)
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    const why =
      code === 'ENOENT'
        ? 'there is no such file'
        : code === 'EISDIR'
          ? 'it is a folder'
          : code === 'EACCES'
            ? 'it may not be read'
            : code === 'ERR_FS_FILE_TOO_LARGE'
              ? 'it is more than 2 GiB'
              : message
    throw new NativeprofError('ERR_NATIVEPROF_INPUT', `${file}: ${why}`, { cause })
  }
}
