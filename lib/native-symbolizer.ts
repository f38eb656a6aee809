// native-symbolizer.ts — runs of native frames → words and stacks: under JavaScript, and on threads without it.

import type { NativeFrames, NativeFunction } from './native-frames.js'
import { threadWordOf, wordOf } from './native-words.js'
import type { FrameKind } from './profile.js'
import type { RawSample, VmState } from './records.js'
import { NO_SCRIPT, NO_STACK } from './stack-table.js'
import type { StackTable } from './stack-table.js'

/** Where a {@link NativeSymbolizer} finds what is not its own. */
export interface NativeSources {
  readonly table: StackTable
  readonly nativeFrames: NativeFrames
  /** The path of the addon: what it does becomes `(nativeprof)`. */
  readonly ownModule: string
}

/** Turns the samples of threads without JavaScript into stacks of `table`. */
export class NativeSymbolizer {
  readonly #table: StackTable
  readonly #native: NativeFrames
  readonly #words: Words
  readonly #poolWords: Words

  constructor(sources: NativeSources) {
    this.#table = sources.table
    this.#native = sources.nativeFrames
    this.#words = new Words(sources, threadWordOf)
    this.#poolWords = new Words(sources, (functions, vmState) => wordOf(functions, vmState))
  }

  /** The id of the sample's stack. */
  stackOf({ addresses, vmState }: RawSample): number {
    const functions: NativeFunction[] = []
    const frameIds: number[] = []
    for (const [i, address] of addresses.entries()) {
      if (address < 0) {
        const found = this.#native.at(-address - (i === 0 ? 0 : 1))
        functions.push(found)
        frameIds.push(found.frameId)
      } else {
        frameIds.push(frameOfWord(this.#table, { name: '(truncated)', kind: 'pseudo' }))
      }
    }
    const wordId = this.#words.frameOf(functions, vmState, true)
    let stackId = this.#table.push(NO_STACK, wordId)
    // Of libuv's pool it matters what it was asked to do.
    if (this.#nameOf(wordId) === LIBUV_POOL) {
      const workId = this.#poolWords.frameOf(functions, vmState, true)
      if (this.#nameOf(workId) !== NATIVE) stackId = this.#table.push(stackId, workId)
    }
    for (const frameId of frameIds.reverse()) stackId = this.#table.push(stackId, frameId)
    return stackId
  }

  #nameOf(frameId: number): string | undefined {
    const functionId = this.#table.frames[frameId]?.functionId
    return functionId === undefined ? undefined : this.#table.functions[functionId]?.name
  }
}

/** What a frame says that is no function. */
export interface Word {
  readonly name: string
  readonly kind: FrameKind
}

/** `alone`: there is no JavaScript on the stack. */
type FindWord = (functions: readonly NativeFunction[], vmState: VmState, alone: boolean) => Word

const LIBUV_POOL = '(libuv pool)'
const NATIVE = '(native)'

const MAX_WORDS_KNOWN = 16_384

/** The words for runs of native frames, remembered. */
export class Words {
  readonly #table: StackTable
  readonly #ownModule: string
  readonly #wordOf: FindWord
  readonly #known = new Map<string, number>()

  constructor({ table, ownModule }: Pick<NativeSources, 'table' | 'ownModule'>, find: FindWord) {
    this.#table = table
    this.#ownModule = ownModule
    this.#wordOf = find
  }

  /** The frame that says what the runtime does; `functions` leaf-first. */
  frameOf(functions: readonly NativeFunction[], vmState: VmState, alone: boolean): number {
    const key = `${vmState}${alone ? '!' : ''} ${functions.map(({ frameId }) => frameId).join()}`
    let frameId = this.#known.get(key)
    if (frameId === undefined) {
      const isOwn = functions.some(({ module }) => module === this.#ownModule)
      frameId = frameOfWord(
        this.#table,
        isOwn ? { name: '(nativeprof)', kind: 'pseudo' } : this.#wordOf(functions, vmState, alone),
      )
      if (this.#known.size >= MAX_WORDS_KNOWN) this.#known.clear()
      this.#known.set(key, frameId)
    }
    return frameId
  }
}

/** The id of the frame that says a word. */
export function frameOfWord(table: StackTable, { name, kind }: Word): number {
  const fn = { name, url: '', line: 0, column: 0, scriptId: NO_SCRIPT }
  return table.frame({ function: fn, kind, tier: null })
}
