// checkpoints.ts — NATIVEPROF_CHECKPOINT: the profile so far, written now and then, for a process that is killed writes none. By the
// event loop: while that is blocked, no checkpoint is written.

import type { Destination } from './destination.js'
import type { EnvSettings } from './env.js'
import type { ProfileFiles } from './profile-files.js'
import type { Sampler } from './sampler.js'
import { markResolved, resolveSources } from './sources/resolve.js'
import type { SourceMemory } from './sources/source-memory.js'
import { DEFAULT_THREADS } from './threads.js'

// As they are before the program can replace them.
const { clearInterval, setInterval } = globalThis

const NOTE = 'written while the program ran; what came later is not in it'

/** What checkpoints are made of, and where they go. */
export interface CheckpointSettings {
  readonly sampler: Sampler
  readonly seconds: number
  readonly destinations: readonly Destination[]
  readonly files: ProfileFiles
  readonly memory: SourceMemory
  readonly settings: EnvSettings
  /** Told once what went wrong; there are no more checkpoints then. */
  readonly onError: (error: unknown) => void
}

/** Writes the files of the destinations every so many seconds, if there is anything new, until the sampler is stopped. */
export function startCheckpoints(checkpoints: CheckpointSettings): void {
  const { sampler, seconds, onError } = checkpoints
  let ticks = 0
  const timer = setInterval(() => {
    if (!sampler.running) {
      clearInterval(timer)
      return
    }
    try {
      ticks = writeCheckpoint(checkpoints, ticks)
    } catch (error) {
      clearInterval(timer)
      onError(error)
    }
  }, seconds * 1000)
  timer.unref()
}

/** Returns the number of ticks that have been written. */
function writeCheckpoint(checkpoints: CheckpointSettings, ticksBefore: number): number {
  const { sampler, destinations, files, memory, settings } = checkpoints
  const recorded = sampler.snapshot()
  if (recorded.counters.ticks === ticksBefore) return ticksBefore
  const resolved = resolveSources(recorded, settings, memory)
  const profile = markResolved({ ...resolved, notes: [...resolved.notes, NOTE] })
  const { sourceMaps, packagePaths } = settings
  const threads = settings.runner?.threads ?? DEFAULT_THREADS
  for (const destination of destinations) {
    const { format, view, granularity, path } = destination
    if (path === null) continue
    files.write(
      destination,
      path,
      format.write(profile, { view, granularity, threads, sourceMaps, packagePaths }),
    )
  }
  return recorded.counters.ticks
}
