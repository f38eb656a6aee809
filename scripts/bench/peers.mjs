// peers.mjs — who is measured: how each is put around a program, and why one cannot run here.

import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import process from 'node:process'
import { versionsInstalled } from './install.mjs'
import { HERE } from './places.mjs'

const PRELOAD = join(HERE, 'peers/preload.cjs')
const require = createRequire(import.meta.url)

/** The profiler is started from within the program, by a preload. */
function preloaded(name) {
  return {
    around: (program, hz, folder) => ({
      args: ['-r', PRELOAD, ...program],
      env: { BENCH_PEER: name, BENCH_HZ: String(hz), BENCH_OUT: folder },
    }),
    why: () => whyNotLoaded(name),
  }
}

/**
 * By name. `around(program, hz, folder)`: node's arguments, and variables, for `program` (its arguments) to be profiled at `hz`
 * into `folder`. `why()`: why it cannot run here; '' if it can.
 */
export const PEERS = {
  none: { around: (program) => ({ args: program, env: {} }), why: () => '' },
  nativeprof: preloaded('nativeprof'),
  '--cpu-prof': {
    around: (program, hz, folder) => ({
      args: [
        '--cpu-prof',
        `--cpu-prof-dir=${folder}`,
        `--cpu-prof-interval=${Math.round(1e6 / hz)}`,
        ...program,
      ],
      env: {},
    }),
    why: () => '',
  },
  '@datadog/pprof': preloaded('@datadog/pprof'),
  'v8-profiler-next': preloaded('v8-profiler-next'),
  '0x': {
    // It starts node itself, with --prof, and makes its flame graph when the program has ended: that is part of what it costs.
    around: (program, hz, folder) => ({
      args: [
        join(HERE, 'node_modules/0x/cmd.js'),
        '--silent',
        '--output-dir',
        folder,
        '--',
        process.execPath,
        `--prof-sampling-interval=${Math.round(1e6 / hz)}`,
        ...program,
      ],
      env: {},
    }),
    why: () => whyNotResolved('0x/cmd.js'),
  },
}

/** Each peer with its version. */
export function versionsOfPeers() {
  const installed = versionsInstalled()
  return Object.fromEntries(
    Object.keys(PEERS)
      .filter((name) => name in installed)
      .map((name) => [name, installed[name]]),
  )
}

// In a process of its own: an addon that does not fit may take the process with it.
function whyNotLoaded(name) {
  const script = `require(${JSON.stringify(join(HERE, 'peers/in-process.cjs'))}).IN_PROCESS[${JSON.stringify(name)}]()`
  const { status, signal, stderr } = spawnSync(process.execPath, ['-e', script], {
    cwd: HERE,
    encoding: 'utf8',
  })
  if (status === 0) return ''
  const reason = /^\w*Error.*$/m.exec(stderr)?.[0] ?? signal ?? `exit code ${status}`
  return `cannot be loaded: ${reason}`
}

function whyNotResolved(file) {
  try {
    require.resolve(file)
    return ''
  } catch (error) {
    return `is not installed: ${error.code}`
  }
}
