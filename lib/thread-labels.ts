// thread-labels.ts — the sets of labels that the calling thread has used, by what it said, and their numbers.

import { tryLoadBinding } from './binding.js'
import type { Binding } from './binding.js'
import type { LabelCarrier } from './label-carrier.js'
import { checkLabels, labelsOfText, mergeLabels, textOfLabels } from './label-sets.js'
import type { Labels, LabelSet } from './label-sets.js'
import { openCarrier } from './open-carrier.js'

/** How many sets, and ways to write them, a thread knows by heart. */
const MAX_KNOWN = 4096

/** One per thread. */
export class ThreadLabels {
  readonly carrier: LabelCarrier
  readonly #binding: Binding
  /** By the set outside, and the labels as they were given. */
  readonly #numbers = new Map<string, number>()
  readonly #sets = new Map<number, LabelSet>()

  constructor(binding: Binding) {
    this.#binding = binding
    this.carrier = openCarrier(binding)
  }

  /** Null where nativeprof cannot run. */
  static open(): ThreadLabels | null {
    const binding = tryLoadBinding()
    return binding === null ? null : new ThreadLabels(binding)
  }

  /**
   * The number of the set that these labels make with those at this moment. Throws ERR_NATIVEPROF_INVALID_ARGUMENT for what
   * cannot be labels.
   */
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
