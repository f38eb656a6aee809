// profile.ts — the data model of a recording. Types and the two ways to read a stack; no behaviour.
// Everything is interned: a sample names a stack, a stack names a frame and its parent, a frame names a function.
// All ids are indexes into the arrays of the same profile, from 0. They stay the same in later snapshots of one sampler.

/**
 * What a frame stands for. `js`: a JavaScript function. `builtin`: a function that V8 ships (`ArrayPrototypeSort`).
 * `helper`: code of V8's that functions share and JavaScript does not see, such as a property load (`LoadIC`).
 * `wasm`: WebAssembly. `native`: C or C++; at the root, under JavaScript, and between JavaScript where it calls back.
 * `runtime`: a word for what the native frames behind it do, `JSON.parse`, `zlib`, `(compiler)`; it stands behind the
 * last frame of JavaScript, or at the root of a stack without JavaScript. `gc`: the garbage collector, in the same place.
 * The machine code of a regular expression is a `runtime` frame, too, for the regular expression is its name.
 * `pseudo`: a word of ours about the profile itself, `(truncated)`, `(unknown code)`, `(nativeprof)`.
 */
export type FrameKind = 'js' | 'native' | 'builtin' | 'helper' | 'runtime' | 'gc' | 'wasm' | 'pseudo'

/**
 * What makes the ticks. `process`: the CPU clock of the whole process, by setitimer(2). `thread`: the CPU clock of each
 * thread, by timer_create(2). `perf`: the same by perf_event_open(2), at rates beyond the kernel's tick. `wall`: real
 * time, so that waiting shows.
 */
export type TimerName = 'process' | 'thread' | 'perf' | 'wall'

/** Which of V8's compilers made the code that was running; null for what is not JavaScript. */
export type Tier = 'interpreted' | 'baseline' | 'maglev' | 'turbofan'

/** A piece of source text that V8 compiled. */
export interface Script {
  /** As V8 has it (`file:///…`, `/…/app.js`, `node:fs`); '' if it has none, as evaluated code. */
  readonly url: string
  /** Where V8 was told that its source map is: a path, a URL, or the map itself as a `data:` URL; '' if nowhere. */
  readonly sourceMapUrl: string
  /** For code that was evaluated, where that happened, as `parse /app/file.js:10:3`; '' for any other. */
  readonly origin: string
}

/** A function, once, however many tiers and lines of it were seen. */
export interface ProfileFunction {
  /** The name as V8 knows it; `(anonymous)` where the source gives none. Never empty. */
  readonly name: string
  /** Script URL or path as V8 has it (`file:///…`, `/…/app.js`, `node:fs`), the module's path for native code; '' if none. */
  readonly url: string
  /** Where the function starts, 1-based; 0 where not known. */
  readonly line: number
  /** 1-based, in UTF-16 units; 0 where not known. */
  readonly column: number
  /** Index into `scripts`; -1 for what is no JavaScript, or where V8 did not say. */
  readonly scriptId: number
}

/** One activation of a function, at one place in it. */
export interface Frame {
  readonly functionId: number
  readonly kind: FrameKind
  readonly tier: Tier | null
  /** True if the compiler had copied this function into the one that called it. */
  readonly inlined: boolean
  /** The line being executed (for callers, the line of the call), 1-based; 0 where not known. */
  readonly line: number
  /** 1-based; 0 where not known. */
  readonly column: number
}

/** A node of the tree of stacks: this frame, called from the stack `parentId`. */
export interface Stack {
  readonly frameId: number
  /** The caller's stack; -1 at the root. Always smaller than the own id. */
  readonly parentId: number
}

/** A thread that was sampled. Index 0 is always the main thread. */
export interface Thread {
  readonly name: string
  readonly kind: 'main' | 'worker' | 'other'
  /** The kernel's id of the thread; 0 where several threads share the entry. */
  readonly tid: number
}

/** A tick that yielded a stack. */
export interface Sample {
  readonly stackId: number
  /** Index into `threads`. */
  readonly threadId: number
  /** Time of the tick, nanoseconds after the start of the recording. */
  readonly timeNanos: number
  /** How many ticks this sample stands for; more than 1 where the kernel merged some and said so. */
  readonly ticks: number
  /** CPU time (with the wall clock: wall time) this sample stands for, nanoseconds: ticks × period, scaled where `weightScale` is not 1. */
  readonly weightNanos: number
  /** Index into `labelSets`; 0 is the empty set. */
  readonly labelsId: number
}

/** The sum of all samples of one stack, on one thread, under one set of labels. */
export interface StackTotal {
  readonly stackId: number
  readonly threadId: number
  readonly labelsId: number
  readonly ticks: number
  readonly weightNanos: number
}

/**
 * Where every tick ended up: `ticks = samples + dropped + notWalkable`, always.
 * The other numbers describe samples or signals and are no part of that sum.
 */
export interface Counters {
  /** Deliveries of our SIGPROF, overruns included. */
  readonly ticks: number
  /** Ticks that yielded a stack. */
  readonly samples: number
  /** Ticks whose record found the ring full, or that came while the handler had used more than half of the time of its thread. */
  readonly dropped: number
  /** Ticks whose stack could not be walked. */
  readonly notWalkable: number
  /** Samples whose stack was deeper than the limit; a `(truncated)` frame marks the cut. */
  readonly truncated: number
  /** Samples that V8 walked, for our own walk did not come to the thread's first frame; C++ may be missing in them. */
  readonly walkedByV8: number
  /** SIGPROF signals that were not ours and went to the previous handler. */
  readonly forwarded: number
}

/** What the profiler itself used, nanoseconds. The kernel's delivery of a signal, a few microseconds a tick, comes on top. */
export interface Cost {
  /** In the signal handler, all ticks together. */
  readonly handlerNanos: number
  /** In V8's announcements of code, the listing of existing code at the start included. */
  readonly codeEventNanos: number
  /** CPU time of the thread that gives other threads their timers; 0 with the process's timer and the wall clock. */
  readonly scannerNanos: number
  /** Taking records out of the buffer and symbolizing them, by the wall clock. */
  readonly drainNanos: number
}

/** What a profile was read from. */
export interface SavedAs {
  readonly format: 'pprof' | 'collapsed' | 'cpuprofile' | 'speedscope'
  /** The view whose frames the file has; null where it does not say, as files of others do not. */
  readonly view: 'js' | 'mixed' | 'native' | null
  /**
   * What `weightNanos` is. `ticks`: the file knows no times, and each weight is the number of ticks, so that shares are
   * right; none of them is a time.
   */
  readonly weightUnit: 'nanoseconds' | 'ticks'
}

/**
 * A finished recording, a snapshot of one that goes on, or what was read from a file. Plain data: survives `structuredClone`
 * and JSON (which makes null of NaN). A file knows less than a recording. What it does not say is NaN if it is a time, a
 * rate or a ratio, 0 in `cost`, `process.pid` and in counters other than `ticks` and `samples`, and empty if it is a list or a text.
 */
export interface Profile {
  /** Only in what was read from a file: which kind of file. Such a profile has one view's frames, and is written with all of them. */
  readonly savedAs?: SavedAs
  /** When the recording began, milliseconds since 1970. */
  readonly startTimeMillis: number
  /** Wall time of the recording, nanoseconds. */
  readonly durationNanos: number
  /** CPU time that the whole process used meanwhile, user and system, nanoseconds (getrusage). */
  readonly cpuNanos: number
  /** Nominal CPU time between two ticks, microseconds. */
  readonly periodMicros: number
  /** Which timer made the ticks. */
  readonly timer: TimerName
  readonly counters: Counters
  readonly cost: Cost
  /**
   * The time that the ticks should stand for, nanoseconds: `cpuNanos`; with the wall clock, the wall time of all threads
   * that run JavaScript together.
   */
  readonly sampledNanos: number
  /**
   * ticks × period / sampledNanos, unscaled; NaN where there was no such time. Further than 2 % and five ticks from 1,
   * weights are scaled: see `weightScale`.
   */
  readonly coverage: number
  /** What every weight was multiplied by so that the weights add up to the measured time; 1 where ticks were exact. */
  readonly weightScale: number
  readonly scripts: readonly Script[]
  readonly functions: readonly ProfileFunction[]
  readonly frames: readonly Frame[]
  readonly stacks: readonly Stack[]
  readonly threads: readonly Thread[]
  /** Index 0 is the empty set. */
  readonly labelSets: readonly Readonly<Record<string, string>>[]
  /** Every sample, summed by stack, thread and labels. Complete, however long the recording. */
  readonly totals: readonly StackTotal[]
  /** The latest samples in order of time; older ones are only in `totals`. */
  readonly samples: readonly Sample[]
  /** How many samples are in `totals` but no longer in `samples`. */
  readonly samplesForgotten: number
  /** What process this was. */
  readonly process: ProcessInfo
  /** Remarks for the reader, a sentence each: what was degraded, and why. */
  readonly notes: readonly string[]
}

export interface ProcessInfo {
  readonly pid: number
  /** As typed: node's flags and binary left out, script first. */
  readonly command: readonly string[]
  readonly nodeVersion: string
  readonly v8Version: string
  readonly platform: string
  readonly arch: string
}

/** The frames of a stack, outermost caller first. */
export function framesRootFirst(profile: Profile, stackId: number): Frame[] {
  return framesLeafFirst(profile, stackId).reverse()
}

/** The frames of a stack, the interrupted function first. */
export function framesLeafFirst(profile: Profile, stackId: number): Frame[] {
  const frames: Frame[] = []
  for (let id = stackId; id >= 0;) {
    const stack = profile.stacks[id]
    const frame = stack && profile.frames[stack.frameId]
    if (!frame) throw new RangeError(`stack ${id} is not in this profile`)
    frames.push(frame)
    id = stack.parentId
  }
  return frames
}

/** The function a frame belongs to. */
export function functionOf(profile: Profile, frame: Frame): ProfileFunction {
  const fn = profile.functions[frame.functionId]
  if (!fn) throw new RangeError(`function ${frame.functionId} is not in this profile`)
  return fn
}
