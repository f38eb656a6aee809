// signal-recording.ts — a signal starts a recording, the next one ends it and writes a file: `kill -USR2 PID`, twice. It runs
// inside somebody else's program, and when that blocks its event loop, in the midst of its JavaScript.

import { constants } from 'node:os'
import { loadBinding } from './binding.js'
import { ProfileFolder } from './continuous/profile-folder.js'
import type { FolderLimits } from './continuous/profile-folder.js'
import { NativeprofError } from './errors.js'
import type { Format, WriteOptions } from './formats/index.js'
import type { SamplerOptions } from './options.js'
import { onProcessEnd } from './process-end.js'
import type { RecordingSignal } from './production-env.js'
import type { Profile } from './profile.js'
import { isBusy, startSampler } from './sampler.js'
import type { Sampler } from './sampler.js'

// As it is before the program can replace it.
const { setImmediate } = globalThis

export interface SignalRecording {
  readonly signal: RecordingSignal
  readonly samplerOptions: SamplerOptions
  /** The folder for the files, one for each recording. */
  readonly folder: string
  readonly limits: FolderLimits
  readonly format: Format
  readonly writeOptions: WriteOptions
  /** Told when a file has been written, and when something went wrong. Must not throw. */
  readonly onWritten: (profile: Profile, file: string) => void
  readonly onError: (error: unknown) => void
}

/** Throws coded errors if it cannot be set up: for a folder that cannot be written to, a signal that somebody handles. */
export function recordBySignal(options: SignalRecording): void {
  const { signal, samplerOptions, format, writeOptions } = options
  const binding = loadBinding()
  const folder = new ProfileFolder(options.folder, format.endings[0] ?? '.txt', options.limits)
  let sampler: Sampler | undefined
  let isToggling = false

  const write = (): void => {
    const profile = sampler?.stop()
    sampler = undefined
    if (profile === undefined) return
    options.onWritten(profile, folder.add(format.write(profile, writeOptions), profile.startTimeMillis))
  }
  const guarded = (action: () => void): void => {
    isToggling = true
    try {
      action()
    } catch (error) {
      options.onError(error)
    } finally {
      isToggling = false
    }
  }
  const toggle = (): void => {
    // The signal may have come in the midst of our own work.
    if (isToggling || isBusy()) setImmediate(toggle)
    else if (sampler !== undefined) guarded(write)
    else {
      guarded(() => {
        sampler = startSampler(samplerOptions)
      })
    }
  }
  if (!binding.watchSignal(constants.signals[signal], toggle)) {
    throw new NativeprofError(
      'ERR_NATIVEPROF_SYSTEM',
      `${signal} is handled already, or the system has no thread left; name another with NATIVEPROF_SIGNAL`,
    )
  }
  onProcessEnd(binding, () => {
    guarded(write)
  })
}
