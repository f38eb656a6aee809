// label-carrier.ts — calls a function under the number of a set of labels. What carries the number on from there is open-carrier.ts's
// to choose. The program's own functions run on top of these: symbolize.ts knows this file, and leaves its frames out.

import type { AsyncLocalStorage } from 'node:async_hooks'
import type { Binding } from './binding.js'
import { setByHooks } from './label-hooks.js'

/** One per thread. */
export interface LabelCarrier {
  /** The number at this moment; 0 for none. */
  current(): number
  /** What `fn` returns. The number is that of `fn`, and of whatever it sets going. */
  run<Result>(number: number, fn: () => Result): Result
}

/** Why the handler looks numbers up no more. */
export const DISAGREES = 'what is read of the async context is not what AsyncLocalStorage says'

/** Every so many calls the look-up is checked; and the first ones, at 1, 2, 4, 8… */
const CALLS_BETWEEN_CHECKS = 1024

/** By the value of a storage, which the handler looks up. */
export class ScanCarrier implements LabelCarrier {
  readonly #binding: Binding
  readonly #storage: AsyncLocalStorage<number>
  readonly #slot: Uint32Array
  #hooks: HookCarrier | undefined
  #calls = 0

  constructor(binding: Binding, storage: AsyncLocalStorage<number>, slot: Uint32Array) {
    this.#binding = binding
    this.#storage = storage
    this.#slot = slot
  }

  current(): number {
    return this.#hooks?.current() ?? this.#storage.getStore() ?? 0
  }

  run<Result>(number: number, fn: () => Result): Result {
    if (this.#hooks !== undefined) return this.#hooks.run(number, fn)
    const calls = ++this.#calls
    const checks = calls % CALLS_BETWEEN_CHECKS === 0 || (calls & (calls - 1)) === 0
    return this.#storage.run(number, checks ? () => this.#runChecked(number, fn) : fn)
  }

  #runChecked<Result>(number: number, fn: () => Result): Result {
    if (this.#hooks !== undefined || this.#binding.labelNow() === number) return fn()
    this.#binding.stopLabelScan()
    this.#binding.setWhyLabelHooks(DISAGREES)
    this.#hooks = new HookCarrier(this.#slot)
    return this.#hooks.run(number, fn)
  }
}

/** By a number in memory, which async hooks set. */
export class HookCarrier implements LabelCarrier {
  readonly #slot: Uint32Array

  constructor(slot: Uint32Array) {
    this.#slot = slot
    setByHooks(slot)
  }

  current(): number {
    return this.#slot[0] as number
  }

  run<Result>(number: number, fn: () => Result): Result {
    const slot = this.#slot
    const outer = slot[0] as number
    slot[0] = number
    try {
      return fn()
    } finally {
      slot[0] = outer
    }
  }
}
