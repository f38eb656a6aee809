// binding.ts — the only loader of the addon. Picks the prebuilt file, and makes sure that it fits the running node.

import { realpathSync } from 'node:fs'
import { bindingPath, describeBindings, describeTarget, findBinding, runningTarget } from './binding-file.js'
import { NativeprofError } from './errors.js'
import { ownRequire, packageFolder } from './own-package.js'
import type { Counters, TimerName } from './profile.js'

/** What is new of a thread that runs JavaScript. */
export interface ThreadNews {
  /** What its samples call it; never given twice. */
  readonly number: number
  /** The kernel's id of the thread. */
  readonly tid: number
  /** worker_threads' threadId; 0 for the main thread. */
  readonly workerId: number
  /** What it attached as; '' for the main thread. */
  readonly name: string
  /** Where V8's code lies: start and size in bytes, one range after the other. */
  readonly codeRanges: Float64Array
  /** V8's own word for what is laid out unlike we know it, so that V8 has to walk the stacks; '' if nothing is. */
  readonly unknownLayout: string
  /** Code events, complete up to the sequence of the thread's last sample; decode with records.ts. */
  readonly codeEvents: ArrayBuffer
  /** It attaches no more: only samples that are in the buffer still bear its number. */
  readonly hasEnded: boolean
}

/** Since the start. */
export interface DrainedCounters extends Counters {
  /** See {@link Cost}. */
  readonly handlerNanos: number
  readonly codeEventNanos: number
  /** CPU time of the thread that gives threads their timers. */
  readonly scannerNanos: number
  /** Wall time during which threads that run JavaScript were sampled, all together. */
  readonly listeningNanos: number
  /** Threads that could not be given a timer. */
  readonly refusedThreads: number
}

/**
 * How far what was read of V8's tables of code is to be believed: not at all (yet), for lines, or for inlined functions too.
 * See native/heap/trust.h.
 */
export type TablesLevel = 'none' | 'lines' | 'lines-and-inlining'

export interface StartOptions {
  readonly timer: TimerName
  /** Whether timers of threads may take the place of the process's timer when it does not keep up. */
  readonly mayMoveTimer: boolean
  readonly periodNanos: number
  readonly maxDepth: number
  readonly bufferBytes: number
  readonly onDrain: () => void
}

/** Whose the signal and the timer are. */
export interface TickOwnership {
  /** Why timers of threads took over, a clause, if not because the process's timer did not keep up; '' otherwise. */
  readonly whyMoved: string
  /** Why they could not although they should have; '' if nothing is wrong. */
  readonly whyNotMoved: string
  /** Why ticks come by another signal than SIGPROF: a clause; '' if they do not. */
  readonly whyOwnSignal: string
  /** How often somebody else had taken SIGPROF from us, and it was taken back. */
  readonly timesTakenBack: number
}

/** What one call of `drain` takes out of the addon. */
export interface Drained extends TickOwnership {
  /** Records, 64-bit words in native byte order; decode with records.ts. */
  readonly records: ArrayBuffer
  /** The threads that run JavaScript and have something to tell. */
  readonly threads: readonly ThreadNews[]
  readonly counters: DrainedCounters
  /** The timer that makes the ticks now: with `mayMoveTimer` it may be another than at the start. */
  readonly timer: TimerName
  readonly tables: TablesLevel
  /** Why the tables are not to be believed at all: a clause; '' if they are, or may be yet. */
  readonly whyNoTables: string
  /** Whether the counters are exactly those of the records drained so far. */
  readonly consistent: boolean
}

export interface Binding {
  /** NODE_MODULE_VERSION of the headers that the file was compiled with. */
  readonly abi: string
  /** Returns an error code and the system's reason for it; the code is '' when sampling has begun. */
  start(options: StartOptions): [string, string]
  /** Why this timer cannot be had here; '' if it can. Not while a sampler runs. */
  probeTimer(timer: TimerName): string
  /** Takes about `maxWords` 64-bit words; with `toTheEnd`, as many as it takes until the counters agree with them. */
  drain(maxWords: number, toTheEnd: boolean): Drained
  /**
   * The event of optimized code of the calling thread that V8 has not announced, if the address lies in some now; empty
   * otherwise. It has no name but the mark of its tier: its function is known by number.
   */
  findCode(address: number): ArrayBuffer
  stop(): void
  /** No tick comes from here on; the rest is for `stop`. For a process that is about to be another one. */
  stopTicks(): void
  /** The addon, when loaded, has listed the code of its thread for a start that follows at once; that is not so. */
  forgetPrepared(): void
  /** Gives the ring back, after the last drain. */
  release(): void
  /** Whether this machine lets the process read its own memory without risk; known after `start`. */
  safeReadAvailable(): boolean
  /**
   * Has `callback` run once before SIGINT, SIGTERM or SIGHUP ends the process, even while JavaScript blocks the event loop,
   * unless the program listens for the signal itself. If it returns false, the process lives on until `dieIfSignalled`.
   * False if the system has no room for it.
   */
  watchEndSignals(callback: () => boolean): boolean
  /**
   * Has `callback` run for each signal of this number, even while JavaScript blocks the event loop: then in the midst of it.
   * False if the system has no room for it, or somebody handles the signal already. Once in a process.
   */
  watchSignal(signal: number, callback: () => void): boolean
  /** Has the process die of such a signal, if one came; else returns. */
  dieIfSignalled(): void
  /** To be called when the program has stopped listening for a signal. */
  retakeEndSignals(): void
  /** Has the calling thread sampled while a sampler runs. False if it was attached already. */
  attachThread(workerId: number, name: string): boolean
  /**
   * Module and name of the native function at each code address, flat: `[module, name, module, name, …]`. The module is an
   * absolute path, `[vdso]` for the kernel's code, or '' if the address is in no module. Where no function is known the name
   * is `<file>+0x<offset>`, as addr2line takes it, or the address itself. Pass the byte before a return address.
   */
  nativeSymbols(addresses: Float64Array): string[]
  /** The stack of the calling thread at this moment, as a sample has it, with all that is needed to name its frames. */
  stackHere(maxDepth: number): {
    /** As in RawSample; none if the stack cannot be walked. */
    readonly addresses: Float64Array
    readonly codeEvents: ArrayBuffer
    readonly codeRanges: Float64Array
    readonly tables: TablesLevel
  }
  /**
   * Starts a thread of its own that answers `askForStacks` of other processes; Linux, once in a process, before anything is
   * drained. What V8 tells of code is kept for it. False if it could not be done.
   */
  answerStackRequests(): boolean
  /**
   * Asks another process, by a signal that it must be known to expect, where its threads are; stack-answer.ts says where the answer
   * comes. Returns the system's reason why the signal could not be sent; '' if it was.
   */
  askForStacks(pid: number, signal: number, number: number): string
  /** Has the handler read labels of the calling thread, from the first four bytes of `slot` unless it scans; once per thread. */
  openLabels(slot: ArrayBuffer): void
  /** Has the handler look up the value of `storage`, now `known`. '' if that finds it; else why not: a clause. */
  scanLabels(storage: object, known: number): string
  /** Back to the slot. */
  stopLabelScan(): void
  /** The number that a tick would bear now; 0 for none. */
  labelNow(): number
  /** The async context of this moment, an AsyncContextFrame; undefined for none, and before Node 24. */
  readonly contextNow: () => object | undefined
  /** Whether the async context was `expected`, and is `next` now. */
  readonly exchangeContext: (expected: object | undefined, next: object | undefined) => boolean
  /** The number, above 0, of a set of labels; equal for equal texts. The sets are those of the process, the latest of them. */
  labelNumber(text: string): number
  /** The text of a set; '' if it has been forgotten. */
  labelText(number: number): string
  /** Why a thread has labels follow by async hooks although it should not need to: a clause; '' if none does. */
  whyLabelHooks(): string
  setWhyLabelHooks(why: string): void
  /** Whether node's own static functions have no names because its file has no symbol table; never on macOS. */
  mainProgramIsStripped(): boolean
}

/** What builds the addon from source, in a project that has nativeprof installed. */
const BUILD = 'npx nativeprof build'

let loaded: Binding | undefined
let loadedFile = ''

/**
 * The addon, loaded and its signal handler installed, once.
 * Throws ERR_NATIVEPROF_UNSUPPORTED_PLATFORM, ERR_NATIVEPROF_NO_BINDING where no file fits this node, or
 * ERR_NATIVEPROF_ADDONS_FORBIDDEN where node was told to load no addon.
 */
export function loadBinding(): Binding {
  if (loaded === undefined) {
    const binding = (loaded = load())
    setImmediate(() => {
      binding.forgetPrepared()
    }).unref()
  }
  return loaded
}

/** The addon if it can be loaded, else null; {@link loadBinding} says why. */
export function tryLoadBinding(): Binding | null {
  try {
    return loadBinding()
  } catch {
    // Whoever needs it will hear of it: the next attempt fails in the same way.
    return null
  }
}

/** The path of the addon as the dynamic linker has it; '' before it is loaded. */
export function addonFile(): string {
  return loadedFile
}

function load(): Binding {
  refuseUnsupported()
  const folder = packageFolder()
  if (folder === null) {
    const out =
      'Keep it out of the bundle (esbuild --external:nativeprof; in webpack, externals) and install it beside'
    throw noBinding(`nativeprof is part of a bundle, and its binaries are not. ${out}`, undefined)
  }
  const chosen = process.env['NATIVEPROF_PREBUILD']
  const file = findBinding(folder, chosen === '' ? undefined : chosen)
  if (file === null) {
    const wanted = runningTarget()
    const place = chosen === undefined || chosen === '' ? folder : chosen
    throw noBinding(
      `nativeprof has no binary for ${describeNode()}. Looked for: ${bindingPath(place, wanted)}. ` +
        `There: ${describeBindings(place)}. To build one from source: ${BUILD}`,
      undefined,
    )
  }
  const binding = openBinding(file)
  loadedFile = realpathSync(file)
  return binding
}

/**
 * Loads one file of the addon. Throws ERR_NATIVEPROF_NO_BINDING if it was not made for the running node, and
 * ERR_NATIVEPROF_ADDONS_FORBIDDEN.
 */
export function openBinding(file: string): Binding {
  let binding: Binding
  try {
    binding = ownRequire()(file) as Binding
  } catch (cause) {
    refuseForbidden(cause)
    const reason = cause instanceof Error ? cause.message.trim() : String(cause)
    const message = `nativeprof cannot load ${file} into ${describeNode()}: ${reason}`
    throw noBinding(`${message}. To build one from source: ${BUILD}`, cause)
  }
  // Node checks the ABI of no Node-API addon, and this one uses V8 itself.
  if (binding.abi === process.versions.modules) return binding
  const message = `${file} was built for ABI ${binding.abi}, and this is ${describeNode()}`
  throw noBinding(`${message}. To build one from source: ${BUILD}`, undefined)
}

function noBinding(message: string, cause: unknown): NativeprofError {
  return new NativeprofError('ERR_NATIVEPROF_NO_BINDING', message, cause === undefined ? {} : { cause })
}

/** Throws ERR_NATIVEPROF_ADDONS_FORBIDDEN if that is what the error of a load means. */
function refuseForbidden(cause: unknown): void {
  if ((cause as { code?: unknown } | null)?.code !== 'ERR_DLOPEN_DISABLED') return
  const isByPermission = 'permission' in process
  const message = isByPermission
    ? "nativeprof is a native addon, and node's permission model forbids those: add --allow-addons"
    : 'nativeprof is a native addon, and node was told to load none: take --no-addons away'
  throw new NativeprofError('ERR_NATIVEPROF_ADDONS_FORBIDDEN', message, { cause })
}

function describeNode(): string {
  return `node ${process.version} (${describeTarget(runningTarget())})`
}

/** Throws ERR_NATIVEPROF_UNSUPPORTED_PLATFORM where the addon cannot be at all. */
export function refuseUnsupported(): void {
  const { versions, platform } = process
  const runtime = versions['bun']
    ? 'Bun'
    : versions['deno']
      ? 'Deno'
      : versions['electron']
        ? 'Electron'
        : null
  if (runtime !== null || (platform !== 'linux' && platform !== 'darwin')) {
    throw new NativeprofError(
      'ERR_NATIVEPROF_UNSUPPORTED_PLATFORM',
      `nativeprof runs in Node.js on Linux and macOS, not in ${runtime ?? `Node.js on ${platform}`}`,
    )
  }
}
