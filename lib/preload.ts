// preload.ts — what nativeprof/auto does: sample from the start, write when the program ends.
// It runs inside somebody else's program: it must not throw, print to stdout, or be seen by the program.

import * as fs from 'node:fs'
import { isMainThread } from 'node:worker_threads'
import { attachThread } from './attach-thread.js'
import { loadBinding } from './binding.js'
import { closingLines } from './closing-line.js'
import { readEnv } from './env.js'
import type { EnvSettings } from './env.js'
import { NativeprofError } from './errors.js'
import { labelNamesOf } from './label-frames.js'
import { DEFAULT_FORMAT, formatNamed, formatOfFile } from './formats/index.js'
import type { Format } from './formats/index.js'
import { toTable } from './formats/table.js'
import { defaultName, pathForChild, pathOfPattern, writeFile } from './output-file.js'
import type { Naming } from './output-file.js'
import { onProcessEnd } from './process-end.js'
import { resolveSources } from './sources/resolve.js'
import { startSampler } from './sampler.js'
import type { Sampler } from './sampler.js'
import type { SamplerOptions } from './options.js'
import { DEFAULT_THREADS } from './threads.js'
import { DEFAULT_GRANULARITY, DEFAULT_VIEW, granularityNamed, viewNamed } from './view.js'
import type { GranularityName, ViewName } from './view.js'

/** Where the profile of this process goes, decided at the start: the program may change its folder. */
interface Destination {
  readonly format: Format
  readonly view: ViewName
  readonly granularity: GranularityName
  readonly labels: readonly string[]
  /** null: on stderr. */
  readonly path: string | null
  readonly ending: string
  readonly replace: boolean
}

/** Starts sampling as the environment asks. Never throws; what goes wrong is one line on stderr. */
export function preload(): void {
  try {
    if (!isMainThread) {
      attachThread()
      return
    }
    const settings = readEnv(process.env)
    if (settings.off) return
    const destination = destinationOf(settings)
    const sampler = startSampler(samplerOptionsOf(settings))
    onProcessEnd(loadBinding(), () => {
      finish(sampler, destination, settings)
    })
  } catch (error) {
    complain(error)
  }
}

function finish(
  sampler: Sampler,
  { format, view, granularity, labels, path, ending, replace }: Destination,
  settings: EnvSettings,
): void {
  try {
    const { sourceMaps, packagePaths } = settings
    const profile = resolveSources(sampler.stop(), { sourceMaps, packagePaths, labels })
    const isProgram = settings.runner === null || isDirectChild(settings)
    const threads = settings.runner?.threads ?? DEFAULT_THREADS
    const options = { view, granularity, threads, sourceMaps, packagePaths, labels }
    let file: string | null = null
    let text = ''
    if (path === null) {
      text = format.write(profile, options)
    } else {
      const written = writeFile(path, format.write(profile, options), { replace, ending })
      file = written.path
      if (written.detour !== null) text += `nativeprof: cannot write to ${path} (${written.detour.message})\n`
    }
    if (settings.quiet) return
    const rows = isProgram ? (settings.runner?.tableRows ?? 0) : 0
    if (rows > 0) {
      const sort = settings.runner?.tableSort ?? 'self'
      text += `\n${toTable(profile, { ...options, top: rows, sort, cwd: process.cwd() })}\n`
    }
    // The table has the notes already.
    const told = rows > 0 ? { ...profile, notes: [] } : profile
    print(text + closingLines(told, settings.runner?.nameFile === false && isProgram ? null : file))
  } catch (error) {
    complain(error)
  }
}

function samplerOptionsOf({ hz, timer }: EnvSettings): SamplerOptions {
  return { ...(hz !== undefined && { hz }), ...(timer !== undefined && { timer }) }
}

function destinationOf(settings: EnvSettings): Destination {
  const { out, runner } = settings
  const view = settings.view === undefined ? DEFAULT_VIEW : viewNamed(settings.view)
  const granularity =
    settings.granularity === undefined ? DEFAULT_GRANULARITY : granularityNamed(settings.granularity)
  const labels = settings.labels === undefined ? [] : labelNamesOf(settings.labels)
  const format = settings.format !== undefined ? formatNamed(settings.format) : formatOf(out)
  const ending = format.endings[0] ?? '.txt'
  const isProgram = runner === null || isDirectChild(settings)
  if (format.name === 'table' && out === undefined && isProgram)
    return { format, view, granularity, labels, path: null, ending, replace: false }
  const naming: Naming = { pid: process.pid, startTimeMillis: Date.now(), script: process.argv[1] ?? '' }
  if (out === undefined)
    return {
      format,
      view,
      granularity,
      labels,
      path: pathOfPattern(defaultName(naming, ending), naming, ending),
      ending,
      replace: false,
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
    return {
      format,
      view,
      granularity,
      labels,
      path: pathForChild(path, process.pid, ending),
      ending,
      replace: false,
    }
  return { format, view, granularity, labels, path, ending, replace: isProgram && runner?.replace === true }
}

function formatOf(out: string | undefined): Format {
  if (out === undefined || out.endsWith('/') || out === '-') return DEFAULT_FORMAT
  return fs.statSync(out, { throwIfNoEntry: false })?.isDirectory() ? DEFAULT_FORMAT : formatOfFile(out)
}

function isDirectChild({ runner }: EnvSettings): boolean {
  return runner?.pid === process.ppid
}

function complain(error: unknown): void {
  const code = error instanceof NativeprofError ? ` [${error.code}]` : ''
  print(`nativeprof: ${error instanceof Error ? error.message : String(error)}${code}\n`)
}

function print(text: string): void {
  try {
    fs.writeSync(2, text)
  } catch {
    // stderr is closed or full: there is nobody to tell.
  }
}
