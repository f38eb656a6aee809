// symbolize.ts — addresses → frames, as of the tick they were seen at. Code events wait here until a sample needs them.

import type { TablesLevel } from './binding.js'
import { Arrivals } from './code-arrivals.js'
import { CodeMap, isInRanges } from './code-map.js'
import type { CodeRange } from './code-map.js'
import type { NativeFrames, NativeFunction } from './native-frames.js'
import { Words, frameOfWord } from './native-symbolizer.js'
import type { NativeSources } from './native-symbolizer.js'
import { wordOf } from './native-words.js'
import { decodeCodeEvents } from './code-events.js'
import type { CodeAdded } from './code-added.js'
import type { CodeEvent } from './code-events.js'
import { takeListing } from './code-listing.js'
import { JsFrames, PASSES_THROUGH, isFound } from './js-frames.js'
import { NO_PREVIOUS, Rooms } from './previous-sample.js'
import type { Previous } from './previous-sample.js'
import { FRAMES_LEFT_OUT } from './records.js'
import type { RawSample } from './records.js'
import { NO_STACK } from './stack-table.js'
import type { StackTable } from './stack-table.js'

/** Addresses that nothing is found at; asked about again beyond these. */
const MAX_MISSES = 65_536

/** Where a {@link Symbolizer} finds what is not its own. */
export interface SymbolizerSources extends NativeSources {
  /** Frames of functions whose script URL starts with this become `(nativeprof)`, too. */
  readonly ownUrl: string
  /** A code event for an address that none has told of; empty if there is nothing to tell. See Binding. */
  readonly findCode: (address: number) => ArrayBuffer
  /** Where V8's code lies: start and size in bytes, one range after the other. */
  readonly codeRanges: Float64Array
}

/** Turns raw samples into stacks of `table`. One per JavaScript thread. */
export class Symbolizer {
  readonly #table: StackTable
  readonly #native: NativeFrames
  readonly #frames: JsFrames
  readonly #codeRanges: Float64Array
  readonly #codeMap = new CodeMap<CodeAdded>()
  readonly #findCode: (address: number) => ArrayBuffer
  /** Addresses that nothing was found at, until code moves. */
  readonly #misses = new Set<number>()
  readonly #words: Words
  #isListed = false
  /** What the code map has from before the listing under way; undefined while there is none. */
  #listedFrom: number | undefined
  #pending: CodeEvent[] = []
  #applied = 0
  #previous: Previous = NO_PREVIOUS
  readonly #rooms = new Rooms()
  /** For a sample of a collection: the code that it moves, at its new places. */
  #arriving: CodeMap<CodeAdded> | null = null
  readonly #arrivals = new Arrivals<CodeAdded>()

  constructor(sources: SymbolizerSources) {
    const { table, nativeFrames, ownUrl, ownModule, codeRanges, findCode } = sources
    this.#findCode = findCode
    this.#table = table
    this.#native = nativeFrames
    this.#frames = new JsFrames(table, ownUrl)
    this.#codeRanges = codeRanges
    this.#words = new Words({ table, ownModule }, (functions, vmState, alone) =>
      wordOf(functions, vmState, { alone }),
    )
  }

  /** Addresses in V8's code that no code event accounts for. */
  unknownAddresses = 0

  /** There was no room for all code events: until the next listing, code is unknown. */
  hasLost = false

  /** Pieces of code that are known. */
  get knownCode(): number {
    return this.#codeMap.size
  }

  /** How far the tables of code are to be believed from here on. */
  set tables(level: TablesLevel) {
    if (this.#frames.tables !== level) this.#previous = NO_PREVIOUS
    this.#frames.tables = level
  }

  /** Takes code events, in the order of their sequence. They apply to the samples that were stamped with it or later. */
  addCodeEvents(bytes: Buffer): void {
    let events: readonly CodeEvent[] = decodeCodeEvents(bytes)
    // V8 lists an isolate's code once, and no sample of it is here before that.
    const listing = this.#isListed ? null : takeListing(events)
    if (listing !== null) {
      this.#isListed = true
      for (const { code, start } of listing.existing) this.#add(code, start)
      events = listing.events
    }
    if (this.#applied === this.#pending.length) {
      this.#pending = [...events]
      this.#applied = 0
    } else {
      for (const event of events) this.#pending.push(event)
    }
  }

  /** The id of the sample's stack. Samples must come in order. */
  stackOf(sample: RawSample): number {
    if (this.#applyUpTo(sample.sequence)) this.#previous = NO_PREVIOUS
    this.#arriving = sample.codeIsMoving
      ? this.#arrivals.of(this.#pending[this.#applied], this.#codeMap)
      : null
    if (this.#arriving === null) return this.#stackOf(sample)
    // No frame of this sample is the same as one before it or after it, though it has the same address.
    this.#previous = NO_PREVIOUS
    const stackId = this.#stackOf(sample)
    this.#previous = NO_PREVIOUS
    return stackId
  }

  #stackOf(sample: RawSample): number {
    const { addresses } = sample
    const { addresses: known, stackIds: knownStackIds, passes: knownPasses, run: knownRun } = this.#previous
    const { stackIds, passes } = this.#rooms.next(addresses.length)
    const run = this.#nativeRun(addresses)
    let stackId = NO_STACK
    let isPassed = 0
    // Leaf-first in the record, so from the back. As long as the callers are those of the sample before, and no code
    // event lies between the two, so are their frames.
    let i = addresses.length - 1
    const shift = known.length - addresses.length
    // The last one before the run is the interrupted one itself if there is no run, and never the same.
    const firstCaller = Math.max(run, 1)
    for (; i >= firstCaller && i + shift >= Math.max(knownRun, 1); i--) {
      if (addresses[i] !== known[i + shift]) break
      stackId = stackIds[i] = knownStackIds[i + shift] as number
      isPassed = passes[i] = knownPasses[i + shift] as number
    }
    for (; i >= run; i--) {
      const address = addresses[i] as number
      const frames = this.#framesAt(address, i === 0)
      if (frames === null) {
        this.#previous = NO_PREVIOUS
        return this.#table.push(stackId, this.#pseudo('(nativeprof)'))
      }
      for (const frameId of frames) {
        isPassed = frameId === PASSES_THROUGH ? 1 : 0
        if (isPassed === 0) stackId = this.#table.push(stackId, frameId)
      }
      stackIds[i] = stackId
      passes[i] = isPassed
    }
    this.#previous = { addresses, stackIds, passes, run }
    // Then it is the last, and its time is its own.
    if (isPassed !== 0) stackId = this.#table.push(stackId, this.#pseudo('(nativeprof)'))
    return this.#pushRun(stackId, sample, this.#isInJumpTable(addresses, run) ? 0 : run)
  }

  /** How many frames at the leaf end are native code, and not WebAssembly, which V8 keeps outside of its other code. */
  #nativeRun(addresses: Float64Array): number {
    let run = 0
    while (run < addresses.length) {
      const address = addresses[run] as number
      if (address >= 0 || this.#find(-address - (run === 0 ? 0 : 1)) !== undefined) break
      run++
    }
    return run
  }

  // Functions of WebAssembly call each other by way of a table of jumps, which V8 announces as little as it has a name.
  #isInJumpTable(addresses: Float64Array, run: number): boolean {
    const caller = run === 1 ? (addresses[1] ?? 0) : 0
    return (
      caller < 0 &&
      this.#find(-caller - 1) !== undefined &&
      this.#native.at(-(addresses[0] as number)).module === ''
    )
  }

  #pushRun(callerId: number, { addresses, vmState }: RawSample, run: number): number {
    if (run === 0 && vmState !== 'gc' && callerId !== NO_STACK) return callerId
    const functions: NativeFunction[] = []
    for (let i = 0; i < run; i++) {
      functions.push(this.#native.at(-(addresses[i] as number) - (i === 0 ? 0 : 1)))
    }
    const word = this.#words.frameOf(functions, vmState, callerId === NO_STACK)
    let stackId = this.#table.push(callerId, word)
    for (let i = run - 1; i >= 0; i--)
      stackId = this.#table.push(stackId, (functions[i] as NativeFunction).frameId)
    return stackId
  }

  /** The range of code that an address lies in, as of the sample at hand. */
  #find(address: number): CodeRange<CodeAdded> | undefined {
    return this.#arriving?.find(address) ?? this.#codeMap.find(address)
  }

  #add(code: CodeAdded, start: number = code.start): void {
    this.#codeMap.add(start, code.sizeBytes, code)
    if (!isFound(code)) this.#frames.functions.addCode(code)
  }

  /** Whether there was anything to apply. */
  #applyUpTo(sequence: number): boolean {
    const pending = this.#pending
    const before = this.#applied
    for (; this.#applied < pending.length; this.#applied++) {
      const event = pending[this.#applied] as CodeEvent
      if (event.sequence > sequence) return this.#applied > before
      if (event.kind === 'added') {
        this.#add(event)
      } else if (event.kind === 'moved') {
        this.#codeMap.move(event.moves)
        this.#misses.clear()
      } else if (event.kind === 'script') {
        this.#frames.functions.addScript(event)
      } else if (event.kind === 'lost') {
        this.hasLost = true
        this.#codeMap.clear()
        this.#misses.clear()
        this.#listedFrom = undefined
      } else {
        this.#list(event.isEnd)
      }
    }
    this.#pending = []
    this.#applied = 0
    return pending.length > before
  }

  // V8 lists its code again now and then: what it no longer lists is gone. But it may list code that was left while it ran as
  // little as it did the first time, so what has been sampled since the listing before stays for one more.
  #list(isEnd: boolean): void {
    if (!isEnd) {
      this.#listedFrom = this.#codeMap.nextOrder
      return
    }
    if (this.#listedFrom === undefined) return
    this.#codeMap.forgetBefore(this.#listedFrom, (code) =>
      code.shown === undefined ? undefined : code.detached(),
    )
    this.#frames.functions.forgetUnlisted()
    this.#listedFrom = undefined
  }

  /** Root-first; empty for what is not shown, null for nativeprof's own. */
  #framesAt(address: number, isLeaf: boolean): readonly number[] | null {
    if (address === FRAMES_LEFT_OUT) return [this.#pseudo('(truncated)')]
    if (address < 0) {
      const pc = -address - (isLeaf ? 0 : 1)
      const wasm = this.#find(pc)
      return wasm === undefined ? [this.#native.at(pc).frameId] : this.#frames.of(wasm, pc, isLeaf)
    }
    const isV8Code = isInRanges(address, this.#codeRanges)
    const range = isV8Code ? this.#compiledAt(isLeaf ? address : address - 1) : this.#bytecodeAt(address)
    if (range !== undefined) return this.#frames.of(range, address, isLeaf)
    // V8's own walk puts the C++ functions that JavaScript called between their callers and callees.
    if (!isV8Code) return []
    this.unknownAddresses++
    return [this.#pseudo('(unknown code)')]
  }

  #compiledAt(address: number): CodeRange<CodeAdded> | undefined {
    return this.#find(address) ?? this.#unannouncedAt(address)
  }

  // V8 lists the code that functions have now, and not the code that they had before and still run. Such code is looked for
  // where it is now: that is where it was, unless something has come there since.
  #unannouncedAt(address: number): CodeRange<CodeAdded> | undefined {
    if (this.#misses.has(address)) return undefined
    const [found] = decodeCodeEvents(Buffer.from(this.#findCode(address)))
    if (found?.kind === 'added' && this.#find(found.start) === undefined && !this.#comesLater(found))
      this.#add(found)
    const range = this.#find(address)
    if (this.#misses.size >= MAX_MISSES) this.#misses.clear()
    if (range === undefined) this.#misses.add(address)
    return range
  }

  /** Whether an event that has not been applied puts code where this one is. */
  #comesLater({ start, sizeBytes }: CodeAdded): boolean {
    const end = start + sizeBytes
    return this.#pending.slice(this.#applied).some((event) => {
      if (event.kind === 'added') return event.start < end && start < event.start + event.sizeBytes
      return event.kind === 'moved' && event.moves.some((at, i) => i % 2 === 1 && at >= start && at < end)
    })
  }

  #bytecodeAt(address: number): CodeRange<CodeAdded> | undefined {
    // While an interpreted function is being entered, V8 says that it is at the byte in front of its bytecode, in the header
    // of the same object. The map may have a function there that is gone; or one that is gone behind the last byte of one
    // that lives. Bytecode never follows bytecode without a header, so only the newer one is there.
    const entered = this.#find(address + 1)
    const inside = this.#find(address)
    if (entered?.start !== address + 1) return inside
    return inside === undefined || inside.order < entered.order ? entered : inside
  }

  #pseudo(name: string): number {
    return frameOfWord(this.#table, { name, kind: 'pseudo' })
  }
}
