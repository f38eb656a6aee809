// label-table.ts — the sets of labels of a recording, as they are met in samples; bounded, whatever a program has for labels.

import { labelsOfText, textOfLabels } from './label-sets.js'
import type { LabelSet } from './label-sets.js'

/** Different values of one label. Beyond, values are {@link OTHER_VALUE}. */
export const MAX_VALUES = 10_000
/** Different sets. Beyond, samples have no labels. */
export const MAX_SETS = 20_000
/** How many numbers of sets are remembered; the numbers have no end. */
const MAX_NUMBERS = 65_536

const OTHER_VALUE = '(other)'

/** What became of labels that are not in the profile as they were given. */
export interface LabelLosses {
  /** Names with more than {@link MAX_VALUES} values. */
  readonly manyValues: readonly string[]
  /** Samples without labels, for there were {@link MAX_SETS} sets already. */
  readonly beyondSets: number
  /** Samples whose labels had been forgotten when the sample was read. */
  readonly forgotten: number
}

/** Grows only, up to its bounds. */
export class LabelTable {
  /** The first is the empty set. Handed out as it is: do not change it. */
  readonly sets: LabelSet[] = [{}]
  readonly #textOf: (number: number) => string
  readonly #idOfNumber = new Map<number, number>()
  readonly #idOfText = new Map<string, number>()
  readonly #values = new Map<string, Set<string>>()
  readonly #manyValues = new Set<string>()
  #beyondSets = 0
  #forgotten = 0

  /** `textOf`: the text of the set under a number, '' if it has been forgotten; see Binding. */
  constructor(textOf: (number: number) => string) {
    this.#textOf = textOf
  }

  get losses(): LabelLosses {
    return {
      manyValues: [...this.#manyValues],
      beyondSets: this.#beyondSets,
      forgotten: this.#forgotten,
    }
  }

  /** The id of the set of labels that a sample bears under a number. */
  idOf(number: number): number {
    if (number === 0) return 0
    const known = this.#idOfNumber.get(number)
    if (known !== undefined) return known
    const text = this.#textOf(number)
    if (text === '') {
      this.#forgotten++
      return 0
    }
    const id = this.#intern(this.#bound(labelsOfText(text)))
    if (id === null) {
      this.#beyondSets++
      return 0
    }
    if (this.#idOfNumber.size >= MAX_NUMBERS) this.#idOfNumber.clear()
    this.#idOfNumber.set(number, id)
    return id
  }

  #intern(set: LabelSet): number | null {
    const text = textOfLabels(set)
    let id = this.#idOfText.get(text)
    if (id === undefined) {
      if (this.sets.length >= MAX_SETS) return null
      id = this.sets.push(set) - 1
      this.#idOfText.set(text, id)
    }
    return id
  }

  #bound(set: LabelSet): LabelSet {
    return Object.fromEntries(
      Object.entries(set).map(([name, value]) => [name, this.#boundValue(name, value)]),
    )
  }

  #boundValue(name: string, value: string): string {
    const values = this.#values.get(name) ?? new Set()
    this.#values.set(name, values)
    if (values.has(value)) return value
    if (values.size >= MAX_VALUES) {
      this.#manyValues.add(name)
      return OTHER_VALUE
    }
    values.add(value)
    return value
  }
}
