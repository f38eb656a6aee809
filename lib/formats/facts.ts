// facts.ts — what a profile says of itself that formats of JSON have no field for: a field `nativeprof`, which other readers
// pass over. With it a file that we wrote is read again as what it was. Pure. Neighbours: pprof-comments.ts (the same for
// pprof), readers/facts.ts (the way back).

import type { Profile } from '../profile.js'
import type { ViewName } from '../view.js'

/** Numbers that are not known are NaN, and null in JSON. */
export interface Facts extends Pick<
  Profile,
  | 'startTimeMillis'
  | 'durationNanos'
  | 'cpuNanos'
  | 'sampledNanos'
  | 'periodMicros'
  | 'timer'
  | 'coverage'
  | 'weightScale'
  | 'counters'
  | 'process'
  | 'notes'
> {
  readonly view: ViewName | null
}

export function factsOf(profile: Profile, view: ViewName | null): Facts {
  const { startTimeMillis, durationNanos, cpuNanos, sampledNanos, periodMicros, timer } = profile
  const { coverage, weightScale, counters, process, notes } = profile
  return {
    view,
    startTimeMillis,
    durationNanos,
    cpuNanos,
    sampledNanos,
    periodMicros,
    timer,
    coverage,
    weightScale,
    counters,
    process,
    notes,
  }
}
