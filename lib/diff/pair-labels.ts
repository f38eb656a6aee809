// pair-labels.ts — which function of one profile is which of another. Pure.
// Between two versions of a program lines shift, files move, and a checkout lies elsewhere. So functions are paired by what
// they have in common, the most telling first, and only where that leaves no choice.

import { labelText } from '../labels.js'
import type { Label } from '../labels.js'

/** A function in one profile, or in both. At least one is not null. */
export interface LabelPair {
  readonly before: Label | null
  readonly after: Label | null
}

/** The functions of two profiles, each once, and which of them each label is: indexes into `pairs`. */
export interface LabelPairing {
  readonly pairs: readonly LabelPair[]
  readonly pairOfBefore: readonly number[]
  readonly pairOfAfter: readonly number[]
}

type KeyOf = (label: Label) => string | null

const KEYS: readonly KeyOf[] = [
  labelText,
  nameAndFile,
  ({ name, file, line, column }) => `${name}\0${baseName(file)}\0${line}:${column}`,
  ({ name, file }) => (baseName(file) === '' ? null : `${name}\0${baseName(file)}`),
  // A file was renamed. What has no name of its own says nothing.
  ({ name }) => (name.startsWith('(anonymous') ? null : name),
]

/**
 * Pairs labels. Those of one name and file that stay without a partner on both sides are one, without a line: such as the
 * anonymous functions of a file of which two changed.
 */
export function pairLabels(before: readonly Label[], after: readonly Label[]): LabelPairing {
  const pairs: LabelPair[] = []
  const pairOfBefore = before.map(() => -1)
  const pairOfAfter = after.map(() => -1)
  for (const keyOf of KEYS) {
    const candidates = groupByKey(after, pairOfAfter, keyOf)
    for (const [key, ids] of groupByKey(before, pairOfBefore, keyOf)) {
      const others = candidates.get(key) ?? []
      const [id, other] = [ids[0], others[0]]
      if (ids.length !== 1 || others.length !== 1 || id === undefined || other === undefined) continue
      const pair = pairs.push({ before: before[id] ?? null, after: after[other] ?? null }) - 1
      pairOfBefore[id] = pairOfAfter[other] = pair
    }
  }
  const rest = groupByKey(after, pairOfAfter, nameAndFile)
  for (const [key, ids] of groupByKey(before, pairOfBefore, nameAndFile)) {
    const others = rest.get(key) ?? []
    const [first, other] = [before[ids[0] ?? -1], after[others[0] ?? -1]]
    if (first === undefined || other === undefined) continue
    const pair = pairs.push({ before: withoutLine(first), after: withoutLine(other) }) - 1
    for (const id of ids) pairOfBefore[id] = pair
    for (const id of others) pairOfAfter[id] = pair
  }
  before.forEach((label, id) => {
    if (pairOfBefore[id] === -1) pairOfBefore[id] = pairs.push({ before: label, after: null }) - 1
  })
  after.forEach((label, id) => {
    if (pairOfAfter[id] === -1) pairOfAfter[id] = pairs.push({ before: null, after: label }) - 1
  })
  return { pairs, pairOfBefore, pairOfAfter }
}

// The labels that have no partner yet.
function groupByKey(
  labels: readonly Label[],
  pairOf: readonly number[],
  keyOf: KeyOf,
): ReadonlyMap<string, number[]> {
  const groups = new Map<string, number[]>()
  labels.forEach((label, id) => {
    const key = pairOf[id] === -1 ? keyOf(label) : null
    if (key === null) return
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [id])
    else group.push(id)
  })
  return groups
}

function nameAndFile({ name, file }: Label): string {
  return `${name}\0${file}`
}

function withoutLine(label: Label): Label {
  return { ...label, line: 0, column: 0 }
}

function baseName(file: string): string {
  return file.slice(file.lastIndexOf('/') + 1)
}
