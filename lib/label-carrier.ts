// label-carrier.ts — has the number of a label set follow calls, awaits, timers and callbacks, and shows the handler where it is.
//
// Where AsyncLocalStorage uses AsyncContextFrame (Node 24 and later), the numbers are the values of a storage, and the handler
// looks them up. That is checked against values that are known, at the start and now and then. Elsewhere, or where the check
// fails, async hooks follow them and write the number into memory that the handler reads. Both native sides are in label_source.h.

import { AsyncLocalStorage, createHook, executionAsyncResource } from 'node:async_hooks'
import type { Binding } from './binding.js'

/** One per thread. */
export interface LabelCarrier {
  /** The number at this moment; 0 for none. */
  current(): number
  /** What `fn` returns. The number is that of `fn`, and of whatever it sets going. */
  run<Result>(number: number, fn: () => Result): Result
}

/** From here on, AsyncLocalStorage uses AsyncContextFrame unless it is told not to. */
const FIRST_MAJOR_WITH_FRAMES = 24

/** The carrier of the calling thread. Call once per thread. */
export function openCarrier(binding: Binding): LabelCarrier {
  // Of a buffer, for that is outside of V8's heap and does not move.
  const slot = new Uint32Array(new ArrayBuffer(Uint32Array.BYTES_PER_ELEMENT))
  binding.openLabels(slot.buffer)
  const storage = new AsyncLocalStorage<number>()
  const whyNot = tryScan(binding, storage)
  if (whyNot === '') return new ScanCarrier(binding, storage, slot)
  // Older versions of node are expected to have hooks.
  if (Number.parseInt(process.versions.node) >= FIRST_MAJOR_WITH_FRAMES) binding.setWhyLabelHooks(whyNot)
  return new HookCarrier(slot)
}

/** Values that no set of labels has, for checks. */
const KNOWN = [0x5a5a5a5a, 0x12345678, 0x7fffffff]

const DISAGREES = 'what is read of the async context is not what AsyncLocalStorage says'

/** '' if the handler finds what the storage says; else why not. */
function tryScan(binding: Binding, storage: AsyncLocalStorage<number>): string {
  const whyNot = storage.run(KNOWN[0] as number, () => binding.scanLabels(storage, KNOWN[0] as number))
  if (whyNot !== '') return whyNot
  const finds = (value: number): boolean => binding.labelNow() === value
  const others = Array.from({ length: 10 }, () => new AsyncLocalStorage<object>())
  const besideOthers = (left: number, check: () => boolean): boolean => {
    const other = others[left - 1]
    return other === undefined ? check() : other.run({}, () => besideOthers(left - 1, check))
  }
  const isRight =
    finds(storage.getStore() ?? 0) &&
    KNOWN.every((value) => storage.run(value, () => finds(value) && besideOthers(others.length, () => finds(value)))) &&
    besideOthers(others.length, () => KNOWN.every((value) => storage.run(value, () => finds(value)) && finds(0))) &&
    storage.exit(() => finds(0))
  if (isRight) return ''
  binding.stopLabelScan()
  return DISAGREES
}

/** Every so many calls the look-up is checked; and the first ones, at 1, 2, 4, 8… */
const CALLS_BETWEEN_CHECKS = 1024

class ScanCarrier implements LabelCarrier {
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

/** Deeper nested callbacks, the resource of one being run in that of another, are not labelled. */
const MAX_NESTED = 4096

/** On what an async operation began under. */
const NUMBER = Symbol('nativeprof.labels')

interface Resource {
  [NUMBER]?: number
}

class HookCarrier implements LabelCarrier {
  /** One element: what the handler reads. */
  readonly #slot: Uint32Array
  /** What was in the slot before each callback that has not ended. */
  readonly #outer = new Uint32Array(MAX_NESTED)
  #nested = 0

  constructor(slot: Uint32Array) {
    this.#slot = slot
    createHook({
      init: (_id, _type, _trigger, resource: Resource) => {
        const number = slot[0]
        if (number !== 0) resource[NUMBER] = number as number
      },
      before: () => {
        if (this.#nested < MAX_NESTED) this.#outer[this.#nested] = slot[0] as number
        this.#nested++
        slot[0] = (executionAsyncResource() as Resource)[NUMBER] ?? 0
      },
      after: () => {
        // The first of all may have begun before there were hooks.
        if (this.#nested > 0) this.#nested--
        slot[0] = this.#outer[this.#nested] ?? 0
      },
    }).enable()
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
