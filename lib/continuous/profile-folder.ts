// profile-folder.ts — a folder that profiles are put into, one file each, with a limit on how many and how much: the oldest
// go. Only files that bear the names that it gives are ever touched.

import * as fs from 'node:fs'
import { basename, dirname, extname, join, resolve } from 'node:path'
import { inspect } from 'node:util'
import { NativeprofError } from '../errors.js'
import { writeFile } from '../output-file.js'

export interface FolderLimits {
  /** How many files are kept, of this process and of earlier ones of the same program. Default 100. */
  readonly keep?: number
  /** How much they may take together, bytes. Default 256 MiB. */
  readonly maxBytes?: number
}

export class ProfileFolder {
  readonly path: string
  readonly #keep: number
  readonly #maxBytes: number
  readonly #stem: string
  readonly #ending: string

  /** Creates the folder. Throws ERR_NATIVEPROF_INVALID_ARGUMENT for bad limits, ERR_NATIVEPROF_OUTPUT if it cannot be. */
  constructor(path: string, ending: string, { keep = 100, maxBytes = 256 * 2 ** 20 }: FolderLimits) {
    this.path = resolve(path)
    this.#keep = checked('keep', keep)
    this.#maxBytes = checked('maxBytes', maxBytes)
    this.#ending = ending
    const script = process.argv[1] ?? ''
    this.#stem = basename(script, extname(script)).replace(/[^\w.-]+/g, '_') || 'node'
    try {
      makeFolder(this.path)
      fs.accessSync(this.path, fs.constants.W_OK)
    } catch (cause) {
      throw new NativeprofError(
        'ERR_NATIVEPROF_OUTPUT',
        `cannot write profiles to ${this.path}: ${(cause as Error).message}`,
        { cause },
      )
    }
  }

  /** Writes a file whole or not at all, and removes what is too much. Its path. Throws ERR_NATIVEPROF_OUTPUT. */
  add(content: string | Uint8Array, startTimeMillis: number): string {
    const time = new Date(startTimeMillis).toISOString().replace(/[-:Z]/g, '')
    const name = `nativeprof-${this.#stem}-${process.pid}-${time}${this.#ending}`
    const { path } = writeFile(join(this.path, name), content, { replace: false, ending: this.#ending })
    this.#prune()
    return path
  }

  // The newest stays, however big it is.
  #prune(): void {
    const files = this.#files()
    let bytes = files.reduce((sum, file) => sum + file.bytes, 0)
    let count = files.length
    for (const file of files.slice(0, -1)) {
      if (count <= this.#keep && bytes <= this.#maxBytes) return
      fs.rmSync(file.path, { force: true })
      bytes -= file.bytes
      count--
    }
  }

  /** Oldest first. */
  #files(): { path: string; time: string; bytes: number }[] {
    const files = []
    for (const name of fs.readdirSync(this.path)) {
      const found = NAME.exec(name)
      if (found?.[1] !== this.#stem || !name.endsWith(this.#ending)) continue
      const path = join(this.path, name)
      // Another process may have removed it.
      const stat = fs.lstatSync(path, { throwIfNoEntry: false })
      if (stat?.isFile() === true) files.push({ path, time: `${found[2] ?? ''} ${name}`, bytes: stat.size })
    }
    return files.sort((a, b) => (a.time < b.time ? -1 : 1))
  }
}

// Not with `recursive`: node then tries for ever where the system says ENOENT although the parent exists, as /proc does.
function makeFolder(path: string): void {
  if (fs.existsSync(path)) return
  if (dirname(path) !== path) makeFolder(dirname(path))
  try {
    fs.mkdirSync(path)
  } catch (error) {
    // Another process has just made it.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
}

/** What add() calls a file: program, pid, time in UTC, and a number where that was taken. */
const NAME = /^nativeprof-(.+)-\d+-(\d{8}T\d{6}\.\d{3})(?:-\d+)?\.[\w.]+$/

function checked(name: string, value: unknown): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1) return value
  throw new NativeprofError(
    'ERR_NATIVEPROF_INVALID_ARGUMENT',
    `${name} must be a whole number from 1, not ${inspect(value)}`,
  )
}
