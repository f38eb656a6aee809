// label-frames.ts — labels as frames at the root of the stacks: CPU time by route or tenant, in every format alike. Pure.

import { checkName } from './label-sets.js'
import type { LabelSet } from './label-sets.js'
import { NativeprofError } from './errors.js'
import type { Frame, Profile, ProfileFunction, Stack } from './profile.js'
import { NO_SCRIPT, NO_STACK } from './stack-table.js'

/**
 * The same samples, each stack under a frame for each of these labels, in this order: `route=/users`, or `(no route)` where a
 * sample has none. Stacks of threads without JavaScript, which have no labels, stay as they are. Ids of functions, frames
 * and of those stacks stay, too. Throws ERR_NATIVEPROF_INVALID_ARGUMENT for what is no name of a label.
 */
export function withLabelFrames(profile: Profile, names: readonly string[]): Profile {
  checkNames(names)
  if (names.length === 0) return profile
  const roots = new Roots(profile, names)
  const moved = <Item extends { stackId: number; threadId: number; labelsId: number }>(item: Item): Item =>
    profile.threads[item.threadId]?.kind === 'other'
      ? item
      : { ...item, stackId: roots.stackUnder(item.labelsId, item.stackId) }
  const totals = profile.totals.map(moved)
  const samples = profile.samples.map(moved)
  const { functions, frames, stacks } = roots
  return { ...profile, totals, samples, functions, frames, stacks }
}

function checkNames(names: readonly string[]): void {
  // Callers that are not type-checked.
  if (!Array.isArray(names))
    throw new NativeprofError(
      'ERR_NATIVEPROF_INVALID_ARGUMENT',
      'labels are a list of names, such as ["route"]',
    )
  for (const name of names) checkName(String(name))
}

class Roots {
  readonly functions: ProfileFunction[]
  readonly frames: Frame[]
  readonly stacks: Stack[]
  readonly #sets: readonly LabelSet[]
  readonly #names: readonly string[]
  readonly #frameIds = new Map<string, number>()
  /** By the id of the set of labels. */
  readonly #rootIds = new Map<number, number>()
  readonly #stackIds = new Map<string, number>()

  constructor({ functions, frames, stacks, labelSets }: Profile, names: readonly string[]) {
    this.functions = [...functions]
    this.frames = [...frames]
    this.stacks = [...stacks]
    this.#sets = labelSets
    this.#names = names
  }

  stackUnder(labelsId: number, stackId: number): number {
    let id = this.#rootOf(labelsId)
    const path: number[] = []
    for (let at = stackId; at >= 0; at = this.stacks[at]?.parentId ?? NO_STACK)
      path.push(this.stacks[at]?.frameId ?? -1)
    for (const frameId of path.reverse()) id = this.#push(id, frameId)
    return id
  }

  #rootOf(labelsId: number): number {
    let id = this.#rootIds.get(labelsId)
    if (id !== undefined) return id
    id = NO_STACK
    const set = this.#sets[labelsId] ?? {}
    for (const name of this.#names) {
      const word = Object.hasOwn(set, name) ? `${name}=${set[name] ?? ''}` : `(no ${name})`
      id = this.#push(id, this.#frame(word))
    }
    this.#rootIds.set(labelsId, id)
    return id
  }

  #push(parentId: number, frameId: number): number {
    const key = `${parentId} ${frameId}`
    let id = this.#stackIds.get(key)
    if (id === undefined) this.#stackIds.set(key, (id = this.stacks.push({ frameId, parentId }) - 1))
    return id
  }

  #frame(name: string): number {
    let id = this.#frameIds.get(name)
    if (id === undefined) {
      const functionId = this.functions.push({ name, url: '', line: 0, column: 0, scriptId: NO_SCRIPT }) - 1
      const place = { tier: null, inlined: false, line: 0, column: 0 }
      id = this.frames.push({ functionId, kind: 'pseudo', ...place }) - 1
      this.#frameIds.set(name, id)
    }
    return id
  }
}
