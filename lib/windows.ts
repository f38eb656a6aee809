// windows.ts — windows of the one recording of the process, for all who look at it while it goes on: the pull handler, and
// continuous profiling. Any number of them may overlap, and those that follow each other have no gap. Neighbours:
// recorded-window.ts, prune.ts.

import type { SamplerOptions } from './options.js'
import type { Profile } from './profile.js'
import { prune } from './prune.js'
import type { RecordedWindow } from './recorded-window.js'
import { joinRecording } from './sampler.js'
import type { SharedRecording } from './sampler.js'
import { SourceMemory } from './sources/source-memory.js'
import { resolveSources } from './sources/resolve.js'
import { DEFAULT_VIEW } from './view.js'

/** Looks at the recording of the process, one window after the other. */
export class Windows {
  readonly #recorded: RecordedWindow
  readonly #memory: SourceMemory

  constructor(recorded: RecordedWindow, memory: SourceMemory) {
    this.#recorded = recorded
    this.#memory = memory
  }

  /**
   * What happened since the last call, or since the beginning, as far as the default view shows it; the next window begins here. With
   * names of the sources.
   */
  next(): Profile {
    return resolveSources(prune(this.#recorded.next(), DEFAULT_VIEW), {}, this.#memory)
  }

  /** No more windows. */
  close(): void {
    this.#recorded.close()
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
    return new Windows(this.#recording.open(), this.#memory)
  }

  close(): void {
    this.#recording.leave()
  }
}
