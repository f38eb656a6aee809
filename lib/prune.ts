// prune.ts — a window of a long recording without what only other windows use. Pure.
// An always-on recording knows every stack it ever met; a window of some seconds has samples in a few of them.

import type { Frame, Profile, Stack } from './profile.js'
import { NO_STACK } from './stack-table.js'
import { mergeTotals } from './tally.js'
import { showingOf } from './view.js'
import type { ViewName } from './view.js'

/**
 * The same samples; `stacks` and `frames` hold what they need, under new ids. Frames are the same objects as before;
 * functions, scripts and threads stay as they are. With a `view`, frames that it hides are left out, and totals that become equal
 * are one: it shows the same of the result, and other views may show less.
 */
export function prune(profile: Profile, view?: ViewName): Profile {
  const stacks: Stack[] = []
  const frames: Frame[] = []
  const newStackIds = new Map<number, number>([[NO_STACK, NO_STACK]])
  const newFrameIds = new Map<number, number>()
  const frameIdOf = (frameId: number, frame: Frame): number => {
    const known = newFrameIds.get(frameId)
    if (known !== undefined) return known
    const id = frames.push(frame) - 1
    newFrameIds.set(frameId, id)
    return id
  }
  // Without the frames between them, stacks that were different may be equal.
  const stackIds = new Map<number, number>()
  const push = (frameId: number, parentId: number): number => {
    const key = (parentId + 1) * profile.frames.length + frameId
    let id = stackIds.get(key)
    if (id === undefined) stackIds.set(key, (id = stacks.push({ frameId, parentId }) - 1))
    return id
  }
  const add = (stackId: number, parentId: number): number => {
    const { frameId } = stackIn(profile, stackId)
    const frame = frameIn(profile, frameId)
    if (view !== undefined && showingOf(view, frame.kind) === 'hidden') return parentId
    return push(frameIdOf(frameId, frame), parentId)
  }
  const stackIdOf = (stackId: number): number => {
    // From the leaf up to a stack that is there already, and back down: parents come before their children.
    const missing: number[] = []
    let id = stackId
    while (!newStackIds.has(id)) {
      missing.push(id)
      id = stackIn(profile, id).parentId
    }
    let parentId = newStackIds.get(id) ?? NO_STACK
    for (let i = missing.length - 1; i >= 0; i--) {
      const each = missing[i] as number
      parentId = add(each, parentId)
      newStackIds.set(each, parentId)
    }
    return parentId
  }
  // One of which nothing is left is still a stack: the view has a word for it.
  const sampledIdOf = (stackId: number): number => {
    const id = stackIdOf(stackId)
    if (id !== NO_STACK) return id
    const { frameId } = stackIn(profile, stackId)
    const kept = push(frameIdOf(frameId, frameIn(profile, frameId)), NO_STACK)
    newStackIds.set(stackId, kept)
    return kept
  }
  const moved = <Item extends { readonly stackId: number }>(item: Item): Item => ({
    ...item,
    stackId: sampledIdOf(item.stackId),
  })
  const totals = profile.totals.map(moved)
  return {
    ...profile,
    totals: view === undefined ? totals : mergeTotals(totals),
    samples: profile.samples.map(moved),
    stacks,
    frames,
  }
}

function frameIn(profile: Profile, frameId: number): Frame {
  const frame = profile.frames[frameId]
  if (frame === undefined) throw new RangeError(`frame ${frameId} is not in this profile`)
  return frame
}

function stackIn(profile: Profile, stackId: number): Stack {
  const stack = profile.stacks[stackId]
  if (stack === undefined) throw new RangeError(`stack ${stackId} is not in this profile`)
  return stack
}
