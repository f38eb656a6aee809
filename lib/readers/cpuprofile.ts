// cpuprofile.ts — what V8's own profiler writes (node --cpu-prof, Chrome DevTools, VS Code), and formats/cpuprofile.ts →
// Profile. Format: type Profiler.Profile of the DevTools protocol; in old files a tree in `head`. Pure.
// V8 samples by the wall clock: the time of a sample is that until the next one, waiting included, as `(idle)`.

import type { Profile } from '../profile.js'
import { readFacts } from './facts.js'
import { unreadable } from './input-errors.js'
import { listIn, numberIn, numberOr, objectIn, textIn } from './json-values.js'
import type { Json } from './json-values.js'
import { kindOf, threadOfText, urlOf } from './place-text.js'
import { ProfileDraft } from './profile-draft.js'

const ALL = { labelsId: 0 } as const
const THREAD = /^\((main thread|worker(?: .*)?)\)$/

interface NodeStack {
  readonly stackId: number
  readonly threadId: number
  readonly hitCount: number
}

/** Throws ERR_NATIVEPROF_INPUT. */
export function readCpuProfile(file: Json): Profile {
  const draft = new ProfileDraft()
  const { view, ...facts } = readFacts(file)
  const nodes = stacksOf(draft, nodesOf(file), 'nativeprof' in file)
  const hasTimes =
    Array.isArray(file['samples']) && (Array.isArray(file['timeDeltas']) || Array.isArray(file['timestamps']))
  const startMicros = numberOr(file['startTime'], NaN)
  const endMicros = numberOr(file['endTime'], NaN)
  const nanosOfTick = (facts.periodMicros ?? NaN) * 1000 * (facts.weightScale ?? 1)
  if (hasTimes) {
    for (const { nodeId, micros, startsAt } of samplesOf(file, endMicros)) {
      const node = nodes.get(nodeId)
      if (node === undefined) throw unreadable(`the file is damaged: it has no node ${nodeId}`)
      if (micros === 0) continue
      const weightNanos = Math.round(micros * 1000)
      const ticks = nanosOfTick > 0 ? Math.max(1, Math.round(weightNanos / nanosOfTick)) : 1
      const { stackId, threadId } = node
      draft.addAt((startsAt + micros - startMicros) * 1000, { ...ALL, stackId, threadId, ticks, weightNanos })
    }
  } else {
    for (const { stackId, threadId, hitCount } of nodes.values())
      if (hitCount > 0) draft.add({ ...ALL, stackId, threadId, ticks: hitCount, weightNanos: hitCount })
  }
  const durationNanos = (endMicros - startMicros) * 1000
  return draft.finish({
    ...(durationNanos > 0 && { durationNanos }),
    timer: 'wall',
    ...facts,
    savedAs: { format: 'cpuprofile', view, weightUnit: hasTimes ? 'nanoseconds' : 'ticks' },
  })
}

interface TreeNode {
  readonly id: number
  readonly parentId: number | null
  readonly callFrame: Json
  readonly hitCount: number
}

// Callers before callees. A node is named as a child, or names its parent, or in old files is in it.
function nodesOf(file: Json): TreeNode[] {
  const nodes = new Map<number, { node: Json; children: number[] }>()
  const roots = new Set<number>()
  const add = (value: unknown): number => {
    const node = objectIn(value, 'a node')
    const id = numberIn(node['id'], 'the id of a node')
    if (nodes.has(id)) throw unreadable(`the file is damaged: it has two nodes ${id}`)
    nodes.set(id, { node, children: [] })
    roots.add(id)
    return id
  }
  const link = (parentId: number, id: number): void => {
    if (!nodes.has(id)) throw unreadable(`the file is damaged: it has no node ${id}`)
    if (!roots.delete(id)) throw unreadable(`the file is damaged: node ${id} has two parents`)
    nodes.get(parentId)?.children.push(id)
  }
  if (Array.isArray(file['nodes'])) {
    for (const node of file['nodes']) add(node)
    for (const [id, { node }] of nodes) {
      for (const child of listIn(node['children'] ?? [], 'the children of a node'))
        link(id, numberIn(child, 'the id of a child'))
      if (typeof node['parent'] === 'number' && nodes.has(node['parent'])) link(node['parent'], id)
    }
  } else {
    const waiting: { value: unknown; parentId: number | null }[] = [{ value: file['head'], parentId: null }]
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      const id = add(next.value)
      if (next.parentId !== null) link(next.parentId, id)
      for (const value of listIn(nodes.get(id)?.node['children'] ?? [], 'the children of a node'))
        waiting.push({ value, parentId: id })
    }
  }
  const ordered: TreeNode[] = []
  const waiting = [...roots].reverse().map((id) => ({ id, parentId: null as number | null }))
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { id, parentId } = next
    const { node, children } = nodes.get(id) as { node: Json; children: number[] }
    const callFrame = objectIn(node['callFrame'] ?? node, 'the callFrame of a node')
    ordered.push({ id, parentId, callFrame, hitCount: numberOr(node['hitCount'], 0) })
    for (const child of children.reverse()) waiting.push({ id: child, parentId: id })
  }
  // What was not reached from a root is in a circle.
  if (ordered.length < nodes.size) throw unreadable('the file is damaged: nodes call each other in a circle')
  return ordered
}

function stacksOf(
  draft: ProfileDraft,
  nodes: readonly TreeNode[],
  isOurs: boolean,
): ReadonlyMap<number, NodeStack> {
  const hasThreads = isOurs && nodes.some(({ callFrame }) => THREAD.test(textIn(callFrame['functionName'])))
  const unnamed = draft.thread({ kind: hasThreads ? 'other' : 'main', name: '', tid: 0 })
  const none = draft.frame({ name: '(no frames)', url: '', kind: 'pseudo', line: 0, column: 0 })
  const stacks = new Map<number, NodeStack & { readonly parent: number }>()
  for (const { id, parentId, callFrame, hitCount } of nodes) {
    const above = parentId === null ? undefined : stacks.get(parentId)
    const name = textIn(callFrame['functionName'])
    const [, thread] = (hasThreads && above?.parent === -1 && THREAD.exec(name)) || []
    const threadId =
      thread === undefined ? (above?.threadId ?? unnamed) : draft.thread(threadOfText(thread, 0))
    if (thread !== undefined || (parentId === null && name === '(root)')) {
      stacks.set(id, { stackId: draft.push(-1, none), parent: -1, threadId, hitCount })
      continue
    }
    const frameId = draft.frame(frameOf(name, callFrame, isOurs))
    const stackId = draft.push(above?.parent ?? -1, frameId)
    stacks.set(id, { stackId, parent: stackId, threadId, hitCount })
  }
  return stacks
}

function frameOf(
  functionName: string,
  callFrame: Json,
  isOurs: boolean,
): Parameters<ProfileDraft['frame']>[0] {
  const name = functionName || '(anonymous)'
  // Below the function that caused it, for viewers; see the writer.
  if (isOurs && name === '(garbage collection)')
    return { name: '(garbage collector)', url: '', kind: 'gc', line: 0, column: 0 }
  const file = textIn(callFrame['url'])
  const kind = kindOf(name, file, false)
  return {
    name: isOurs && name === '(program)' ? '(no frames)' : name,
    url: urlOf(file, kind),
    kind,
    // Counted from 0, and -1 for not known.
    line: Math.max(0, numberOr(callFrame['lineNumber'], -1) + 1),
    column: Math.max(0, numberOr(callFrame['columnNumber'], -1) + 1),
  }
}

// In order of time, which the file need not have.
function samplesOf(file: Json, endMicros: number): { nodeId: number; startsAt: number; micros: number }[] {
  const ids = listIn(file['samples'], '"samples"')
  const isDeltas = Array.isArray(file['timeDeltas'])
  const times = listIn(file[isDeltas ? 'timeDeltas' : 'timestamps'], 'the list of times')
  if (times.length < ids.length)
    throw unreadable('the file is cut off or damaged: it has more samples than times')
  let clock = isDeltas ? numberOr(file['startTime'], 0) : 0
  const samples = ids.map((id, index) => {
    const micros = numberIn(times[index], 'a time')
    clock = isDeltas ? clock + micros : micros
    return { nodeId: numberIn(id, 'a sample'), startsAt: clock, micros: 0 }
  })
  samples.sort((a, b) => a.startsAt - b.startsAt)
  samples.forEach((sample, index) => {
    const end =
      samples[index + 1]?.startsAt ?? Math.max(sample.startsAt, numberOr(endMicros, sample.startsAt))
    sample.micros = end - sample.startsAt
  })
  return samples
}
