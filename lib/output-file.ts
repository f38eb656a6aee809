// output-file.ts — where a profile goes: names, patterns, and writing a file whole or not at all.

import { randomUUID } from 'node:crypto'
import * as fs from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { basename, dirname, extname, join, resolve } from 'node:path'
import { NativeprofError } from './errors.js'

/** What the names of files are made of. */
export interface Naming {
  readonly pid: number
  readonly startTimeMillis: number
  /** The file that holds the program, or '' for none. */
  readonly script: string
}

/** What a file is to hold: text, bytes, or text in parts, which are written one after the other. */
export type Content = string | Uint8Array | Iterable<string>

/** A file that was written. */
export interface Written {
  readonly path: string
  /** Why it is not where it was asked to be; null if it is. */
  readonly detour: Error | null
}

/** `nativeprof-<script>-<pid><ending>`. */
export function defaultName({ script, pid }: Naming, ending: string): string {
  const stem = basename(script, extname(script)).replace(/[^\w.-]+/g, '_') || 'node'
  return `nativeprof-${stem}-${pid}${ending}`
}

/**
 * The absolute path that a pattern stands for. `%p` is the pid, `%h` the host, `%t` the start as 20260131T235959,
 * `%n` in the file's name a running number, which is left for {@link writeFile} to fill in, `%%` a percent sign.
 * A pattern that ends in a slash, or names a folder, means the default name in that folder.
 */
export function pathOfPattern(pattern: string, naming: Naming, ending: string): string {
  const started = new Date(naming.startTimeMillis).toISOString().replace(/[-:]|\..*/g, '')
  const filled = pattern.replace(/%([pht%])/g, (_, letter: string) => {
    if (letter === 'p') return String(naming.pid)
    if (letter === 'h') return hostname()
    return letter === 't' ? started : '%'
  })
  const path = resolve(filled)
  const isFolder =
    filled.endsWith('/') || fs.statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
  return isFolder ? join(path, defaultName(naming, ending)) : path
}

/** A path for another process of the same run: the pid goes in before the ending. */
export function pathForChild(path: string, pid: number, ending: string): string {
  const stem = path.endsWith(ending) ? path.slice(0, -ending.length) : path
  return `${stem}-${pid}${path.slice(stem.length)}`
}

/**
 * Writes a file whole or not at all, readable by its owner only, and never through a symbolic link.
 * A file that exists is replaced only with `replace`; else the name gets a number (in place of `%n`, or before the ending).
 * Where the folder cannot be written, or is inside of node_modules and nobody asked for that one file, the file goes to the
 * temporary folder and `detour` says why.
 * Throws ERR_NATIVEPROF_OUTPUT if that fails as well.
 */
export function writeFile(
  path: string,
  content: Content,
  options: { replace: boolean; ending: string },
): Written {
  try {
    if (!options.replace) refusePackages(path)
    return { path: place(path, content, options), detour: null }
  } catch (error) {
    const elsewhere = join(tmpdir(), basename(path))
    try {
      const fallback = elsewhere === path ? null : place(elsewhere, content, { ...options, replace: false })
      if (fallback !== null) return { path: fallback, detour: asError(error) }
    } catch {
      // The first failure is the one to tell: it is about the place that the user named.
    }
    throw new NativeprofError(
      'ERR_NATIVEPROF_OUTPUT',
      `cannot write the profile to ${path}: ${asError(error).message}`,
      {
        cause: error,
      },
    )
  }
}

// Install scripts of packages run there, under an inherited preload; what they leave would be taken for a part of the package.
function refusePackages(path: string): void {
  if (dirname(path).split('/').includes('node_modules'))
    throw new Error('profiles are not written into node_modules')
}

function place(
  path: string,
  content: Content,
  { replace, ending }: { replace: boolean; ending: string },
): string {
  const temporary = join(dirname(path), `.nativeprof-${randomUUID()}.tmp`)
  try {
    writeWhole(temporary, content)
    if (replace && !basename(path).includes('%n')) {
      fs.renameSync(temporary, path)
      return path
    }
    return linkUnderFreeName(temporary, path, ending)
  } finally {
    fs.rmSync(temporary, { force: true })
  }
}

function writeWhole(path: string, content: Content): void {
  const file = fs.openSync(path, 'wx', 0o600)
  try {
    if (typeof content === 'string' || content instanceof Uint8Array) fs.writeFileSync(file, content)
    else for (const part of content) fs.writeFileSync(file, part)
  } finally {
    fs.closeSync(file)
  }
}

// link() fails if the name is taken, so that two processes can never take the same one.
function linkUnderFreeName(temporary: string, path: string, ending: string): string {
  for (let number = 1; ; number++) {
    const candidate = numbered(path, number, ending)
    try {
      fs.linkSync(temporary, candidate)
      return candidate
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'EEXIST') continue
      // File systems without hard links: an exclusive copy is as safe against others, but not against a crash in it.
      if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'EOPNOTSUPP') throw error
      if (fs.existsSync(candidate)) continue
      fs.copyFileSync(temporary, candidate, fs.constants.COPYFILE_EXCL)
      return candidate
    }
  }
}

function numbered(path: string, number: number, ending: string): string {
  const name = basename(path)
  if (name.includes('%n')) return join(dirname(path), name.replaceAll('%n', String(number)))
  if (number === 1) return path
  const known = path.endsWith(ending) ? ending : extname(path)
  return `${path.slice(0, path.length - known.length)}-${number}${known}`
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}
