// label-carrier.ts — calls a function under the number of a set of labels. What carries the number on from there is open-carrier.ts's
// to choose. The program's own functions run on top of these: symbolize.ts knows this file, and leaves its frames out.

import type { AsyncLocalStorage } from 'node:async_hooks'
import type { Binding } from './binding.js'
import { setByHooks } from './label-hooks.js'

/** Labels as they are at some moment. The same ones may be at several places. */
export interface LabelPlace {
  /** Of the set of labels; 0 for none. */
  readonly number: number
  /** An async context with these labels, and with nothing of the program's; null if it is not known, or has. */
  readonly context: object | null | undefined
  /** For thread-labels.ts: what is known of labels inside of these. */
  inside: LabelsInside | undefined
}

/** By name and value. */
export type LabelsInside = Map<string, Map<unknown, LabelStep>>

/** Some of the labels of a call, and those that come after them. */
export interface LabelStep {
  /** Inside of all of them. */
  place: LabelPlace | undefined
  inside: LabelsInside | undefined
}

/** One per thread. */
export interface LabelCarrier {
  /** That of this moment. */
  place(): LabelPlace
  /** The one with this number inside of `outer`, which is that of this moment. */
  inner(outer: LabelPlace, number: number): LabelPlace
  /** What `fn` returns. The labels of `inner` are those of `fn`, and of whatever it sets going. */
  run<Result>(outer: LabelPlace, inner: LabelPlace, fn: () => Result): Result
  /** Forgets what is known of all places. */
  clear(): void
}

/** Why the handler looks numbers up no more. */
export const DISAGREES = 'what is read of the async context is not what AsyncLocalStorage says'

/** Every so many calls the look-up is checked; and the first ones, at 1, 2, 4, 8… */
const CALLS_BETWEEN_CHECKS = 1024

/**
 * By the value of a storage, which the handler looks up.
 *
 * `AsyncLocalStorage.run()` makes two contexts for a call, one for it and one for what comes after it, and each costs half a
 * microsecond. Contexts are never changed once they are made, so the same one serves every call with the same labels, as long as no
 * storage of the program's has a value: that is what its context would be equal to.
 */
export class ScanCarrier implements LabelCarrier {
  readonly #binding: Binding
  // The binding is an object of so many properties that each look for one takes as long as the call.
  readonly #contextNow: Binding['contextNow']
  readonly #exchangeContext: Binding['exchangeContext']
  readonly #storage: AsyncLocalStorage<number>
  readonly #slot: Uint32Array
  readonly #numbered = new NumberedPlaces()
  #root: LabelPlace = { context: undefined, number: 0, inside: undefined }
  readonly #places = new Map<object, LabelPlace>()
  #hooks: HookCarrier | undefined
  #calls = 0

  constructor(binding: Binding, storage: AsyncLocalStorage<number>, slot: Uint32Array) {
    this.#binding = binding
    this.#contextNow = binding.contextNow
    this.#exchangeContext = binding.exchangeContext
    this.#storage = storage
    this.#slot = slot
  }

  place(): LabelPlace {
    if (this.#hooks !== undefined) return this.#hooks.place()
    const context = this.#contextNow()
    if (context === undefined) return this.#root
    return this.#places.get(context) ?? this.#numbered.of(this.#storage.getStore() ?? 0)
  }

  inner(outer: LabelPlace, number: number): LabelPlace {
    if (this.#hooks !== undefined || outer.context === null || this.#contextNow() !== outer.context)
      return this.#numbered.of(number)
    if (number === outer.number) return outer
    const [context, isRight] = this.#storage.run(number, () => [
      this.#contextNow(),
      this.#binding.labelNow() === number,
    ])
    // Without what run() leaves there.
    this.#exchangeContext(this.#contextNow(), outer.context)
    if (!isRight || context === undefined) return this.#takeHooks().inner(outer, number)
    const place: LabelPlace = { context, number, inside: undefined }
    this.#places.set(context, place)
    return place
  }

  run<Result>(outer: LabelPlace, inner: LabelPlace, fn: () => Result): Result {
    if (this.#hooks !== undefined) return this.#hooks.run(outer, inner, fn)
    const calls = ++this.#calls
    const checks = calls % CALLS_BETWEEN_CHECKS === 0 || (calls & (calls - 1)) === 0
    const checked = checks ? (): Result => this.#runChecked(outer, inner, fn) : fn
    if (inner === outer) return checked()
    if (inner.context === null || !this.#exchangeContext(outer.context ?? undefined, inner.context))
      return this.#storage.run(inner.number, checked)
    try {
      return checked()
    } finally {
      // What the program has put into its storages meanwhile stays, as it does with AsyncLocalStorage.run().
      if (!this.#exchangeContext(inner.context, outer.context ?? undefined))
        this.#storage.enterWith(outer.number)
    }
  }

  clear(): void {
    this.#hooks?.clear()
    this.#places.clear()
    this.#numbered.clear()
    this.#root = { ...this.#root, inside: undefined }
  }

  #runChecked<Result>(outer: LabelPlace, inner: LabelPlace, fn: () => Result): Result {
    if (this.#hooks !== undefined || this.#binding.labelNow() === inner.number) return fn()
    return this.#takeHooks().run(outer, inner, fn)
  }

  #takeHooks(): HookCarrier {
    this.#binding.stopLabelScan()
    this.#binding.setWhyLabelHooks(DISAGREES)
    this.#hooks = new HookCarrier(this.#slot)
    return this.#hooks
  }
}

/** By a number in memory, which async hooks set. */
export class HookCarrier implements LabelCarrier {
  readonly #slot: Uint32Array
  readonly #numbered = new NumberedPlaces()

  constructor(slot: Uint32Array) {
    this.#slot = slot
    setByHooks(slot)
  }

  place(): LabelPlace {
    return this.#numbered.of(this.#slot[0] as number)
  }

  inner(_outer: LabelPlace, number: number): LabelPlace {
    return this.#numbered.of(number)
  }

  run<Result>(_outer: LabelPlace, inner: LabelPlace, fn: () => Result): Result {
    const slot = this.#slot
    const outer = slot[0] as number
    slot[0] = inner.number
    try {
      return fn()
    } finally {
      slot[0] = outer
    }
  }

  clear(): void {
    this.#numbered.clear()
  }
}

/** Places of which nothing but the number counts. */
class NumberedPlaces {
  readonly #byNumber = new Map<number, LabelPlace>()

  of(number: number): LabelPlace {
    let place = this.#byNumber.get(number)
    if (place === undefined) {
      place = { context: null, number, inside: undefined }
      this.#byNumber.set(number, place)
    }
    return place
  }

  clear(): void {
    this.#byNumber.clear()
  }
}
