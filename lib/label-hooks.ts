// label-hooks.ts — has async hooks carry the number of a set of labels, in memory that the handler reads, from where an async
// operation begins to where it goes on. It costs about 0.1 us per await.

import { createHook, executionAsyncResource } from 'node:async_hooks'

/** Deeper nested callbacks, each run inside of another, are not labelled. */
const MAX_NESTED = 4096

/** On what an async operation began under. */
const NUMBER = Symbol('nativeprof.labels')

interface Resource {
  [NUMBER]?: number
}

/** From here on `slot[0]` is what it was when the running operation began, 0 for one that began before. Once per thread. */
export function setByHooks(slot: Uint32Array): void {
  /** What was in the slot before each callback that has not ended. */
  const outer = new Uint32Array(MAX_NESTED)
  let nested = 0
  createHook({
    init(...[, , , resource]: [id: number, type: string, triggerId: number, resource: Resource]) {
      const number = slot[0] as number
      if (number !== 0) resource[NUMBER] = number
    },
    before() {
      if (nested < MAX_NESTED) outer[nested] = slot[0] as number
      nested++
      slot[0] = (executionAsyncResource() as Resource)[NUMBER] ?? 0
    },
    after() {
      // The first of all may have begun before there were hooks.
      if (nested > 0) nested--
      slot[0] = outer[nested] ?? 0
    },
  }).enable()
}
