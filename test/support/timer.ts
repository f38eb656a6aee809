// timer.ts — which timers there are here.

import { execFileSync } from 'node:child_process'
import { ROOT } from './run-program.js'

/** Why a timer cannot be had here, as in a container that forbids it; false if it can. */
export function whyNoTimer(timer: string): string | false {
  try {
    const program = `import { startSampler } from 'nativeprof'; startSampler({ timer: '${timer}' }).stop()`
    const args = ['-u', 'NODE_OPTIONS', process.execPath, '--input-type=module', '-e', program]
    execFileSync('/usr/bin/env', args, { cwd: ROOT, stdio: 'pipe' })
    return false
  } catch (error) {
    if (!String(error).includes('TIMER_UNAVAILABLE')) throw error
    return `there is no timer ${timer} here`
  }
}
