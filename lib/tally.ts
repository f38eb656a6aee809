// tally.ts — the ticks of samples, summed by stack, thread and labels. Pure.

import type { StackTotal } from './profile.js'

/** Where in a profile a sample belongs. */
export interface Place {
  readonly stackId: number
  readonly threadId: number
  readonly labelsId: number
}

interface Total extends Place {
  ticks: number
}

/** Grows with the number of distinct places. */
export class Tally {
  readonly #totals = new Map<string, Total>()

  /** `key` is that of the place, see {@link keyOfPlace}. */
  add(key: string, { stackId, threadId, labelsId }: Place, ticks: number): void {
    const total = this.#totals.get(key)
    if (total === undefined) this.#totals.set(key, { stackId, threadId, labelsId, ticks })
    else total.ticks += ticks
  }

  /** In the order in which places first came. */
  totals(weigh: (ticks: number) => number): StackTotal[] {
    const totals: StackTotal[] = []
    for (const total of this.#totals.values()) totals.push({ ...total, weightNanos: weigh(total.ticks) })
    return totals
  }

  clear(): void {
    this.#totals.clear()
  }
}

/** Totals of the same place as one, in the order in which places first come. */
export function mergeTotals(totals: readonly StackTotal[]): StackTotal[] {
  const byPlace = new Map<string, StackTotal>()
  for (const total of totals) {
    const key = keyOfPlace(total)
    const { ticks = 0, weightNanos = 0 } = byPlace.get(key) ?? {}
    byPlace.set(key, { ...total, ticks: ticks + total.ticks, weightNanos: weightNanos + total.weightNanos })
  }
  return [...byPlace.values()]
}

/** Different for different places. */
export function keyOfPlace({ threadId, stackId, labelsId }: Place): string {
  return `${threadId} ${stackId} ${labelsId}`
}
