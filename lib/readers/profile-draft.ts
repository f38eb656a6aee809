// profile-draft.ts — a profile while it is read from a file. Each reader pushes frames, stacks and samples, and says at
// the end what the file knows of the whole. Neighbours: path-table.ts, place-text.ts (what a frame's words mean).

import { PathTable } from '../path-table.js'
import type { Frame, FrameKind, Profile, ProfileFunction, Sample, SavedAs, Stack } from '../profile.js'
import type { StackTotal, Thread, TimerName } from '../profile.js'
import { unreadable } from './input-errors.js'

/** A frame as a file has it. */
export interface DraftFrame {
  readonly name: string
  readonly url: string
  readonly kind: FrameKind
  /** Where the function starts, 1-based; 0 for not known. */
  readonly line: number
  readonly column: number
  /** What was executed, 1-based; 0 for not known. */
  readonly atLine?: number
  readonly atColumn?: number
  readonly inlined?: boolean
}

/** What a file may say of the whole. What is left out is not known. */
export interface DraftFacts {
  readonly savedAs: SavedAs
  readonly startTimeMillis?: number
  readonly durationNanos?: number
  readonly periodMicros?: number
  readonly timer?: TimerName
  readonly cpuNanos?: number
  readonly sampledNanos?: number
  readonly coverage?: number
  readonly weightScale?: number
  readonly counters?: Profile['counters'] | null
  readonly process?: Partial<Profile['process']>
  readonly notes?: readonly string[]
}

/** What is added for each sample of a file. */
export interface DraftSample {
  readonly stackId: number
  readonly threadId: number
  readonly labelsId: number
  readonly ticks: number
  readonly weightNanos: number
}

export class ProfileDraft {
  readonly #functions: ProfileFunction[] = []
  readonly #functionIds = new Map<string, number>()
  readonly #frames: Frame[] = []
  readonly #frameIds = new Map<string, number>()
  readonly #stacks = new PathTable()
  readonly #threads: Thread[] = []
  readonly #threadIds = new Map<string, number>()
  readonly #labelSets: Record<string, string>[] = [{}]
  readonly #labelsIds = new Map<string, number>([['[]', 0]])
  readonly #pairIds = new Map<string, number>()
  // A path of two steps for each total: its stack, then its pair of thread and labels.
  #totalIds = new PathTable()
  readonly #totals: { -readonly [Key in keyof StackTotal]: StackTotal[Key] }[] = []
  readonly #samples: Sample[] = []

  /** Interns. */
  frame({ name, url, kind, line, column, atLine = 0, atColumn = 0, inlined = false }: DraftFrame): number {
    const functionKey = `${url}\0${line}:${column}\0${name}`
    let functionId = this.#functionIds.get(functionKey)
    if (functionId === undefined) {
      functionId = this.#functions.push({ name: name || '(anonymous)', url, line, column, scriptId: -1 }) - 1
      this.#functionIds.set(functionKey, functionId)
    }
    const frameKey = `${functionId} ${kind} ${atLine}:${atColumn} ${inlined}`
    let frameId = this.#frameIds.get(frameKey)
    if (frameId === undefined) {
      frameId =
        this.#frames.push({ functionId, kind, tier: null, inlined, line: atLine, column: atColumn }) - 1
      this.#frameIds.set(frameKey, frameId)
    }
    return frameId
  }

  /** Interns a stack; -1 is the parent of a root. */
  push(parentId: number, frameId: number): number {
    return this.#stacks.push(parentId, frameId)
  }

  /** Interns. Threads that are asked for come in the order of their first mention, but the main thread is the first. */
  thread(thread: Thread): number {
    const key = `${thread.kind} ${thread.tid} ${thread.name}`
    let id = this.#threadIds.get(key)
    if (id === undefined) this.#threadIds.set(key, (id = this.#threads.push(thread) - 1))
    return id
  }

  /** Interns a set of labels, pairs of name and value; of two values for one name the first counts. */
  labels(pairs: readonly (readonly [string, string])[]): number {
    const key = JSON.stringify(pairs)
    let id = this.#labelsIds.get(key)
    if (id === undefined) {
      // Names come from a file, and one may be `__proto__`.
      id = this.#labelSets.push(Object.fromEntries([...pairs].reverse())) - 1
      this.#labelsIds.set(key, id)
    }
    return id
  }

  /** Adds to what this stack has. */
  add({ stackId, threadId, labelsId, ticks, weightNanos }: DraftSample): void {
    const pair = `${threadId} ${labelsId}`
    let pairId = this.#pairIds.get(pair)
    if (pairId === undefined) this.#pairIds.set(pair, (pairId = this.#pairIds.size))
    const total = this.#totals[this.#totalIds.push(stackId, pairId)]
    if (total === undefined) {
      this.#totals.push({ stackId, threadId, labelsId, ticks, weightNanos })
    } else {
      total.ticks += ticks
      total.weightNanos += weightNanos
    }
  }

  /** Adds one of the samples that the file has one by one. */
  addAt(timeNanos: number, sample: DraftSample): void {
    this.add(sample)
    this.#samples.push({ ...sample, timeNanos })
  }

  finish(facts: DraftFacts): Profile {
    const {
      savedAs,
      startTimeMillis = NaN,
      durationNanos = NaN,
      periodMicros = NaN,
      timer = 'process',
    } = facts
    const { cpuNanos = NaN, sampledNanos = NaN, coverage = NaN, weightScale = 1, notes = [] } = facts
    const { threads, threadIds } = this.#threadsMainFirst()
    const move = <Item extends { readonly threadId: number }>(item: Item): Item => {
      const threadId = threadIds[item.threadId] ?? 0
      return threadId === item.threadId ? item : { ...item, threadId }
    }
    const isMoved = threadIds.some((threadId, index) => threadId !== index)
    const ticks = this.#totals.reduce((sum, total) => sum + total.ticks, 0)
    const nanos = this.#totals.reduce((sum, total) => sum + total.weightNanos, 0)
    if (!Number.isFinite(ticks + nanos))
      throw unreadable('the file is damaged: its numbers add up to more than there can be')
    const counted = { ticks, samples: ticks, dropped: 0, notWalkable: 0 }
    const counters = facts.counters ?? { ...counted, truncated: 0, walkedByV8: 0, forwarded: 0 }
    const hasSamples = this.#samples.length > 0
    this.#totalIds = new PathTable()
    return {
      savedAs,
      startTimeMillis,
      durationNanos,
      cpuNanos,
      periodMicros,
      timer,
      counters,
      cost: { handlerNanos: 0, codeEventNanos: 0, scannerNanos: 0, drainNanos: 0 },
      sampledNanos,
      coverage,
      weightScale,
      scripts: [],
      functions: this.#functions,
      frames: this.#frames,
      stacks: stacksOf(this.#stacks),
      threads,
      labelSets: this.#labelSets,
      totals: isMoved ? this.#totals.map(move) : this.#totals,
      samples: this.#samples.map(move).sort((a, b) => a.timeNanos - b.timeNanos),
      samplesForgotten: hasSamples ? 0 : this.#totals.length,
      process: {
        pid: 0,
        command: [],
        nodeVersion: '',
        v8Version: '',
        platform: '',
        arch: '',
        ...facts.process,
      },
      notes,
    }
  }

  // Index 0 is the main thread in every profile, whether it has samples or not.
  #threadsMainFirst(): { threads: Thread[]; threadIds: number[] } {
    const main = this.#threads.findIndex(({ kind }) => kind === 'main')
    const first = this.#threads[main] ?? { kind: 'main', name: '', tid: 0 }
    const others = this.#threads.filter((_, id) => id !== main)
    const threads = [first, ...others]
    return { threads, threadIds: this.#threads.map((thread) => threads.indexOf(thread)) }
  }
}

// Made at full length, for growing would copy it again and again; up to where V8 would make a dictionary of it.
function stacksOf(paths: PathTable): Stack[] {
  paths.freeze()
  const { length } = paths
  const stacks = new Array<Stack>(length < 1 << 24 ? length : 0)
  for (let id = 0; id < length; id++) stacks[id] = { frameId: paths.stepOf(id), parentId: paths.parentOf(id) }
  return stacks
}
