// destination.ts — where a profile goes and as what, as the user typed it: one -o or several. Looks at the file system.

import * as fs from 'node:fs'
import { resolve } from 'node:path'
import { NativeprofError } from '../errors.js'
import { DEFAULT_FORMAT, formatNamed, formatOfFile } from '../formats/index.js'
import type { Format } from '../formats/index.js'
import { invalid } from './arguments.js'

/** Where the profile goes. */
export interface Destination {
  readonly format: Format
  /** Absolute, a folder with a slash at its end; undefined for the default name, or standard output. */
  readonly out: string | undefined
  readonly toStdout: boolean
}

/**
 * One destination for each -o; the default one if there is none. A format that is named beats the ending of a single file;
 * of several, each goes by its own ending, and the named format is for those whose ending says nothing.
 */
export function destinationsOf(
  outs: readonly string[] | undefined,
  formatName: string | undefined,
): readonly [Destination, ...Destination[]] {
  const named = formatName === undefined ? undefined : formatNamed(formatName)
  const [first, ...rest] = outs ?? []
  if (first === undefined) return [{ format: named ?? DEFAULT_FORMAT, out: undefined, toStdout: false }]
  const isOnly = rest.length === 0
  const destinations = [
    destinationOf(first, named, isOnly),
    ...rest.map((out) => destinationOf(out, named, isOnly)),
  ]
  const places = destinations.map(({ out }) => out ?? '-')
  const twice = places.find((place, index) => places.indexOf(place) !== index && !place.endsWith('/'))
  if (twice !== undefined) throw invalid(`-o ${twice} is there twice; each needs a name of its own`)
  return destinations as [Destination, ...Destination[]]
}

function destinationOf(out: string, named: Format | undefined, isOnly: boolean): Destination {
  if (out === '') throw invalid('-o needs the name of a file, or - for standard output')
  if (out === '-') return { format: named ?? DEFAULT_FORMAT, out: undefined, toStdout: true }
  const path = resolve(out)
  const isFolder = out.endsWith('/') || fs.statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
  const format = isFolder ? (named ?? DEFAULT_FORMAT) : formatOf(out, named, isOnly)
  requireFolder(isFolder ? path : resolve(path, '..'))
  return { format, out: isFolder ? `${path}/` : path, toStdout: false }
}

function formatOf(out: string, named: Format | undefined, isOnly: boolean): Format {
  if (named === undefined) return formatOfFile(out)
  if (isOnly) return named
  try {
    return formatOfFile(out)
  } catch {
    return named
  }
}

/** Throws ERR_NATIVEPROF_OUTPUT if there is no such folder. */
export function requireFolder(folder: string): void {
  if (fs.statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true) return
  throw new NativeprofError(
    'ERR_NATIVEPROF_OUTPUT',
    `there is no folder ${folder}; create it, or name another with -o`,
  )
}
