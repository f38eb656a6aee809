// source-memory.ts — what was found out of frames and scripts before, for whoever writes one window of a recording after
// another: reading and parsing a bundle each time would hold up the event loop of the program. Frames and scripts are known by
// identity, which the snapshots of one recording share; what is forgotten there is forgotten here.

import type { Frame, Script } from '../profile.js'
import { resolveScript } from './resolve-script.js'
import type { FrameSource, ScriptSources, ScriptUse } from './resolve-script.js'

type Remarks = Pick<ScriptSources, 'changed' | 'mapProblem'>

/** Of one recording, for one choice of source options. */
export class SourceMemory {
  readonly #frames = new WeakMap<Frame, FrameSource>()
  readonly #remarks = new WeakMap<Script, Remarks>()

  /** As {@link resolveScript}, which is asked for those frames alone that it has not been asked for. */
  resolve(use: ScriptUse, useMap: boolean): ScriptSources {
    const unknown = new Map([...use.frames].filter(([, frame]) => !this.#frames.has(frame)))
    const frames = new Map<number, FrameSource>()
    for (const [id, frame] of use.frames) {
      const source = this.#frames.get(frame)
      if (source !== undefined) frames.set(id, source)
    }
    const before = this.#remarks.get(use.script)
    if (unknown.size === 0) return { frames, changed: false, mapProblem: '', ...before }
    const script = resolveScript({ ...use, frames: unknown }, useMap)
    for (const [id, source] of script.frames) {
      frames.set(id, source)
      const frame = unknown.get(id)
      if (frame !== undefined) this.#frames.set(frame, source)
    }
    const { changed, mapProblem } = script
    this.#remarks.set(use.script, { changed, mapProblem })
    return { frames, changed, mapProblem }
  }
}
