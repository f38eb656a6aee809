// js-frames.ts — a place in V8's code → the frames it stands for: the function, the line being executed, and what a compiler
// has inlined there.

import type { TablesLevel } from './binding.js'
import { inlinedCallsOf, inlinedFunctionsOf, nameOfCode } from './code-added.js'
import type { CodeAdded, FunctionKey, InlinedCall } from './code-added.js'
import type { CodeRange } from './code-map.js'
import { parseCodeName, parseWasmName } from './code-name.js'
import type { CodeName } from './code-name.js'
import { JsFunctions } from './js-functions.js'
import { PositionTable } from './position-table.js'
import type { Position } from './position-table.js'
import type { ProfileFunction } from './profile.js'
import { NO_SCRIPT } from './stack-table.js'
import type { StackTable } from './stack-table.js'

/** What is found of a piece of code when a sample first lies in it. */
interface Shown {
  readonly name: CodeName
  readonly isOwn: boolean
  /** Once a frame has been made of it. */
  function: ProfileFunction | undefined
  readonly tables: TablesLevel
  readonly positions: PositionTable | null
  readonly calls: readonly InlinedCall[]
  readonly functions: readonly FunctionKey[]
  /** By offset in the code; null for nativeprof's own. */
  readonly framesAt: Map<number, readonly number[] | null>
}

/** A function, and the place in its script. */
interface Level {
  readonly function: ProfileFunction
  readonly scriptId: number
  readonly scriptOffset: number
}

const UNKNOWN: CodeName = {
  name: '(unknown code)',
  url: '',
  line: 0,
  column: 0,
  kind: 'pseudo',
  tier: null,
  plumbing: false,
}

/** Whether the code has no name of its own, for V8 has not announced it: its function is known by number. */
export function isFound(code: CodeAdded): boolean {
  return code.literalId >= 0 && code.nameBytes === FOUND_NAME_BYTES
}

const FOUND_NAME_BYTES = 'JS:*'.length

const NOT_SHOWN: readonly number[] = []

/** In the place of a frame: a function of nativeprof's that calls one of the program's. Not shown, unless it is the last one. */
export const PASSES_THROUGH = -1

/** Where such functions are. */
const PASSING_FILES = /^(?:with-labels|label-carrier)\.js$/

/** The frames of one isolate's code. */
export class JsFrames {
  readonly functions: JsFunctions
  readonly #table: StackTable
  readonly #ownUrl: string

  constructor(table: StackTable, ownUrl: string) {
    this.#table = table
    this.#ownUrl = ownUrl
    this.functions = new JsFunctions(table)
  }

  /** How far the tables of code are to be believed. */
  tables: TablesLevel = 'none'

  /** Root-first; empty for code that is not shown, null if nativeprof's own is among it, but for {@link PASSES_THROUGH}. */
  of(
    { start, value: code }: CodeRange<CodeAdded>,
    address: number,
    isLeaf: boolean,
  ): readonly number[] | null {
    let shown = code.shown as Shown | undefined
    if (shown?.tables !== this.tables) code.shown = shown = this.#show(code)
    const { plumbing, tier } = shown.name
    if (plumbing) return NOT_SHOWN
    // A return address lies behind its call, and an interrupted instruction of optimized code counts as that before it. Of
    // bytecode V8 tells where the instruction begins, and baseline code has its places where instructions begin.
    const isAtBeginning = tier === 'interpreted' || (tier === 'baseline' && isLeaf)
    const offset = shown.positions === null ? 0 : address - start + (isAtBeginning ? 1 : 0)
    let frames = shown.framesAt.get(offset)
    if (frames === undefined) {
      frames = this.#framesOf(code, shown, offset)
      shown.framesAt.set(offset, frames)
    }
    return frames
  }

  #show(added: CodeAdded): Shown {
    const text = nameOfCode(added)
    const parsed = (added.isWasm ? parseWasmName : parseCodeName)(text)
    const name = isFound(added) ? { ...(this.functions.nameOf(added) ?? UNKNOWN), tier: parsed.tier } : parsed
    const hasTables = this.tables !== 'none' && added.positions.end > added.positions.start
    const hasInlining = hasTables && this.tables === 'lines-and-inlining'
    return {
      name,
      isOwn: this.#isOwn(name.url),
      function: undefined,
      tables: this.tables,
      positions: hasTables ? new PositionTable(added.positions) : null,
      calls: hasInlining ? inlinedCallsOf(added) : [],
      functions: hasInlining ? inlinedFunctionsOf(added) : [],
      framesAt: new Map(),
    }
  }

  #framesOf(added: CodeAdded, shown: Shown, offset: number): readonly number[] | null {
    const { name, isOwn, positions } = shown
    if (isOwn && !this.#passesThrough(name.url)) return null
    const kind = name.kind === 'builtin' && !added.isCallableBuiltin ? 'helper' : name.kind
    const outer = (shown.function ??= this.functions.describe(
      name,
      kind === 'js' ? added.scriptId : NO_SCRIPT,
    ))
    const position = positions?.before(offset)
    const own = { function: outer, scriptId: added.scriptId, scriptOffset: 0 }
    const levels = position === undefined ? null : this.#levelsOf(shown, own, position)
    if (levels === null) {
      // At its very beginning, a function is at the line where it starts. Where that is in what was inlined is not known.
      const isAtStart = positions !== null && position === undefined
      const { line, column } = isAtStart ? name : { line: 0, column: 0 }
      return [
        isOwn ? PASSES_THROUGH : this.#table.frame({ function: outer, kind, tier: name.tier, line, column }),
      ]
    }
    const frames: number[] = []
    for (const [i, level] of levels.entries()) {
      if (this.#passesThrough(level.function.url)) {
        frames.push(PASSES_THROUGH)
        continue
      }
      if (this.#isOwn(level.function.url)) return null
      const { line, column } = this.functions.placeOf(level.scriptId, level.scriptOffset)
      const description = { function: level.function, kind, tier: name.tier, inlined: i > 0, line, column }
      frames.push(this.#table.frame(description))
    }
    return frames
  }

  /** The functions at a position, the outer one first; null where one of them is not known. */
  #levelsOf({ calls, functions, tables }: Shown, outer: Level, position: Position): Level[] | null {
    if (position.inlinedCall >= 0 && tables !== 'lines-and-inlining') return null
    const levels: Level[] = []
    let { scriptOffset } = position
    for (let id = position.inlinedCall; id >= 0;) {
      const call = calls[id]
      if (call === undefined || call.parent >= id) return null
      const key = functions[call.function]
      const inlined = key === undefined ? undefined : this.functions.find(key)
      if (key !== undefined && inlined !== undefined)
        levels.push({ function: inlined, scriptId: key.scriptId, scriptOffset })
      else if (call.function === -1) levels.push({ ...outer, scriptOffset })
      else return null
      scriptOffset = call.scriptOffset
      id = call.parent
    }
    levels.push({ ...outer, scriptOffset })
    return levels.reverse()
  }

  #passesThrough(url: string): boolean {
    return this.#isOwn(url) && PASSING_FILES.test(url.slice(this.#ownUrl.length))
  }

  #isOwn(url: string): boolean {
    return this.#ownUrl !== '' && url.startsWith(this.#ownUrl)
  }
}
