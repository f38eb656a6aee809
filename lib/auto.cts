// auto.cts — the preload: `node -r nativeprof/auto` and `node --import nativeprof/auto`.
// Plain CommonJS of an old kind, for a preload in NODE_OPTIONS is inherited by every node that the program starts, and a
// node too old for nativeprof must run as if it were not there.

function isSupported(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major === 20 ? minor >= 19 : major === 22 ? minor >= 12 : major > 22
}

function start(): void {
  const { isMainThread } = require('node:worker_threads') as typeof import('node:worker_threads')
  if (isMainThread) {
    const { preload } = require('./preload.js') as typeof import('./preload.js')
    preload()
  } else {
    const { preloadWorker } = require('./preload-worker.js') as typeof import('./preload-worker.js')
    preloadWorker()
  }
}

if (process.env['NATIVEPROF'] !== '0' && isSupported(process.versions.node)) {
  try {
    start()
  } catch (error) {
    // Our own files are not all there, or cannot be found, as under Yarn's Plug'n'Play. It is not the program's fault.
    const [reason] = String(error).split('\n')
    process.stderr.write(
      `nativeprof: it cannot be loaded, so there will be no profile: ${reason} [ERR_NATIVEPROF_SYSTEM]\n`,
    )
  }
}

export {}
