// with-labels.ts — labels for what a function does, and for all that it sets going: CPU time by endpoint, job or tenant.

import { tryLoadBinding } from './binding.js'
import type { Binding } from './binding.js'
import { openCarrier } from './label-carrier.js'
import type { LabelCarrier } from './label-carrier.js'
import { checkLabels, labelsOfText, mergeLabels, textOfLabels } from './label-sets.js'
import type { Labels, LabelSet } from './label-sets.js'

/**
 * Calls `fn` and returns what it returns. Samples of what `fn` does, and of all that it sets going, by `await`, promises, timers
 * and callbacks, bear these labels, whether a sampler runs already or is started later. Inside of each other, the inner labels
 * come on top of the outer ones.
 *
 * Values are strings, numbers or booleans. Control characters in them become U+FFFD, and they are cut after 200 characters.
 * Where nativeprof cannot run, it only calls `fn`. Throws ERR_NATIVEPROF_INVALID_ARGUMENT for names that cannot be, or are
 * reserved: `thread`, `thread_id`, `thread_name`, and all that begin with `__`.
 */
export function withLabels<Result>(labels: Labels, fn: () => Result): Result {
  const sets = (threadSets ??= ThreadSets.open())
  if (sets === null) {
    checkLabels(labels)
    return fn()
  }
  return sets.carrier.run(sets.numberOf(labels), fn)
}

/** Null where nativeprof cannot run. */
let threadSets: ThreadSets | null | undefined

/** How many sets, and ways to write them, a thread knows by heart. */
const MAX_KNOWN = 4096

/** The sets of labels that this thread has used. */
class ThreadSets {
  readonly carrier: LabelCarrier
  readonly #binding: Binding
  /** By the set outside, and the labels as they were given. */
  readonly #numbers = new Map<string, number>()
  readonly #sets = new Map<number, LabelSet>()

  constructor(binding: Binding) {
    this.#binding = binding
    this.carrier = openCarrier(binding)
  }

  static open(): ThreadSets | null {
    const binding = tryLoadBinding()
    return binding === null ? null : new ThreadSets(binding)
  }

  numberOf(labels: Labels): number {
    const outer = this.carrier.current()
    const key = keyOf(outer, labels)
    const known = key === null ? undefined : this.#numbers.get(key)
    if (known !== undefined) return known
    const set = mergeLabels(this.#setOf(outer), checkLabels(labels))
    const number = this.#binding.labelNumber(textOfLabels(set))
    if (this.#numbers.size >= MAX_KNOWN) this.#numbers.clear()
    if (this.#sets.size >= MAX_KNOWN) this.#sets.clear()
    if (key !== null) this.#numbers.set(key, number)
    this.#sets.set(number, set)
    return number
  }

  #setOf(number: number): LabelSet {
    if (number === 0) return {}
    const known = this.#sets.get(number)
    if (known !== undefined) return known
    const text = this.#binding.labelText(number)
    return text === '' ? {} : labelsOfText(text)
  }
}

/** Equal only for equal labels; null where that is not worth a look. */
function keyOf(outer: number, labels: Labels): string | null {
  if (typeof labels !== 'object' || (labels as unknown) === null) return null
  let key = String(outer)
  for (const name of Object.keys(labels)) {
    const value: unknown = labels[name]
    if (value === undefined) continue
    if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') return null
    const text = String(value)
    if (text.length > MAX_KEY_PART) return null
    key += `,${name.length}:${name}${text.length}:${text}`
  }
  return key
}

/** Longer values are not kept as keys. */
const MAX_KEY_PART = 256
