// source-memory.ts — what was found out of frames and scripts before, for whoever writes one window of a recording after
// another: reading and parsing a bundle each time would hold up the event loop of the program. Frames and scripts are known by
// identity, which the snapshots of one recording share; what is forgotten there is forgotten here.

import type { Frame, ProfileFunction, Script } from '../profile.js'
import { resolveScript } from './resolve-script.js'
import type { FrameSource, ScriptSources, ScriptUse } from './resolve-script.js'

type Remarks = Omit<ScriptSources, 'frames'>

/** Of one recording, for one choice of source options. */
export class SourceMemory {
  readonly #frames = new WeakMap<Frame, FrameSource>()
  /** What functions became of which frames were seen, in scripts without a map: there, other lines of them stay what they are. */
  readonly #functions = new WeakMap<ProfileFunction, ProfileFunction>()
  readonly #remarks = new WeakMap<Script, Remarks>()

  /** As {@link resolveScript}, which is asked for those frames alone that it has not been asked for. */
  resolve(use: ScriptUse, useMap: boolean): ScriptSources {
    const unknown = new Map<number, Frame>()
    const frames = new Map<number, FrameSource>()
    for (const [id, frame] of use.frames) {
      const source =
        this.#frames.get(frame) ?? this.#ofKnownFunction(use.functions.get(frame.functionId), frame)
      if (source === undefined) unknown.set(id, frame)
      else frames.set(id, source)
    }
    const before = this.#remarks.get(use.script)
    if (unknown.size === 0) return { frames, changed: false, mapProblem: '', isMapped: false, ...before }
    const { frames: found, ...remarks } = resolveScript({ ...use, frames: unknown }, useMap)
    for (const [id, source] of found) {
      frames.set(id, source)
      const frame = unknown.get(id)
      if (frame === undefined) continue
      this.#frames.set(frame, source)
      const fn = use.functions.get(frame.functionId)
      if (fn !== undefined && !remarks.isMapped) this.#functions.set(fn, source.function)
    }
    this.#remarks.set(use.script, remarks)
    return { frames, ...remarks }
  }

  #ofKnownFunction(fn: ProfileFunction | undefined, { line, column }: Frame): FrameSource | undefined {
    const known = fn && this.#functions.get(fn)
    return known && { function: known, line, column }
  }
}
