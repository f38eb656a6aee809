// attach-thread.ts — has a worker take part in the sampling of its process.

import * as workerThreads from 'node:worker_threads'
import { loadBinding } from './binding.js'

/**
 * Has the calling worker sampled, now if a sampler runs in the main thread, and whenever one does. `nativeprof/auto` does
 * this by itself. Does nothing in the main thread, and when called again. A worker that has not called it is sampled as well, but
 * shows as native code.
 * Throws ERR_NATIVEPROF_NO_BINDING and ERR_NATIVEPROF_UNSUPPORTED_PLATFORM where nativeprof cannot run at all.
 */
export function attachThread(): void {
  const binding = loadBinding()
  if (workerThreads.isMainThread) return
  // Only newer versions of node tell a worker its name.
  const name: unknown = Reflect.get(workerThreads, 'threadName')
  binding.attachThread(workerThreads.threadId, typeof name === 'string' ? name : '')
}
