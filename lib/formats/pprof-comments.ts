// pprof-comments.ts — what a profile says of itself that pprof has no field for, as the comments of the file, one
// `key: value` each (`go tool pprof -comments` prints them). Pure. Neighbours: pprof.ts, read-pprof.ts.

import { printable } from '../labels.js'
import type { Profile } from '../profile.js'
import type { ViewName } from '../view.js'

/** The first of the comments: whose file it is. */
export const EXPORTER = 'exporter: nativeprof'

/** In the order in which they are printed. */
export function commentsOf(profile: Profile, view: ViewName | null): string[] {
  const { counters, timer, periodMicros, sampledNanos, cpuNanos, coverage, weightScale } = profile
  const { pid, command, nodeVersion, v8Version, platform, arch } = profile.process
  const time = timer === 'wall' ? 'wall time' : 'CPU time'
  const asked = `asked for ${rounded(1e6 / periodMicros)}`
  const rate =
    sampledNanos > 0
      ? `${rounded(counters.ticks / (sampledNanos / 1e9))} ticks per second of ${time}, ${asked}`
      : `${asked} ticks per second of ${time}`
  return [
    EXPORTER,
    ...said(command.length > 0, `command: ${command.join(' ')}`),
    ...said(
      nodeVersion !== '',
      `process: pid ${pid}, Node.js ${nodeVersion}, V8 ${v8Version}, ${platform} ${arch}`,
    ),
    ...said(view !== null, `view: ${view}`),
    `timer: ${timer}`,
    ...said(periodMicros > 0, `rate: ${rate}`),
    `ticks: ${counters.ticks} = ${counters.samples} samples + ${counters.dropped} dropped + ${counters.notWalkable} not walkable` +
      ` (${counters.truncated} truncated, ${counters.walkedByV8} walked by V8; ${counters.forwarded} foreign signals forwarded)`,
    `time: ${cpuNanos} ns of CPU, ${sampledNanos} ns sampled, coverage ${coverage}, weights times ${weightScale}`,
    ...profile.notes.map((note) => `note: ${note}`),
  ].map(printable)
}

// What a file did not say that the profile was read from, is not said.
function said(isKnown: boolean, comment: string): string[] {
  return isKnown ? [comment] : []
}

function rounded(number: number): string {
  return String(Number(number.toFixed(3)))
}
