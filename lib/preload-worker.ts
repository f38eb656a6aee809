// preload-worker.ts — what nativeprof/auto does in a worker: has it take part in the recording of the process. Apart from
// preload.ts, for every worker would load all that writes profiles, which it does not: 50 ms of CPU time and some megabytes each.

import { attachThread } from './attach-thread.js'
import { complain } from './complaint.js'

/** Attaches the calling worker. Never throws; what goes wrong is one line on stderr. */
export function preloadWorker(): void {
  try {
    attachThread()
  } catch (error) {
    complain(error)
  }
}
