// subtract.ts — what happened between two snapshots of one sampler. Pure.

import type { Counters, Profile, StackTotal } from './profile.js'

/** What subtract() asks of the earlier profile. */
export type Beginning = Pick<
  Profile,
  | 'startTimeMillis'
  | 'durationNanos'
  | 'cpuNanos'
  | 'sampledNanos'
  | 'counters'
  | 'cost'
  | 'totals'
  | 'samples'
  | 'samplesForgotten'
>

/** Of a window whose own sums begin here, and that lists no samples: without those of the profile, and with nothing that keeps its tables. */
export function beginningOf(profile: Profile): Beginning {
  const { startTimeMillis, durationNanos, cpuNanos, sampledNanos, counters, cost, samplesForgotten } = profile
  const none = { totals: [], samples: [] }
  return { startTimeMillis, durationNanos, cpuNanos, sampledNanos, counters, cost, samplesForgotten, ...none }
}

/**
 * The window between two profiles of the same recording. Ids are those of `later`.
 * Throws RangeError if `earlier` is no earlier snapshot of it.
 */
export function subtract(later: Profile, earlier: Beginning): Profile {
  if (later.startTimeMillis !== earlier.startTimeMillis || later.counters.ticks < earlier.counters.ticks) {
    throw new RangeError('subtract() takes two snapshots of one sampler, the later one first')
  }
  const cpuNanos = later.cpuNanos - earlier.cpuNanos
  const sampledNanos = later.sampledNanos - earlier.sampledNanos
  const counters = subtractCounters(later.counters, earlier.counters)
  const periodNanos = later.periodMicros * 1000
  const totals: StackTotal[] = []
  const ticksBefore = new TicksBefore(earlier.totals)
  for (const [i, total] of later.totals.entries()) {
    const ticks = total.ticks - ticksBefore.of(total, i)
    if (ticks > 0)
      totals.push({ ...total, ticks, weightNanos: Math.round(ticks * periodNanos * later.weightScale) })
  }
  const samplesInWindow =
    later.samples.length + later.samplesForgotten - earlier.samples.length - earlier.samplesForgotten
  const samples = samplesInWindow === 0 ? [] : later.samples.slice(-samplesInWindow)
  return {
    ...later,
    startTimeMillis: later.startTimeMillis + earlier.durationNanos / 1e6,
    durationNanos: later.durationNanos - earlier.durationNanos,
    cpuNanos,
    sampledNanos,
    counters,
    cost: {
      handlerNanos: later.cost.handlerNanos - earlier.cost.handlerNanos,
      codeEventNanos: later.cost.codeEventNanos - earlier.cost.codeEventNanos,
      scannerNanos: later.cost.scannerNanos - earlier.cost.scannerNanos,
      drainNanos: later.cost.drainNanos - earlier.cost.drainNanos,
    },
    coverage: sampledNanos > 0 ? (counters.ticks * periodNanos) / sampledNanos : NaN,
    totals,
    samples: samples.map((sample) => ({ ...sample, timeNanos: sample.timeNanos - earlier.durationNanos })),
    samplesForgotten: samplesInWindow - samples.length,
  }
}

function subtractCounters(later: Counters, earlier: Counters): Counters {
  return {
    ticks: later.ticks - earlier.ticks,
    samples: later.samples - earlier.samples,
    dropped: later.dropped - earlier.dropped,
    notWalkable: later.notWalkable - earlier.notWalkable,
    truncated: later.truncated - earlier.truncated,
    walkedByV8: later.walkedByV8 - earlier.walkedByV8,
    forwarded: later.forwarded - earlier.forwarded,
  }
}

/** The ticks of totals by their place in a profile. */
class TicksBefore {
  readonly #totals: readonly StackTotal[]
  #byKey: Map<string, number> | undefined

  constructor(totals: readonly StackTotal[]) {
    this.#totals = totals
  }

  /** `index`: where the total is in the later profile. A recording only adds to its totals, so it mostly is there in the earlier one. */
  of(total: StackTotal, index: number): number {
    const same = this.#totals[index]
    if (
      same?.stackId === total.stackId &&
      same.threadId === total.threadId &&
      same.labelsId === total.labelsId
    )
      return same.ticks
    return this.#ofOther(total)
  }

  #ofOther(total: StackTotal): number {
    this.#byKey ??= new Map(this.#totals.map((each) => [keyOf(each), each.ticks]))
    return this.#byKey.get(keyOf(total)) ?? 0
  }
}

function keyOf({ stackId, threadId, labelsId }: StackTotal): string {
  return `${stackId} ${threadId} ${labelsId}`
}
