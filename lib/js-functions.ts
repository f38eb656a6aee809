// js-functions.ts — the functions and scripts of one isolate, by V8's numbers for them: what a function is called, and which
// line a place in a script is. Code that was inlined names its functions by number, and code has its lines as offsets.

import { copyOf, nameOfCode } from './code-added.js'
import { lineEndsOf, sourceMapUrlOf } from './code-events.js'
import type { CodeAdded, FunctionKey, Slice } from './code-added.js'
import type { ScriptTold } from './code-events.js'
import { parseCodeName } from './code-name.js'
import type { CodeName } from './code-name.js'
import type { ProfileFunction } from './profile.js'
import { NO_SCRIPT } from './stack-table.js'
import type { StackTable } from './stack-table.js'

/** A line and a column, 1-based; 0 where not known. */
export interface Place {
  readonly line: number
  readonly column: number
}

const NO_PLACE: Place = { line: 0, column: 0 }

// V8 does not say when a script is gone. What was told longest ago is forgotten beyond these: 16 MB of functions, and of
// scripts as many as have so many bytes of line ends together, one or two a line (and four more for those of sampled scripts).
const MAX_FUNCTIONS = 131_072
const MAX_LINE_BYTES = 10_000_000
const MAX_SCRIPTS = 32_768

/** Of source maps inside of scripts, which may be megabytes each, all together. */
const MAX_URL_BYTES = 64 * 2 ** 20

const NO_URL: Slice = { bytes: Buffer.alloc(0), start: 0, end: 0 }

interface Script {
  readonly told: Omit<ScriptTold, 'lineEnds' | 'sourceMapUrl'>
  // Copies, for the bytes of a drain are many.
  readonly lineBytes: Slice
  /** The same, taken apart once somebody asks. */
  lineEnds: Uint32Array | undefined
  sourceMapUrl: Slice
  /** In the table; undefined until a function of it is sampled. */
  id: number | undefined
}

interface Named {
  readonly code: CodeAdded
  name: CodeName | undefined
  /** What goes into a profile of it, once somebody has asked. */
  described: ProfileFunction | undefined
  /** Two functions have this number: then the number is not what we take it for. */
  readonly isAmbiguous: boolean
  /** How many listings there had been when V8 last told of it. */
  readonly generation: number
}

/** Grows with what V8 tells of an isolate, up to a limit. */
export class JsFunctions {
  readonly #table: StackTable
  /** By {@link numberOf}. */
  readonly #functions = new Map<number, Named>()
  readonly #scripts = new Map<number, Script>()
  #lineBytes = 0
  #urlBytes = 0
  #generation = 0

  constructor(table: StackTable) {
    this.#table = table
  }

  /** Code that bears the function's name. */
  addCode(code: CodeAdded): void {
    if (code.literalId < 0) return
    const number = numberOf(code)
    const before = this.#functions.get(number)
    const isAmbiguous = before !== undefined && (before.isAmbiguous || before.code.nameHash !== code.nameHash)
    this.#functions.delete(number) // so that it is the latest
    this.#functions.set(number, {
      code,
      name: undefined,
      described: undefined,
      isAmbiguous,
      generation: this.#generation,
    })
    if (this.#functions.size > MAX_FUNCTIONS) deleteFirst(this.#functions)
  }

  addScript(told: ScriptTold): void {
    const before = this.#scripts.get(told.scriptId)
    if (before !== undefined) this.#uncount(before)
    this.#scripts.delete(told.scriptId)
    const { lineEnds, sourceMapUrl, ...rest } = told
    const script: Script = {
      told: rest,
      lineBytes: copyOf(lineEnds),
      lineEnds: undefined,
      sourceMapUrl: copyOf(sourceMapUrl),
      id: before?.id,
    }
    this.#scripts.set(told.scriptId, script)
    this.#lineBytes += script.lineBytes.end
    this.#urlBytes += script.sourceMapUrl.end
    if (this.#urlBytes > MAX_URL_BYTES) this.#forgetUrls()
    while (this.#lineBytes > MAX_LINE_BYTES || this.#scripts.size > MAX_SCRIPTS) {
      const forgotten = deleteFirst(this.#scripts)
      if (forgotten === undefined) break
      this.#uncount(forgotten)
    }
  }

  /**
   * After V8 has listed its code: forgets the functions that it has told of neither since the listing before nor in this one, but
   * for those that somebody has asked for.
   */
  forgetUnlisted(): void {
    for (const [number, named] of this.#functions) {
      if (named.generation >= this.#generation) continue
      if (named.name === undefined) this.#functions.delete(number)
      else
        this.#functions.set(number, {
          ...named,
          code: named.code.detached(),
          name: undefined,
          described: undefined,
        })
    }
    this.#generation++
  }

  /** A function that was inlined; undefined if V8 never told of it, or too long ago, or of two by this number. */
  find(key: FunctionKey): ProfileFunction | undefined {
    const named = this.#named(key)
    if (named?.name?.kind !== 'js') return undefined
    return (named.described ??= this.describe(named.name, key.scriptId))
  }

  /** What V8 calls it; undefined if it never told, or too long ago. */
  nameOf(key: FunctionKey): CodeName | undefined {
    return this.#named(key)?.name
  }

  #named(key: FunctionKey): Named | undefined {
    const named = this.#functions.get(numberOf(key))
    if (named === undefined || named.isAmbiguous) return undefined
    named.name ??= parseCodeName(nameOfCode(named.code))
    return named
  }

  /** What goes into a profile of a function with this name. */
  describe({ name, url, line, column }: CodeName, scriptId: number): ProfileFunction {
    return { name, url, line, column, scriptId: this.#idOf(scriptId, url) }
  }

  /** Where in the text an offset lies. */
  placeOf(scriptId: number, scriptOffset: number): Place {
    const script = this.#scripts.get(scriptId)
    if (script === undefined || scriptOffset < 0) return NO_PLACE
    const ends = (script.lineEnds ??= lineEndsOf(script.lineBytes))
    let low = 0
    let high = ends.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((ends[middle] as number) < scriptOffset) low = middle + 1
      else high = middle
    }
    if (low === ends.length) return NO_PLACE
    const { lineOffset, columnOffset } = script.told
    const column = scriptOffset - (low === 0 ? -columnOffset : (ends[low - 1] as number) + 1)
    return { line: low + lineOffset + 1, column: column + 1 }
  }

  #idOf(scriptId: number, url: string): number {
    const script = this.#scripts.get(scriptId)
    if (script === undefined) return NO_SCRIPT
    script.id ??= this.#table.script({
      url,
      sourceMapUrl: sourceMapUrlOf(script),
      origin: this.#originOf(script.told),
    })
    return script.id
  }

  #uncount({ lineBytes, sourceMapUrl }: Script): void {
    this.#lineBytes -= lineBytes.end
    this.#urlBytes -= sourceMapUrl.end
  }

  // Those of the oldest scripts; the comments at the ends of their files may still name the maps.
  #forgetUrls(): void {
    for (const script of this.#scripts.values()) {
      if (this.#urlBytes <= MAX_URL_BYTES / 2) return
      this.#urlBytes -= script.sourceMapUrl.end
      script.sourceMapUrl = NO_URL
    }
  }

  #originOf({ evaluatedIn }: Pick<ScriptTold, 'evaluatedIn'>): string {
    if (evaluatedIn === null) return ''
    const named = this.nameOf(evaluatedIn.function)
    if (named === undefined) return ''
    const { name, url, ...start } = named
    const call = this.placeOf(evaluatedIn.function.scriptId, evaluatedIn.scriptOffset)
    const { line, column } = call.line === 0 ? start : call
    return `${name} ${url}:${line}:${column}`
  }
}

/** One number for both; V8 allows fewer functions in a script than this leaves room for. */
function numberOf({ scriptId, literalId }: FunctionKey): number {
  return scriptId * 2 ** 21 + literalId
}

function deleteFirst<Value>(map: Map<number, Value>): Value | undefined {
  for (const [key, value] of map) {
    map.delete(key)
    return value
  }
  return undefined
}
