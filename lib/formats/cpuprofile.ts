// cpuprofile.ts — the JSON that Chrome DevTools and VS Code open, as `node --cpu-prof` writes it.
// Format: type Profiler.Profile of https://chromedevtools.github.io/devtools-protocol/tot/Profiler: a flat list of nodes, lines
// and columns from 0, microseconds. Pure, but for the source maps that resolve.ts reads. Neighbour: readers/cpuprofile.ts.

import { pathToFileURL } from 'node:url'
import { internLabels } from '../labels.js'
import type { Label, LabelTable } from '../labels.js'
import type { Profile, Thread } from '../profile.js'
import { resolveSources } from '../sources/resolve.js'
import type { SourceOptions } from '../sources/resolve.js'
import { DEFAULT_THREADS } from '../threads.js'
import type { ThreadsName } from '../threads.js'
import { viewFor, viewLeft } from '../view.js'
import type { GranularityName, ViewName } from '../view.js'
import { PathTable } from '../path-table.js'
import { factsOf } from './facts.js'
import { inParts, wholeText } from './parts.js'
import { threadRoots } from './thread-roots.js'

/** Choices for {@link toCpuProfile}. */
export interface CpuProfileOptions extends SourceOptions {
  /** Which frames are shown; `js` by default. */
  readonly view?: ViewName
  /** Whether a node stands for a function, `function`, the default, or for a line of it. Lines have their ticks in both. */
  readonly granularity?: GranularityName | undefined
  /** Whether the thread is the root of its stacks, as in collapsed stacks: the format has one tree and one axis of time. */
  readonly threads?: ThreadsName
}

interface CallFrame {
  readonly functionName: string
  readonly scriptId: string
  readonly url: string
  /** From 0; -1 for not known. */
  readonly lineNumber: number
  readonly columnNumber: number
}

/** Microseconds that a tick is drawn as if what was read from a file has no times: shares are right, times mean nothing. */
const MICROS_OF_TICK = 1000

/**
 * JSON text. The axis of time is CPU time (with the wall clock: wall time), all threads one after another as their samples
 * came; where the older samples are no longer known one by one, the sums of all stacks stand for them. `(program)` is
 * what has no frames in this view. The garbage collector is `(garbage collector)` only at the root, where viewers look for
 * it and guess who caused it; below the function that did, which is known here, it is `(garbage collection)`.
 */
export function toCpuProfile(recorded: Profile, options: CpuProfileOptions = {}): string {
  return wholeText(cpuProfileParts(recorded, options))
}

/** The same in parts. */
export function cpuProfileParts(recorded: Profile, options: CpuProfileOptions = {}): Iterable<string> {
  const profile = resolveSources(recorded, options)
  const view = viewFor(profile, options.view)
  const { threads = DEFAULT_THREADS } = options
  const table = internLabels(profile, view, options.granularity)
  const tree = new NodeTree(profile, table, threadRoots(profile, view, threads))
  const hasTimes = profile.savedAs?.weightUnit !== 'ticks'
  const entries = profile.samplesForgotten === 0 ? profile.samples : profile.totals
  const startTime = Number.isFinite(profile.startTimeMillis) ? Math.round(profile.startTimeMillis * 1000) : 0
  const samples: number[] = []
  const timeDeltas: number[] = []
  let [micros, told] = [0, 0]
  for (const { stackId, threadId, ticks, weightNanos } of entries) {
    samples.push(tree.hit(stackId, threadId, ticks))
    timeDeltas.push(Math.round(micros) - told)
    told = Math.round(micros)
    micros += hasTimes ? weightNanos / 1000 : ticks * MICROS_OF_TICK
  }
  // A sample lasts until the next one. This is the one after the last.
  samples.push(ROOT_ID)
  timeDeltas.push(Math.round(micros) - told)
  const rest = {
    startTime,
    endTime: startTime + Math.round(micros),
    samples,
    timeDeltas,
    nativeprof: factsOf(profile, viewLeft(profile, view)),
  }
  return inParts(function* () {
    yield '{"nodes":['
    yield* tree.json()
    yield `],${JSON.stringify(rest).slice(1)}`
  })
}

const ROOT_ID = 1
const PROGRAM_ID = 2
const COLLECTOR_ID = 3

/** The nodes, made as they are hit. Ids count from 1. Of a large profile there are millions: no object for each. */
class NodeTree {
  readonly #profile: Profile
  readonly #table: LabelTable
  readonly #roots: ReadonlyMap<Thread, string>
  /** A node is a path of call frames; its id is that of the path + 1. */
  readonly #paths = new PathTable()
  readonly #frameIds = new Map<string, number>()
  /** As JSON. */
  readonly #frames: string[] = []
  /** By the word at the root, for each stack its node; 0 for not placed yet. */
  readonly #nodesOfStacks = new Map<string | undefined, Int32Array>()
  readonly #hitCounts = new Map<number, number>()
  readonly #ticksOfLines = new Map<number, { line: number; ticks: number }[]>()
  readonly #scriptIds = new Map<string, string>()

  constructor(profile: Profile, table: LabelTable, roots: ReadonlyMap<Thread, string>) {
    this.#profile = profile
    this.#table = table
    this.#roots = roots
    for (const [parentId, name] of [
      [0, '(root)'],
      [ROOT_ID, '(program)'],
      [ROOT_ID, '(garbage collector)'],
    ] as const)
      this.#child(parentId, name, () => wordFrame(name))
  }

  /** Counts ticks of a stack; returns the id of its node. */
  hit(stackId: number, threadId: number, ticks: number): number {
    const { nodeId, line } = this.#place(stackId, threadId)
    this.#hitCounts.set(nodeId, (this.#hitCounts.get(nodeId) ?? 0) + ticks)
    if (line > 0) {
      const lines = this.#ticksOfLines.get(nodeId) ?? []
      if (lines.length === 0) this.#ticksOfLines.set(nodeId, lines)
      const known = lines.find((each) => each.line === line)
      if (known) known.ticks += ticks
      else lines.push({ line, ticks })
    }
    return nodeId
  }

  /** The nodes by their ids, with commas between. */
  *json(): Generator<string> {
    const children = this.#paths.children()
    for (let path = 0; path < this.#paths.length; path++) {
      const id = path + 1
      const ids = Array.from(children(path), (child) => child + 1)
      const lines = this.#ticksOfLines.get(id)
      const callFrame = this.#frames[this.#paths.stepOf(path)]
      yield `${path === 0 ? '' : ','}{"id":${id},"callFrame":${callFrame},"hitCount":${this.#hitCounts.get(id) ?? 0},"children":[${ids.join(',')}]${lines === undefined ? '' : `,"positionTicks":${JSON.stringify(lines)}`}}`
    }
  }

  // The node, and the line of its function that was executed.
  #place(stackId: number, threadId: number): { nodeId: number; line: number } {
    const leafLabelId = this.#table.leafLabelIds.get(stackId)
    const thread = this.#profile.threads[threadId]
    const root = thread && this.#roots.get(thread)
    const nodeId = this.#nodeOf(stackId, root === this.#onlyWordOf(stackId) ? undefined : root)
    if (leafLabelId !== undefined) return { nodeId: this.#labelNode(nodeId, leafLabelId), line: 0 }
    const shown = this.#nearestShown(stackId)
    return { nodeId, line: this.#profile.frames[this.#profile.stacks[shown]?.frameId ?? -1]?.line ?? 0 }
  }

  // The stack itself, or its nearest caller that is shown; -1 if there is none.
  #nearestShown(stackId: number): number {
    let id = stackId
    while (id >= 0 && (this.#table.labelIdOfStack[id] ?? -1) < 0) id = this.#parentOf(id)
    return id
  }

  // A stack may consist of the word for its thread.
  #onlyWordOf(stackId: number): string | undefined {
    const { labels, labelIdOfStack, leafLabelIds } = this.#table
    const leafLabelId = leafLabelIds.get(stackId)
    const shown = this.#nearestShown(stackId)
    if (leafLabelId !== undefined) return shown < 0 ? labels[leafLabelId]?.name : undefined
    const isOnly = shown >= 0 && this.#nearestShown(this.#parentOf(shown)) < 0
    return isOnly ? labels[labelIdOfStack[shown] ?? -1]?.name : undefined
  }

  // Without the word for the leaf. Callers are placed once for all stacks that they are in.
  #nodeOf(stackId: number, root: string | undefined): number {
    let nodes = this.#nodesOfStacks.get(root)
    if (nodes === undefined)
      this.#nodesOfStacks.set(root, (nodes = new Int32Array(this.#profile.stacks.length)))
    const unplaced: number[] = []
    let id = stackId
    for (; id >= 0 && nodes[id] === 0; id = this.#parentOf(id)) unplaced.push(id)
    let nodeId =
      nodes[id] ?? (root === undefined ? ROOT_ID : this.#child(ROOT_ID, root, () => wordFrame(root)))
    for (const each of unplaced.reverse()) {
      const labelId = this.#table.labelIdOfStack[each] ?? -1
      if (labelId >= 0) nodeId = this.#labelNode(nodeId, labelId)
      nodes[each] = nodeId
    }
    return nodeId
  }

  #parentOf(stackId: number): number {
    const stack = this.#profile.stacks[stackId]
    if (!stack) throw new RangeError(`stack ${stackId} is not in this profile`)
    return stack.parentId
  }

  #labelNode(parentId: number, labelId: number): number {
    const label = this.#table.labels[labelId]
    if (!label) throw new RangeError(`label ${labelId} is not in this profile`)
    if (parentId === ROOT_ID && label.name === '(no frames)') return PROGRAM_ID
    if (label.name === '(garbage collector)' && label.file === '') {
      if (parentId === ROOT_ID) return COLLECTOR_ID
      return this.#child(parentId, '(garbage collection)', () => wordFrame('(garbage collection)'))
    }
    return this.#child(parentId, `label ${labelId}`, () => this.#callFrame(label))
  }

  #child(parentId: number, key: string, callFrame: () => CallFrame): number {
    let frameId = this.#frameIds.get(key)
    if (frameId === undefined) {
      frameId = this.#frames.push(JSON.stringify(callFrame())) - 1
      this.#frameIds.set(key, frameId)
    }
    return this.#paths.push(parentId - 1, frameId) + 1
  }

  #callFrame({ name, file, line, column }: Label): CallFrame {
    const url = file.startsWith('/') ? pathToFileURL(file).href : file
    let scriptId = this.#scriptIds.get(url)
    if (scriptId === undefined) this.#scriptIds.set(url, (scriptId = String(this.#scriptIds.size + 1)))
    return {
      // As V8 has it; viewers then name it by its place.
      functionName: name === '(anonymous)' ? '' : name,
      scriptId: url === '' ? '0' : scriptId,
      url,
      lineNumber: line - 1,
      columnNumber: column - 1,
    }
  }
}

function wordFrame(functionName: string): CallFrame {
  return { functionName, scriptId: '0', url: '', lineNumber: -1, columnNumber: -1 }
}
