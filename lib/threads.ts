// threads.ts — whether a profile shows its threads apart or as one. Chosen when a profile is written; a recording has
// every thread. Pure. Neighbours: thread-groups.ts, which applies the choice to a profile, and the formats, which take it.

import { inspect } from 'node:util'
import { NativeprofError } from './errors.js'

/**
 * How threads are shown. `split`: each thread of the kernel's on its own. `merged`: the process as a whole, equal stacks
 * of different threads as one. `auto`: as suits the format.
 */
export type ThreadsName = 'auto' | 'split' | 'merged'

/** How threads are shown where nobody says. */
export const DEFAULT_THREADS: ThreadsName = 'auto'

/** All of them. */
export const THREADS_NAMES: readonly ThreadsName[] = ['auto', 'split', 'merged']

/**
 * Checks what was asked for. `source` is the option that it was given by. Throws ERR_NATIVEPROF_INVALID_ARGUMENT, which
 * lists what there is.
 */
export function threadsNamed(source: string, name: unknown): ThreadsName {
  const threads = THREADS_NAMES.find((each) => each === name)
  if (threads !== undefined) return threads
  throw new NativeprofError(
    'ERR_NATIVEPROF_INVALID_ARGUMENT',
    `${source} must be one of ${THREADS_NAMES.join(', ')}, not ${inspect(name)}`,
  )
}
