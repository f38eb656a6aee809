// agent.ts — what `nativeprof attach` has another process run: a recording, from begin() to end(). It stays loaded, and does
// nothing between. Answers are text; it must not throw into the program.

import { gzipSync } from 'node:zlib'
import { NativeprofError } from '../errors.js'
import { prune } from '../prune.js'
import type { RecordedWindow } from '../recorded-window.js'
import { joinRecording } from '../sampler.js'
import type { SharedRecording } from '../sampler.js'

let running: { readonly recording: SharedRecording; readonly window: RecordedWindow } | undefined

/** '' if it has begun; else the code and the message of what is wrong. A recording that runs there anyway is shared. */
export function begin(hz: number | null): string {
  try {
    if (running !== undefined) return 'ERR_NATIVEPROF_ALREADY_RUNNING somebody else is attached to it'
    const recording = joinRecording(hz === null ? {} : { hz })
    running = { recording, window: recording.open() }
    return ''
  } catch (error) {
    const code = error instanceof NativeprofError ? error.code : 'ERR_NATIVEPROF_SYSTEM'
    return `${code} ${error instanceof Error ? error.message : String(error)}`
  }
}

/** The profile since begin(), as gzipped JSON in base64. */
export function end(): string {
  if (running === undefined) return ''
  const { recording, window } = running
  running = undefined
  try {
    const profile = prune(window.next())
    return gzipSync(JSON.stringify(profile)).toString('base64')
  } finally {
    window.close()
    recording.leave()
  }
}
