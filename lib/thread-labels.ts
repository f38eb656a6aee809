// thread-labels.ts — the sets of labels that the calling thread has used, by what it said, and their numbers.

import { tryLoadBinding } from './binding.js'
import type { Binding } from './binding.js'
import type { LabelCarrier, LabelPlace, LabelStep } from './label-carrier.js'
import { checkLabels, labelsOfText, mergeLabels, textOfLabels } from './label-sets.js'
import type { Labels, LabelSet } from './label-sets.js'
import { openCarrier } from './open-carrier.js'

/** How many sets, and ways to write them, a thread knows by heart. */
const MAX_KNOWN = 4096
/** Longer values are not kept as keys. */
const MAX_KEY_LENGTH = 256

/** One per thread. */
export class ThreadLabels {
  readonly carrier: LabelCarrier
  readonly #binding: Binding
  readonly #sets = new Map<number, LabelSet>()
  #known = 0

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
   * The place that is inside of `outer`, that of this moment, with these labels. Throws ERR_NATIVEPROF_INVALID_ARGUMENT for what
   * cannot be labels.
   */
  inside(outer: LabelPlace, labels: Labels): LabelPlace {
    const step = this.#stepTo(outer, labels)
    if (step?.place !== undefined) return step.place
    const set = mergeLabels(this.#setOf(outer.number), checkLabels(labels))
    const number = this.#binding.labelNumber(textOfLabels(set))
    if (this.#sets.size >= MAX_KNOWN) this.#sets.clear()
    this.#sets.set(number, set)
    const place = this.carrier.inner(outer, number)
    if (step !== null) step.place = place
    // As many places as steps, at most, but for those that no step leads to.
    else this.#count()
    return place
  }

  #setOf(number: number): LabelSet {
    if (number === 0) return {}
    const known = this.#sets.get(number)
    if (known !== undefined) return known
    const text = this.#binding.labelText(number)
    return text === '' ? {} : labelsOfText(text)
  }

  /**
   * One label after the other: names and values are looked up as they are, for to make one text of them would cost most of a call.
   * Null where that is not worth a look.
   */
  #stepTo(outer: LabelPlace, labels: Labels): LabelStep | null {
    if (typeof labels !== 'object' || (labels as unknown) === null) return null
    let step: LabelStep | null = null
    for (const name of Object.keys(labels)) {
      const value: unknown = labels[name]
      if (value === undefined) continue
      if (typeof value === 'string') {
        if (value.length > MAX_KEY_LENGTH) return null
      } else if (typeof value !== 'number' && typeof value !== 'boolean') return null
      const from: LabelPlace | LabelStep = step ?? outer
      step = from.inside?.get(name)?.get(value) ?? this.#add(from, name, value)
    }
    return step
  }

  #add(from: LabelPlace | LabelStep, name: string, value: unknown): LabelStep {
    this.#count()
    from.inside ??= new Map()
    const values = from.inside.get(name) ?? new Map<unknown, LabelStep>()
    from.inside.set(name, values)
    const added: LabelStep = { place: undefined, inside: undefined }
    values.set(value, added)
    return added
  }

  #count(): void {
    if (this.#known++ < MAX_KNOWN) return
    this.carrier.clear()
    this.#known = 0
  }
}
