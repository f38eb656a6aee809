// preload.ts — what nativeprof/auto does in the main thread: sample from the start, or for a while, write when it is over.
// It runs inside somebody else's program: it must not throw, print to stdout, or be seen by the program.
// Neighbour: preload-worker.ts.

import * as fs from 'node:fs'
import { loadBinding } from './binding.js'
import { startCheckpoints } from './checkpoints.js'
import { closingLines } from './closing-line.js'
import { complain, print } from './complaint.js'
import { destinationsOf, isDirectChild } from './destination.js'
import type { Destination } from './destination.js'
import { readEnv } from './env.js'
import type { EnvSettings } from './env.js'
import { toTable } from './formats/table.js'
import { printable } from './labels.js'
import { onProcessEnd } from './process-end.js'
import { ProfileFiles } from './profile-files.js'
import type { Profile } from './profile.js'
import { readProductionEnv } from './production-env.js'
import { samplerOptionsOf } from './options.js'
import { ownRequire } from './own-package.js'
import { startSampler, watchTicks } from './sampler.js'
import type { Sampler } from './sampler.js'
import { markResolved, resolveSources } from './sources/resolve.js'
import { SourceMemory } from './sources/source-memory.js'
import { DEFAULT_THREADS } from './threads.js'

/** How often, at most, the number of ticks is told. */
const TELL_MILLIS = 500

// As they are before the program can replace them.
const { setTimeout } = globalThis

/** Starts sampling as the environment asks. Never throws; what goes wrong is one line on stderr. */
export function preload(): void {
  try {
    const settings = readEnv(process.env)
    if (settings.off) return
    const production = readProductionEnv(process.env)
    if (production.pyroscope !== undefined) produce().push(settings, production)
    if (production.signal !== undefined) produce().bySignal(settings, production.signal, production)
    // Pushed windows are all that is wanted, unless a file is named.
    else if (production.pyroscope === undefined || settings.out !== undefined || settings.runner !== null)
      record(settings, destinationsOf(settings))
    // For `nativeprof attach --stack`. Without it that goes through the inspector.
    loadBinding().answerStackRequests()
  } catch (error) {
    complain(error)
  }
}

// Loaded where it is asked for, and then at once: later, the program may have changed what it needs.
function produce(): typeof import('./preload-production.js') {
  return ownRequire()('./dist/preload-production.js') as typeof import('./preload-production.js')
}

// From the start or after a delay, to the end of the program or for a while.
function record(settings: EnvSettings, destinations: readonly Destination[]): void {
  const { delaySeconds = 0, durationSeconds, checkpointSeconds, runner } = settings
  const writing = { destinations, settings, files: new ProfileFiles(), memory: new SourceMemory() }
  let sampler: Sampler | undefined
  let isOver = false
  const begin = (): void => {
    sampler = startSampler(samplerOptionsOf(settings))
    if (durationSeconds !== undefined) after(durationSeconds, end)
    if (checkpointSeconds !== undefined)
      startCheckpoints({ ...writing, sampler, seconds: checkpointSeconds, onError: complain })
  }
  const end = (): void => {
    if (isOver) return
    isOver = true
    if (isDirectChild(settings) && runner !== null) tellTicks(runner.ticksFile, 'over')
    if (sampler !== undefined) finish(sampler, writing)
    else if (!settings.quiet)
      print(`nativeprof: the program ended before ${delaySeconds} s were over; nothing was recorded\n`)
  }
  if (runner !== null && runner.ticksFile !== '' && isDirectChild(settings)) watch(runner.ticksFile)
  if (delaySeconds === 0) begin()
  else {
    after(delaySeconds, () => {
      if (isOver) return
      try {
        begin()
      } catch (error) {
        isOver = true
        throw error
      }
    })
  }
  onProcessEnd(loadBinding(), end)
}

// A timer that keeps no program alive.
function after(seconds: number, callback: () => void): void {
  const guarded = (): void => {
    try {
      callback()
    } catch (error) {
      complain(error)
    }
  }
  setTimeout(guarded, seconds * 1000).unref()
}

// Told when the event loop has taken records out anyway: a program that waits is not woken for it.
function watch(ticksFile: string): void {
  let lastMillis = 0
  watchTicks((ticks) => {
    const [seconds, nanos] = process.hrtime()
    const millis = seconds * 1000 + nanos / 1e6
    if (millis - lastMillis < TELL_MILLIS) return
    lastMillis = millis
    tellTicks(ticksFile, String(ticks))
  })
}

function tellTicks(ticksFile: string, text: string): void {
  if (ticksFile === '') return
  try {
    fs.writeFileSync(ticksFile, text)
  } catch {
    // Whoever wanted to know has gone.
  }
}

/** What the profile is written by. */
interface Writing {
  readonly destinations: readonly Destination[]
  readonly settings: EnvSettings
  readonly files: ProfileFiles
  /** What checkpoints have learned of the sources. */
  readonly memory: SourceMemory
}

function finish(sampler: Sampler, { destinations, settings, files: written, memory }: Writing): void {
  try {
    const profile = withNoteOfWindow(resolveSources(sampler.stop(), settings, memory), settings)
    const isProgram = settings.runner === null || isDirectChild(settings)
    const threads = settings.runner?.threads ?? DEFAULT_THREADS
    const { sourceMaps, packagePaths } = settings
    const files: string[] = []
    // What the terminal shows at the right of this line is over.
    let text = isProgram && (settings.runner?.ticksFile ?? '') !== '' ? '\x1b[K' : ''
    for (const destination of destinations) {
      const { format, view, granularity, path } = destination
      const options = { view, granularity, threads, sourceMaps, packagePaths }
      if (path === null) {
        text += toTable(profile, options)
        continue
      }
      const file = written.write(destination, path, format.write(profile, options))
      if (!isProgram || path !== settings.runner?.unnamedFile) files.push(file.path)
      if (file.detour !== null)
        text += `nativeprof: ${printable(`cannot write to ${path} (${file.detour.message})`)}\n`
    }
    if (settings.quiet) return
    const rows = isProgram ? (settings.runner?.tableRows ?? 0) : 0
    const [first] = destinations
    if (rows > 0 && first !== undefined) {
      const { view, granularity } = first
      const sort = settings.runner?.tableSort ?? 'self'
      const options = { view, granularity, threads, sourceMaps, packagePaths }
      text += `\n${toTable(profile, { ...options, top: rows, sort, cwd: process.cwd() })}\n`
    }
    // The table has the notes already.
    const told = rows > 0 ? { ...profile, notes: [] } : profile
    print(text + closingLines(told, files.length === 0 ? null : files.join(', ')))
  } catch (error) {
    complain(error)
  }
}

// Time is up when the event loop comes round to it.
function withNoteOfWindow(profile: Profile, { durationSeconds }: EnvSettings): Profile {
  if (durationSeconds === undefined || profile.durationNanos < durationSeconds * 1.1e9 + 1e8) return profile
  const recorded = (profile.durationNanos / 1e9).toFixed(1)
  const note = `recorded are ${recorded} s, not ${durationSeconds} s: the event loop was blocked when time was up`
  return markResolved({ ...profile, notes: [...profile.notes, note] })
}
