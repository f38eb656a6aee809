// lone-stack.ts — stacks of this moment, that are no samples: as a profile, so that what names the frames of profiles names theirs.
// Neighbours: current-stack.ts (one's own), attach/stack-answer.ts (another process's).

import { labelOf } from './labels.js'
import type { Frame, FrameKind, Profile, Tier } from './profile.js'
import type { StackTable } from './stack-table.js'

/** One frame of a stack, with its names. */
export interface StackFrame {
  /** Never empty. */
  readonly name: string
  /** A path, a URL, or a word in brackets such as `[libc.so.6]`; '' if nothing. */
  readonly file: string
  /** The line being executed, that of the call for a caller, 1-based; 0 where not known. */
  readonly line: number
  /** 1-based; 0 where not known. */
  readonly column: number
  readonly kind: FrameKind
  readonly tier: Tier | null
  /** The compiler had copied the function into the one that called it. */
  readonly inlined: boolean
}

/** A frame of `profile` with its names. */
export function stackFrameOf(profile: Profile, frame: Frame): StackFrame {
  const { name, file } = labelOf(profile, frame)
  const { line, column, kind, tier, inlined } = frame
  return { name, file, line, column, kind, tier, inlined }
}

/** As if each had been sampled once. */
export function profileOfStacks(table: StackTable, stackIds: readonly number[]): Profile {
  const { scripts, functions, frames, stacks } = table
  const ticks = stackIds.length
  return {
    startTimeMillis: 0,
    durationNanos: 0,
    cpuNanos: 0,
    sampledNanos: 0,
    periodMicros: 0,
    timer: 'process',
    counters: {
      ticks,
      samples: ticks,
      dropped: 0,
      notWalkable: 0,
      truncated: 0,
      walkedByV8: 0,
      forwarded: 0,
    },
    cost: { handlerNanos: 0, codeEventNanos: 0, scannerNanos: 0, drainNanos: 0 },
    coverage: 1,
    weightScale: 1,
    scripts,
    functions,
    frames,
    stacks,
    threads: [{ name: '', kind: 'main', tid: 0 }],
    labelSets: [{}],
    totals: stackIds.map((stackId) => ({ stackId, threadId: 0, labelsId: 0, ticks: 1, weightNanos: 0 })),
    samples: [],
    samplesForgotten: 0,
    process: { pid: 0, command: [], nodeVersion: '', v8Version: '', platform: '', arch: '' },
    notes: [],
  }
}
