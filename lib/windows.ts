// windows.ts — windows of the one recording of the process, for all who look at it while it goes on: the pull handler, and
// continuous profiling. A window is the difference of two snapshots, so that any number of them may overlap, and those
// that follow each other have no gap. Neighbours: subtract.ts, prune.ts.

import type { SamplerOptions } from './options.js'
import type { Profile } from './profile.js'
import { prune } from './prune.js'
import { joinRecording } from './sampler.js'
import type { SharedRecording } from './sampler.js'
import { SourceMemory } from './sources/source-memory.js'
import { resolveSources } from './sources/resolve.js'
import { subtract } from './subtract.js'

/** Looks at the recording of the process, one window after the other. */
export class Windows {
  readonly #recording: SharedRecording
  readonly #memory: SourceMemory
  #before: Profile

  constructor(recording: SharedRecording, memory: SourceMemory) {
    this.#recording = recording
    this.#memory = memory
    this.#before = recording.snapshot()
  }

  /** What happened since the last call, or since the beginning; the next window begins here. With names of the sources. */
  next(): Profile {
    const after = this.#recording.snapshot()
    const window = prune(subtract(after, this.#before))
    this.#before = after
    return resolveSources(window, {}, this.#memory)
  }
}

/** The recording of the process, for many windows at once. */
export class WindowSource {
  readonly #recording: SharedRecording
  readonly #memory = new SourceMemory()

  /** Joins the recording that runs, or begins one; see {@link joinRecording}. */
  constructor(options: SamplerOptions = {}) {
    this.#recording = joinRecording(options)
  }

  /** From now on. */
  open(): Windows {
    return new Windows(this.#recording, this.#memory)
  }

  close(): void {
    this.#recording.leave()
  }
}
