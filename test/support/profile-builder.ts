// profile-builder.ts — small profiles made by hand. Samples are given as stacks of frames, root-first; everything is
// interned as a recording would have it, and the counters add up.

import type { Counters, Frame, FrameKind, Profile, ProfileFunction, Sample } from '#lib/profile.js'
import type { Stack, StackTotal, Thread, Tier } from '#lib/profile.js'

/** A frame and its function in one. */
export interface FrameSpec {
  readonly kind: FrameKind
  readonly name: string
  readonly url?: string
  readonly line?: number
  readonly column?: number
  readonly tier?: Tier
  readonly inlined?: boolean
  /** The line being executed. */
  readonly atLine?: number
  readonly atColumn?: number
}

/** One sample. */
export interface SampleSpec {
  /** Root-first. */
  readonly stack: readonly FrameSpec[]
  /** 1 by default. */
  readonly ticks?: number
  /** Index into the threads; 0 by default. */
  readonly thread?: number
  /** Index into the sets of labels; 0, the empty set, by default. */
  readonly labels?: number
}

/** What a profile has instead of what its samples imply. Counters that are not given are counted. */
export type ProfileOverrides = Partial<Omit<Profile, 'counters'>> & { readonly counters?: Partial<Counters> }

const MAIN_THREAD: Thread = { name: 'node', kind: 'main', tid: 100 }
const PERIOD_MICROS = 10_000

/** A function of the program; of the interpreter, and at its first line, unless `more` says otherwise. */
export function js(name: string, url = '/app/main.js', line = 1, more: Partial<FrameSpec> = {}): FrameSpec {
  return { kind: 'js', tier: 'interpreted', name, url, line, column: 1, atLine: line, ...more }
}

/** A function of a native module. */
export function native(name: string, module = '/usr/bin/node'): FrameSpec {
  return { kind: 'native', name, url: module }
}

/** One of V8's builtins. */
export function builtin(name: string): FrameSpec {
  return { kind: 'builtin', name }
}

/** A part of V8's that functions share. */
export function helper(name: string): FrameSpec {
  return { kind: 'helper', name }
}

/** A word for what native code does. */
export function runtime(name: string): FrameSpec {
  return { kind: 'runtime', name }
}

/** The garbage collector. */
export function gc(): FrameSpec {
  return { kind: 'gc', name: '(garbage collector)' }
}

/** A word about the profile, in parentheses. */
export function pseudo(name: string): FrameSpec {
  return { kind: 'pseudo', name }
}

/** Samples follow each other at intervals of their CPU time. One tick is 10 ms unless overridden. */
export function buildProfile(specs: readonly SampleSpec[], overrides: ProfileOverrides = {}): Profile {
  const { counters, ...rest } = overrides
  const periodMicros = overrides.periodMicros ?? PERIOD_MICROS
  const weightScale = overrides.weightScale ?? 1
  const functions = new Interner<ProfileFunction>()
  const frames = new Interner<Frame>()
  const stacks = new Interner<Stack>()
  const totals = new Map<string, StackTotal>()
  const samples: Sample[] = []
  let timeNanos = 0
  for (const { stack, ticks = 1, thread: threadId = 0, labels: labelsId = 0 } of specs) {
    let stackId = -1
    for (const frame of stack) {
      stackId = stacks.idOf({ frameId: frames.idOf(frameOf(frame, functions)), parentId: stackId })
    }
    const weightNanos = ticks * periodMicros * 1000 * weightScale
    timeNanos += weightNanos
    samples.push({ stackId, threadId, timeNanos, ticks, weightNanos, labelsId })
    const key = `${stackId} ${threadId} ${labelsId}`
    const before = totals.get(key) ?? { ticks: 0, weightNanos: 0 }
    totals.set(key, {
      stackId,
      threadId,
      labelsId,
      ticks: before.ticks + ticks,
      weightNanos: before.weightNanos + weightNanos,
    })
  }
  const ticks = samples.reduce((sum, sample) => sum + sample.ticks, 0)
  const lost = (counters?.dropped ?? 0) + (counters?.notWalkable ?? 0)
  return {
    startTimeMillis: 1_700_000_000_000,
    durationNanos: timeNanos,
    cpuNanos: timeNanos,
    sampledNanos: overrides.cpuNanos ?? timeNanos,
    periodMicros,
    timer: 'process',
    cost: { handlerNanos: 0, codeEventNanos: 0, scannerNanos: 0, drainNanos: 0 },
    coverage: timeNanos === 0 ? NaN : 1,
    weightScale,
    scripts: [],
    functions: functions.values,
    frames: frames.values,
    stacks: stacks.values,
    threads: [MAIN_THREAD],
    labelSets: [{}],
    totals: [...totals.values()],
    samples,
    samplesForgotten: 0,
    process: {
      pid: 4711,
      command: ['main.js', '--fast'],
      nodeVersion: 'v22.12.0',
      v8Version: '12.4.254.21-node.21',
      platform: 'linux',
      arch: 'x64',
    },
    notes: [],
    ...rest,
    counters: {
      ticks: ticks + lost,
      samples: ticks,
      dropped: 0,
      notWalkable: 0,
      truncated: 0,
      walkedByV8: 0,
      forwarded: 0,
      ...counters,
    },
  }
}

function frameOf(spec: FrameSpec, functions: Interner<ProfileFunction>): Frame {
  const { kind, name, url = '', line = 0, column = 0, tier = null, inlined = false } = spec
  const { atLine = 0, atColumn = 0 } = spec
  return {
    functionId: functions.idOf({ name, url, line, column, scriptId: -1 }),
    kind,
    tier,
    inlined,
    line: atLine,
    column: atColumn,
  }
}

class Interner<Value> {
  readonly values: Value[] = []
  readonly #ids = new Map<string, number>()

  idOf(value: Value): number {
    const key = JSON.stringify(value)
    const known = this.#ids.get(key)
    if (known !== undefined) return known
    this.#ids.set(key, this.values.length)
    return this.values.push(value) - 1
  }
}
