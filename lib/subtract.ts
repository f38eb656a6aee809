// subtract.ts — what happened between two snapshots of one sampler. Pure.

import type { Counters, Profile } from './profile.js'

/**
 * The window between two profiles of the same recording. Ids are those of `later`.
 * Throws RangeError if `earlier` is no earlier snapshot of it.
 */
export function subtract(later: Profile, earlier: Profile): Profile {
  if (later.startTimeMillis !== earlier.startTimeMillis || later.counters.ticks < earlier.counters.ticks) {
    throw new RangeError('subtract() takes two snapshots of one sampler, the later one first')
  }
  const cpuNanos = later.cpuNanos - earlier.cpuNanos
  const sampledNanos = later.sampledNanos - earlier.sampledNanos
  const counters = subtractCounters(later.counters, earlier.counters)
  const periodNanos = later.periodMicros * 1000
  const ticksBefore = new Map<string, number>()
  for (const total of earlier.totals) ticksBefore.set(keyOf(total), total.ticks)
  const totals = later.totals
    .map((total) => {
      const ticks = total.ticks - (ticksBefore.get(keyOf(total)) ?? 0)
      return { ...total, ticks, weightNanos: Math.round(ticks * periodNanos * later.weightScale) }
    })
    .filter((total) => total.ticks > 0)
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

function keyOf({ stackId, threadId, labelsId }: Profile['totals'][number]): string {
  return `${stackId} ${threadId} ${labelsId}`
}
