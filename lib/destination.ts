// destination.ts — where the profiles of this process go, as the environment says. Looks at the file system.
// Neighbours: preload.ts (which writes them), output-file.ts (what names stand for).

import * as fs from 'node:fs'
import type { EnvSettings, Output } from './env.js'
import { NativeprofError } from './errors.js'
import { DEFAULT_FORMAT, formatNamed, formatOfFile } from './formats/index.js'
import type { Format } from './formats/index.js'
import { defaultName, pathForChild, pathOfPattern } from './output-file.js'
import type { Naming } from './output-file.js'
import { DEFAULT_GRANULARITY, DEFAULT_VIEW, granularityNamed, viewNamed } from './view.js'
import type { GranularityName, ViewName } from './view.js'

/** Where a profile of this process goes, decided at the start: the program may change its folder. */
export interface Destination {
  readonly format: Format
  readonly view: ViewName
  readonly granularity: GranularityName
  /** null: on stderr. */
  readonly path: string | null
  readonly ending: string
  readonly replace: boolean
}

/** One, or as many as `nativeprof run` was told. Throws coded errors. */
export function destinationsOf(settings: EnvSettings): readonly Destination[] {
  const { out, format, runner } = settings
  return [{ out, format }, ...(runner?.moreOutputs ?? [])].map((output) => destinationOf(settings, output))
}

/** Whether this process is the program, not a child of it. */
export function isDirectChild({ runner }: EnvSettings): boolean {
  return runner?.pid === process.ppid
}

function destinationOf(settings: EnvSettings, output: Output): Destination {
  const { runner } = settings
  const { out } = output
  const view = settings.view === undefined ? DEFAULT_VIEW : viewNamed(settings.view)
  const granularity =
    settings.granularity === undefined ? DEFAULT_GRANULARITY : granularityNamed(settings.granularity)
  const format = output.format !== undefined ? formatNamed(output.format) : formatOf(out)
  const ending = format.endings[0] ?? '.txt'
  const common = { format, view, granularity, ending }
  const isProgram = runner === null || isDirectChild(settings)
  if (format.name === 'table' && out === undefined && isProgram)
    return { ...common, path: null, replace: false }
  const naming: Naming = { pid: process.pid, startTimeMillis: Date.now(), script: process.argv[1] ?? '' }
  if (out === undefined) {
    const path = pathOfPattern(defaultName(naming, ending), naming, ending)
    return { ...common, path, replace: false }
  }
  if (out === '-') {
    throw new NativeprofError(
      'ERR_NATIVEPROF_OUTPUT',
      'NATIVEPROF_OUT=- would mix the profile with what the program prints; use `nativeprof run -o -`',
    )
  }
  const path = pathOfPattern(out, naming, ending)
  // A child of the profiled program must not write over its parent's profile, and has not been given a name.
  if (!isProgram && !out.includes('%p'))
    return { ...common, path: pathForChild(path, process.pid, ending), replace: false }
  return { ...common, path, replace: isProgram && runner?.replace === true }
}

function formatOf(out: string | undefined): Format {
  if (out === undefined || out.endsWith('/') || out === '-') return DEFAULT_FORMAT
  return fs.statSync(out, { throwIfNoEntry: false })?.isDirectory() ? DEFAULT_FORMAT : formatOfFile(out)
}
