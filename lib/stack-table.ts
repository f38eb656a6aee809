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

/** The most of each that a table takes. 500,000 stacks take some 36 MB, 72 bytes each: see path-table.ts. */
export interface TableLimits {
  readonly stacks: number
  readonly frames: number
  readonly scripts: number
}

const LIMITS: TableLimits = { stacks: 500_000, frames: 250_000, scripts: 50_000 }

/** What memory holds: path-table.ts throws where it does not. */
export const NO_LIMITS: TableLimits = { stacks: Infinity, frames: Infinity, scripts: Infinity }

/** Larger source maps in a script's URL, all together, are left out. */
const MAX_URL_CHARS = 128 * 2 ** 20

/**
 * Grows only, up to its limits. Beyond them, a stack is that of its nearest caller that is in the table, and a new function is
 * `(more functions)`: no time is lost, but detail is. The arrays are handed out as they are: do not change them.
 */
export class StackTable {
  /** Whether there was more than the limits. */
  isFull = false
  readonly #limits: TableLimits
  readonly #mostStacks: number
  #urlChars = 0
  readonly scripts: Script[] = []
  readonly functions: ProfileFunction[] = []
  readonly frames: Frame[] = []
  readonly stacks: Stack[] = []
  readonly #functionIds = new Map<string, number>()
  /** The same by identity: whoever asks for many frames of a function mostly has one object for it. */
  readonly #knownFunctions = new WeakMap<ProfileFunction, number>()
  /** What frames are besides their function. */
  readonly #placeIds = new Map<number | string, number>()
  /** Pairs of a function and a place; ids are those of the frames. */
  readonly #framePairs = new PathTable()
  #moreFrameId: number | undefined
  readonly #paths = new PathTable()

  constructor(limits: TableLimits = LIMITS) {
    this.#limits = limits
    // A recording goes on with less detail where its memory ends; what has no limit says that it does not fit.
    this.#mostStacks = limits.stacks === Infinity ? Infinity : Math.min(limits.stacks, this.#paths.most)
  }

  /** The id of this frame, the same for an equal description. */
  frame(description: FrameDescription): number {
    const { kind, tier, inlined = false, line = 0, column = 0 } = description
    const isRoom = this.frames.length < this.#limits.frames
    const functionId = this.#function(description.function, isRoom)
    if (functionId === undefined) return this.#moreFunctions()
    const key = placeKey(description)
    let placeId = this.#placeIds.get(key)
    if (!isRoom) {
      const known = placeId === undefined ? -1 : this.#framePairs.find(functionId, placeId)
      return known < 0 ? this.#moreFunctions() : known
    }
    if (placeId === undefined) this.#placeIds.set(key, (placeId = this.#placeIds.size))
    const id = this.#framePairs.push(functionId, placeId)
    if (id === this.frames.length) this.frames.push({ functionId, kind, tier, inlined, line, column })
    return id
  }

  /** Adds a script, and returns its id; {@link NO_SCRIPT} if there are too many. */
  script(script: Script): number {
    if (this.scripts.length >= this.#limits.scripts) {
      this.isFull = true
      return NO_SCRIPT
    }
    this.#urlChars += script.sourceMapUrl.length
    const hasRoom = this.#urlChars <= MAX_URL_CHARS
    if (!hasRoom) this.#urlChars -= script.sourceMapUrl.length
    return this.scripts.push(hasRoom ? script : { ...script, sourceMapUrl: '' }) - 1
  }

  /**
   * The id of the stack in which `frameId` is called from the stack `parentId`; {@link NO_STACK} for a root. In a full table,
   * that of `parentId`. Roots are always added: there are few. `same`: a stack of another table, which is taken over if it is equal, for
   * to make millions of them again takes seconds.
   */
  push(parentId: number, frameId: number, same?: Stack): number {
    if (parentId !== NO_STACK && this.stacks.length >= this.#mostStacks) {
      const known = this.#paths.find(parentId, frameId)
      this.isFull ||= known < 0
      return known < 0 ? parentId : known
    }
    const id = this.#paths.push(parentId, frameId)
    if (id < this.stacks.length) return id
    const isEqual = same?.frameId === frameId && same.parentId === parentId
    this.stacks.push(isEqual ? same : { frameId, parentId })
    return id
  }

  /** Makes room for so many stacks at once. */
  reserve(stacks: number): void {
    this.#paths.reserve(stacks)
  }

  // Copies of a function that several scripts of the same text have are one; the script is that of the first.
  #function(fn: ProfileFunction, isRoom: boolean): number | undefined {
    const known = this.#knownFunctions.get(fn)
    if (known !== undefined) return known
    const key = `${fn.url}\0${fn.line}:${fn.column}\0${fn.name}`
    let id = this.#functionIds.get(key)
    if (id === undefined && isRoom) {
      id = this.functions.push(fn) - 1
      this.#functionIds.set(key, id)
    }
    if (id !== undefined) this.#knownFunctions.set(fn, id)
    return id
  }

  #moreFunctions(): number {
    this.isFull = true
    if (this.#moreFrameId === undefined) {
      const name = '(more functions)'
      const functionId = this.functions.push({ name, url: '', line: 0, column: 0, scriptId: NO_SCRIPT }) - 1
      const frame: Frame = { functionId, kind: 'pseudo', tier: null, inlined: false, line: 0, column: 0 }
      this.#moreFrameId = this.frames.push(frame) - 1
    }
    return this.#moreFrameId
  }
}

const KINDS: readonly FrameKind[] = ['js', 'native', 'builtin', 'helper', 'runtime', 'gc', 'wasm', 'pseudo']
const TIERS: readonly (Tier | null)[] = [null, 'interpreted', 'baseline', 'maglev', 'turbofan']
const PLACES = 2 ** 23

// A number where it fits, for a text would have to be made to look it up.
function placeKey({ kind, tier, inlined = false, line = 0, column = 0 }: FrameDescription): number | string {
  if (!isCount(line) || !isCount(column))
    return `${kind} ${tier ?? ''} ${inlined ? 'i' : ''}${line}:${column}`
  const what = (KINDS.indexOf(kind) * TIERS.length + TIERS.indexOf(tier)) * 2 + (inlined ? 1 : 0)
  return (what * PLACES + line) * PLACES + column
}

function isCount(value: number): boolean {
  return value >>> 0 === value && value < PLACES
}
