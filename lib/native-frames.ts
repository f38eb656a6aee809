// native-frames.ts — addresses outside V8's code → frames of C and C++ functions. Asks the addon once per address.

import { NO_SCRIPT } from './stack-table.js'
import type { StackTable } from './stack-table.js'

/** Where an address lies. */
export interface NativeFunction {
  /** The symbol, or `module+0x…` where there is none. */
  readonly name: string
  /** The path of the module; '' for none. */
  readonly module: string
  readonly frameId: number
}

/** A program of some size meets ten thousand; every interrupted instruction may be a new one. */
const MAX_KNOWN = 65_536

/** The native functions of the process. One for all threads. */
export class NativeFrames {
  readonly #table: StackTable
  readonly #symbolsOf: (addresses: Float64Array) => string[]
  #known = new Map<number, NativeFunction>()

  constructor(table: StackTable, symbolsOf: (addresses: Float64Array) => string[]) {
    this.#table = table
    this.#symbolsOf = symbolsOf
  }

  /** Looks up many at once, which is cheaper than one after the other. */
  prepare(addresses: Iterable<number>): void {
    if (this.#known.size > MAX_KNOWN) this.#known = new Map()
    const missing = new Set<number>()
    for (const address of addresses) if (!this.#known.has(address)) missing.add(address)
    if (missing.size === 0) return
    const unknown = [...missing]
    const texts = this.#symbolsOf(Float64Array.from(unknown))
    for (const [i, address] of unknown.entries()) {
      const module = texts[2 * i] ?? ''
      const name = texts[2 * i + 1] ?? '(unknown)'
      const frameId = this.#table.frame({
        function: { name, url: module, line: 0, column: 0, scriptId: NO_SCRIPT },
        kind: 'native',
        tier: null,
      })
      this.#known.set(address, { name, module, frameId })
    }
  }

  /** The function at an address inside one of its instructions; for a return address, that is one less. */
  at(address: number): NativeFunction {
    const found = this.#known.get(address)
    if (found !== undefined) return found
    this.prepare([address])
    return this.#known.get(address) as NativeFunction
  }
}
