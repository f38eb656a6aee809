// delivery-line.ts — what continuous profiling comes to, in a line for a log; and what an application is called that nobody
// named. Pure, but for the name of the script.

import { basename, extname } from 'node:path'
import type { ContinuousCounts } from './continuous.js'

/** `nativeprof: 30 windows to pyroscope http://…: 29 delivered, 1 lost (HTTP 400)`, a line for each sink. */
export function deliveryLine({ windows, empty, problem, sinks }: ContinuousCounts): string {
  const lines = sinks.map(({ sink, delivered, lost, lastProblem }) => {
    const why = lost > 0 && lastProblem !== '' ? ` (${lastProblem.replace(/\s+/g, ' ')})` : ''
    return `nativeprof: ${windows} windows to ${sink}: ${delivered} delivered, ${lost} lost${why}, ${empty} without a tick\n`
  })
  return lines.join('') + (problem === '' ? '' : `nativeprof: a window could not be made: ${problem}\n`)
}

/** By the script, as Pyroscope takes it. */
export function defaultApp(): string {
  const script = process.argv[1] ?? ''
  return basename(script, extname(script)).replace(/[^\w./-]+/g, '_') || 'node'
}
