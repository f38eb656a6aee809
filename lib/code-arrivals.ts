// code-arrivals.ts — where a collection under way puts code: for a sample from its midst. Pure.

import { CodeMap } from './code-map.js'
import type { CodeEvent } from './code-events.js'

export class Arrivals<T> {
  #latest: { readonly event: CodeEvent; readonly map: CodeMap<T> } | null = null

  /**
   * What the collection moves, at its new places; null if that is not known yet. `next` is the first event that has not been
   * applied to the map. V8 moves code and corrects the addresses on the stack, one after the other: some are still old, some
   * new. Code is moved into free memory only, so whatever the map has at a new place is gone.
   */
  of(next: CodeEvent | undefined, codeMap: CodeMap<T>): CodeMap<T> | null {
    if (next?.kind !== 'moved') return null
    if (this.#latest?.event === next) return this.#latest.map
    const map = new CodeMap<T>(codeMap)
    for (let i = 0; i + 1 < next.moves.length; i += 2) {
      const range = codeMap.find(next.moves[i] as number)
      if (range !== undefined && range.start === next.moves[i]) {
        map.add(next.moves[i + 1] as number, range.end - range.start, range.value)
      }
    }
    this.#latest = { event: next, map }
    return map
  }
}
