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
  readonly #numbers = new KnownNumbers()
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
    const known = this.#numbers.placeOf(outer, labels)
    if (known?.number !== undefined) return known.number
    const set = mergeLabels(this.#setOf(outer), checkLabels(labels))
    const number = this.#binding.labelNumber(textOfLabels(set))
    if (this.#sets.size >= MAX_KNOWN) this.#sets.clear()
    if (known !== null) known.number = number
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

/** Where the number is of a set outside with some labels, as they were given, and of those with one more. */
interface Known {
  number: number | undefined
  next: Map<string, Map<unknown, Known>> | undefined
}

/**
 * Numbers by the set outside and the labels inside of it, one after the other: names and values are looked up as they are, for to make
 * one text of them would cost most of a call.
 */
class KnownNumbers {
  readonly #byOuter = new Map<number, Known>()
  #size = 0

  /** Null where that is not worth a look. */
  placeOf(outer: number, labels: Labels): Known | null {
    if (typeof labels !== 'object' || (labels as unknown) === null) return null
    let known = this.#byOuter.get(outer)
    if (known === undefined) {
      known = this.#make()
      this.#byOuter.set(outer, known)
    }
    for (const name of Object.keys(labels)) {
      const value: unknown = labels[name]
      if (value === undefined) continue
      if (typeof value === 'string') {
        if (value.length > MAX_KEY_LENGTH) return null
      } else if (typeof value !== 'number' && typeof value !== 'boolean') return null
      known = known.next?.get(name)?.get(value) ?? this.#add(known, name, value)
    }
    return known
  }

  #add(known: Known, name: string, value: unknown): Known {
    known.next ??= new Map()
    const values = known.next.get(name) ?? new Map<unknown, Known>()
    known.next.set(name, values)
    const added = this.#make()
    values.set(value, added)
    return added
  }

  #make(): Known {
    if (this.#size++ >= MAX_KNOWN) {
      this.#byOuter.clear()
      this.#size = 0
    }
    return { number: undefined, next: undefined }
  }
}

/** Longer values are not kept as keys. */
const MAX_KEY_LENGTH = 256
