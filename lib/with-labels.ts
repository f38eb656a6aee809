// with-labels.ts — labels for what a function does, and for all that it sets going: CPU time by endpoint, job or tenant.
// The program's own functions run on top of this one: symbolize.ts knows this file, and leaves its frames out.

import { NativeprofError } from './errors.js'
import { checkLabels } from './label-sets.js'
import type { Labels } from './label-sets.js'
import { ThreadLabels } from './thread-labels.js'

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
  // Callers that are not type-checked.
  if (typeof fn !== 'function')
    throw new NativeprofError(
      'ERR_NATIVEPROF_INVALID_ARGUMENT',
      'withLabels() takes labels, and a function to call',
    )
  // `undefined` before the first call, and null where nativeprof cannot run.
  if (thread === undefined) thread = ThreadLabels.open()
  if (thread === null) {
    checkLabels(labels)
    return fn()
  }
  const { carrier } = thread
  const outer = carrier.place()
  return carrier.run(outer, thread.inside(outer, labels), fn)
}

let thread: ThreadLabels | null | undefined
