// sampler.ts — start, drain, snapshot, stop. The process has one sampler; who asks for it again with the same settings
// shares it, and gets the window from there on. So a preload cannot change what a program may do.

import { isMainThread } from 'node:worker_threads'
import { beforeExecve } from './before-execve.js'
import { addonFile, loadBinding } from './binding.js'
import type { Binding, Drained } from './binding.js'
import { NativeprofError } from './errors.js'
import type { ErrorCode } from './errors.js'
import { checkOptions, describeSettings, isSameSettings } from './options.js'
import type { SamplerOptions, SamplerSettings } from './options.js'
import { OWN_MODULES_URL } from './own-package.js'
import type { Profile, TimerName } from './profile.js'
import { RecordedWindow } from './recorded-window.js'
import { Recording } from './recording.js'
import type { SnapshotChoices } from './recording-settings.js'
import { subtract } from './subtract.js'
import { whyNoTimer } from './timers.js'

/** A running recording. */
export interface Sampler {
  /** True until `stop()`. */
  readonly running: boolean
  /** Everything since the start. After `stop()`, what `stop()` gave. */
  snapshot(): Profile
  /** Ends the recording and returns it; when called again, returns it again. */
  stop(): Profile
  /** As `stop()`, for `using`. */
  [Symbol.dispose](): void
}

/** How much one turn of the event loop symbolizes at most: 64 KiB of records, about 150 deep stacks. */
const SLICE_WORDS = 8192

/**
 * Starts to sample this process.
 * Throws ERR_NATIVEPROF_INVALID_ARGUMENT for bad options; ERR_NATIVEPROF_ALREADY_RUNNING if a sampler with other settings
 * runs; ERR_NATIVEPROF_SIGPROF_TAKEN and ERR_NATIVEPROF_TIMER_TAKEN if another profiler has the signal or the timer;
 * ERR_NATIVEPROF_TIMER_UNAVAILABLE if this machine does not have the timer;
 * ERR_NATIVEPROF_NO_BINDING, ERR_NATIVEPROF_ADDONS_FORBIDDEN and ERR_NATIVEPROF_UNSUPPORTED_PLATFORM where it cannot run at all.
 */
export function startSampler(options: SamplerOptions = {}): Sampler {
  return startOrJoin(options)
}

function startOrJoin(options: SamplerOptions): Handle {
  const settings = checkOptions(options)
  const binding = loadBinding()
  if (!isMainThread) {
    throw new NativeprofError(
      'ERR_NATIVEPROF_UNSUPPORTED_PLATFORM',
      'startSampler() is called in the main thread of a process; in a worker, attachThread() has it take part',
    )
  }
  if (engine === undefined) {
    engine = new Engine(binding, settings)
  } else if (!isSameSettings(engine.settings, settings)) {
    throw new NativeprofError(
      'ERR_NATIVEPROF_ALREADY_RUNNING',
      `a sampler with other settings is running (${describeSettings(engine.settings)}); stop it first, or ask for the same`,
    )
  }
  return new Handle(engine)
}

/** What a part of nativeprof holds that looks at one window of a recording after the other. */
export interface SharedRecording {
  /** Windows from now on. */
  open(): RecordedWindow
  /** Gives it back; the recording ends when nobody holds it any more. */
  leave(): void
}

/**
 * Joins the recording that runs, whatever its settings, or begins one with these options. With options of its own the caller
 * insists on them, and the refusals are those of {@link startSampler}.
 */
export function joinRecording(options: SamplerOptions = {}): SharedRecording {
  const insists = Object.values(options).some((value) => value !== undefined)
  const handle = engine === undefined || insists ? startOrJoin(options) : new Handle(engine)
  return {
    open: () => handle.open(),
    leave: () => {
      handle.stop()
    },
  }
}

let engine: Engine | undefined
let isExecveWatched = false
let busy = 0

/** Whether the sampler is at work, which what interrupts it must not get into. */
export function isBusy(): boolean {
  return busy > 0
}

function whileBusy<Result>(work: () => Result): Result {
  busy++
  try {
    return work()
  } finally {
    busy--
  }
}

let ticksWatcher: ((ticks: number) => void) | undefined

/** Has somebody told, whenever records were taken out of the buffer, how many ticks there are. One at a time. */
export function watchTicks(watcher: (ticks: number) => void): void {
  ticksWatcher = watcher
}

/** What one caller of startSampler() holds. */
class Handle implements Sampler {
  readonly #engine: Engine
  /** What the shared recording held when this handle joined it; null if it began with this handle. */
  readonly #before: Profile | null
  #result: Profile | undefined

  constructor(shared: Engine) {
    this.#engine = shared
    this.#before = shared.join()
  }

  get running(): boolean {
    return this.#result === undefined
  }

  snapshot(): Profile {
    return this.#result ?? this.#since(this.#engine.snapshot())
  }

  stop(): Profile {
    this.#result ??= this.#since(this.#engine.leave())
    return this.#result
  }

  open(): RecordedWindow {
    return this.#engine.open()
  }

  [Symbol.dispose](): void {
    this.stop()
  }

  #since(profile: Profile): Profile {
    return this.#before === null ? profile : subtract(profile, this.#before)
  }
}

/** The one recording of the process, for as long as somebody holds a handle. */
class Engine {
  readonly settings: SamplerSettings
  readonly #binding: Binding
  readonly #recording: Recording
  readonly #startNanos: number
  readonly #startCpu: NodeJS.CpuUsage
  readonly #notes = new Set<string>()
  #holders = 0
  #failure: { readonly error: unknown } | undefined

  constructor(binding: Binding, settings: SamplerSettings) {
    this.settings = settings
    this.#binding = binding
    const periodMicros = Math.round(1e6 / settings.hz)
    const startTimeMillis = Date.now()
    const [code, reason] = binding.start({
      timer: settings.timer,
      mayMoveTimer: settings.mayMoveTimer && process.platform === 'linux',
      periodNanos: periodMicros * 1000,
      maxDepth: settings.maxDepth,
      bufferBytes: settings.bufferBytes,
      onDrain: () => {
        this.#onDrain()
      },
    })
    if (code !== '') throw new NativeprofError(code as ErrorCode, explain(code, reason, settings.timer))
    if (!isExecveWatched)
      beforeExecve(() => {
        binding.stopTicks()
      })
    isExecveWatched = true
    this.#startCpu = process.cpuUsage()
    this.#startNanos = Number(process.hrtime.bigint())
    this.#recording = new Recording({
      timer: settings.timer,
      periodMicros,
      startTimeMillis,
      startNanos: this.#startNanos,
      mainTid: process.platform === 'linux' ? process.pid : 0,
      ownUrl: OWN_MODULES_URL,
      ownModule: addonFile(),
      findCode: (address) => binding.findCode(address),
      nativeSymbols: (addresses) => binding.nativeSymbols(addresses),
      labelText: (number) => binding.labelText(number),
      process: {
        pid: process.pid,
        command: process.argv.slice(1),
        nodeVersion: process.version,
        v8Version: process.versions.v8,
        platform: process.platform,
        arch: process.arch,
      },
    })
  }

  /** What was recorded before the newcomer; null for the first. */
  join(): Profile | null {
    return this.#holders++ === 0 ? null : this.snapshot()
  }

  snapshot(choices: SnapshotChoices = {}): Profile {
    return whileBusy(() => {
      const drained = this.#binding.drain(SLICE_WORDS, true)
      return this.#toProfile(drained, this.#measure(), choices)
    })
  }

  open(): RecordedWindow {
    return new RecordedWindow(
      (window) => this.snapshot({ withSamples: false, window }),
      this.#recording.windows,
    )
  }

  leave(): Profile {
    if (--this.#holders > 0) return this.snapshot()
    this.#binding.stop()
    // Before the last records are symbolized: from here on no tick stands for the CPU time that is used.
    const measured = this.#measure()
    const drained = this.#binding.drain(SLICE_WORDS, true)
    this.#binding.release()
    engine = undefined
    return this.#toProfile(drained, measured)
  }

  // Called from the event loop, where nobody catches: what goes wrong is told by the next snapshot() or stop().
  #onDrain(): void {
    try {
      whileBusy(() => {
        const drained = this.#binding.drain(SLICE_WORDS, false)
        this.#recording.add(drained)
        ticksWatcher?.(drained.counters.ticks)
      })
    } catch (error) {
      this.#failure ??= { error }
    }
  }

  #measure(): { durationNanos: number; cpuNanos: number } {
    const cpu = process.cpuUsage(this.#startCpu)
    return {
      durationNanos: Number(process.hrtime.bigint()) - this.#startNanos,
      cpuNanos: (cpu.user + cpu.system) * 1000,
    }
  }

  // Not asked at the start, for it takes milliseconds to know.
  #notesOfMachine(): string[] {
    const notes: string[] = []
    if (!this.#binding.safeReadAvailable()) {
      notes.push(
        'this machine lets no process read its own memory safely (process_vm_readv is forbidden); callers of frameless builtins are less certain, and threads without JavaScript have no stacks',
      )
    }
    if (this.#binding.mainProgramIsStripped()) {
      notes.push('this node has no symbol table; of its own functions only the exported ones have names')
    }
    const whyHooks = this.#binding.whyLabelHooks()
    if (whyHooks !== '') notes.push(`labels are followed by async hooks, which cost more: ${whyHooks}`)
    return notes
  }

  #toProfile(
    drained: Drained,
    measured: { durationNanos: number; cpuNanos: number },
    choices: SnapshotChoices = {},
  ): Profile {
    if (this.#failure !== undefined) throw this.#failure.error
    this.#recording.add(drained)
    if (!drained.consistent)
      this.#notes.add('ticks kept coming while the counters were read; they may be off by a few')
    const notes = [...this.#notesOfMachine(), ...this.#notes]
    return this.#recording.toProfile({ ...measured, notes, ...choices })
  }
}

function explain(code: string, reason: string, timer: TimerName): string {
  if (code === 'ERR_NATIVEPROF_TIMER_UNAVAILABLE') return whyNoTimer(timer, reason)
  switch (code) {
    case 'ERR_NATIVEPROF_SIGPROF_TAKEN':
      return `${reason}; load nativeprof first, or use timer: 'thread'`
    case 'ERR_NATIVEPROF_TIMER_TAKEN':
      return `${reason}; stop it first, or use timer: 'thread'`
    default:
      return `the system refused to start the profiling timer: ${reason || 'no reason given'}`
  }
}
