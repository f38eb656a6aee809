// prune.ts — a window of a long recording without what only other windows use. Pure.
// An always-on recording knows every stack it ever met; a window of some seconds has samples in a few of them.

import type { Frame, Profile, Stack } from './profile.js'

/**
 * The same samples; `stacks` and `frames` hold what they need, under new ids. Frames are the same objects as before;
 * functions, scripts and threads stay as they are.
 */
export function prune(profile: Profile): Profile {
  const stacks: Stack[] = []
  const frames: Frame[] = []
  const newStackIds = new Map<number, number>([[-1, -1]])
  const newFrameIds = new Map<number, number>()
  const frameIdOf = (frameId: number): number => {
    const known = newFrameIds.get(frameId)
    if (known !== undefined) return known
    const frame = profile.frames[frameId]
    if (frame === undefined) throw new RangeError(`frame ${frameId} is not in this profile`)
    const id = frames.push(frame) - 1
    newFrameIds.set(frameId, id)
    return id
  }
  const stackIdOf = (stackId: number): number => {
    // From the leaf up to a stack that is there already, and back down: parents come before their children.
    const missing: number[] = []
    let id = stackId
    while (!newStackIds.has(id)) {
      missing.push(id)
      id = stackIn(profile, id).parentId
    }
    let parentId = newStackIds.get(id) ?? -1
    for (const each of missing.reverse()) {
      parentId = stacks.push({ frameId: frameIdOf(stackIn(profile, each).frameId), parentId }) - 1
      newStackIds.set(each, parentId)
    }
    return newStackIds.get(stackId) ?? -1
  }
  const moved = <Item extends { readonly stackId: number }>(item: Item): Item => ({
    ...item,
    stackId: stackIdOf(item.stackId),
  })
  return {
    ...profile,
    totals: profile.totals.map(moved),
    samples: profile.samples.map(moved),
    stacks,
    frames,
  }
}

function stackIn(profile: Profile, stackId: number): Stack {
  const stack = profile.stacks[stackId]
  if (stack === undefined) throw new RangeError(`stack ${stackId} is not in this profile`)
  return stack
}
