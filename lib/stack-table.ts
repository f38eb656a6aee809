// stack-table.ts — interns functions, frames and stacks, so that equal ones are one. Ids are indexes, and never change.

import { PathTable } from './path-table.js'
import type { Frame, FrameKind, ProfileFunction, Script, Stack, Tier } from './profile.js'

/** What identifies a frame, before it has ids. */
export interface FrameDescription {
  readonly function: ProfileFunction
  readonly kind: FrameKind
  readonly tier: Tier | null
  /** The compiler had copied the function into its caller; not, if left out. */
  readonly inlined?: boolean
  /** The line being executed, 1-based; 0, or left out, where not known. */
  readonly line?: number
  readonly column?: number
}

/** Where no script is known. */
export const NO_SCRIPT = -1

/** The parent of a root frame. */
export const NO_STACK = -1

/** Grows only. The arrays are handed out as they are: do not change them. */
export class StackTable {
  readonly scripts: Script[] = []
  readonly functions: ProfileFunction[] = []
  readonly frames: Frame[] = []
  readonly stacks: Stack[] = []
  readonly #functionIds = new Map<string, number>()
  readonly #frameIds = new Map<string, number>()
  readonly #paths = new PathTable()

  /** The id of this frame, the same for an equal description. */
  frame(description: FrameDescription): number {
    const { kind, tier, inlined = false, line = 0, column = 0 } = description
    const functionId = this.#function(description.function)
    const key = `${functionId} ${kind} ${tier ?? ''} ${inlined ? 'i' : ''}${line}:${column}`
    let id = this.#frameIds.get(key)
    if (id === undefined) {
      id = this.frames.push({ functionId, kind, tier, inlined, line, column }) - 1
      this.#frameIds.set(key, id)
    }
    return id
  }

  /** Adds a script, and returns its id. */
  script(script: Script): number {
    return this.scripts.push(script) - 1
  }

  /** The id of the stack in which `frameId` is called from the stack `parentId`; {@link NO_STACK} for a root. */
  push(parentId: number, frameId: number): number {
    const id = this.#paths.push(parentId, frameId)
    if (id === this.stacks.length) this.stacks.push({ frameId, parentId })
    return id
  }

  // Copies of a function that several scripts of the same text have are one; the script is that of the first.
  #function(fn: ProfileFunction): number {
    const key = `${fn.url}\0${fn.line}:${fn.column}\0${fn.name}`
    let id = this.#functionIds.get(key)
    if (id === undefined) {
      id = this.functions.push(fn) - 1
      this.#functionIds.set(key, id)
    }
    return id
  }
}
