// usage.ts — who used the time: self and total of functions, lines, modules, packages or threads. Pure.
// Neighbours: labels.ts (what a function is called), thread-groups.ts, formats/table.ts (which shows it).

import { inspect } from 'node:util'
import { NativeprofError } from './errors.js'
import { labelIdsLeafFirst } from './labels.js'
import type { Label, LabelTable } from './labels.js'
import type { Profile, StackTotal } from './profile.js'
import { groupThreads } from './thread-groups.js'

/** What a row of a table stands for. */
export type GroupingName = 'function' | 'line' | 'module' | 'package' | 'thread'

/** All of them. */
export const GROUPINGS: readonly GroupingName[] = ['function', 'line', 'module', 'package', 'thread']

/** Ticks, and the time that they stand for. */
export interface Usage {
  ticks: number
  nanos: number
}

/** What one function, or whatever the rows are, used itself, and with what it called. */
export interface UsageRow {
  readonly label: Label
  readonly self: Usage
  readonly total: Usage
}

/** Throws ERR_NATIVEPROF_INVALID_ARGUMENT for any other name. */
export function groupingNamed(source: string, name: unknown): GroupingName {
  const grouping = GROUPINGS.find((each) => each === name)
  if (grouping !== undefined) return grouping
  throw new NativeprofError(
    'ERR_NATIVEPROF_INVALID_ARGUMENT',
    `${source} must be one of ${GROUPINGS.join(', ')}, not ${inspect(name)}`,
  )
}

/** A row for each label of the table, in its order, callers before callees. A sample counts once in a total. */
export function usageRows(
  profile: Profile,
  totals: readonly StackTotal[],
  table: LabelTable,
): readonly UsageRow[] {
  const rows = table.labels.map((label): UsageRow => ({ label, self: noUsage(), total: noUsage() }))
  const seenAt = new Int32Array(rows.length).fill(-1)
  totals.forEach((total, index) => {
    labelIdsLeafFirst(profile, table, total.stackId).forEach((labelId, depth) => {
      const row = rows[labelId]
      if (!row) return
      if (depth === 0) addTotal(row.self, total)
      if (seenAt[labelId] !== index) addTotal(row.total, total)
      seenAt[labelId] = index
    })
  })
  return rows
}

/** A row for each thread that has samples. */
export function threadRows(profile: Profile, totals: readonly StackTotal[]): readonly UsageRow[] {
  const { groups, groupIdOfThread } = groupThreads(profile, 'split')
  const usages = groups.map(noUsage)
  for (const total of totals) {
    const usage = usages[groupIdOfThread[total.threadId] ?? -1]
    if (usage) addTotal(usage, total)
  }
  return groups
    .map(({ name }, id): UsageRow => {
      const usage = usages[id] ?? noUsage()
      return { label: wordLabel(name), self: usage, total: usage }
    })
    .filter(({ self }) => self.ticks > 0)
}

/** The same stacks, their frames standing for modules or packages. */
export function groupLabels(table: LabelTable, by: 'module' | 'package'): LabelTable {
  const labels: Label[] = []
  const idOfName = new Map<string, number>()
  const groupOf = table.labels.map((label) => {
    const name = by === 'module' ? moduleOf(label) : packageOf(label)
    const id = idOfName.get(name) ?? labels.push(wordLabel(name)) - 1
    idOfName.set(name, id)
    return id
  })
  return {
    labels,
    labelIdOfStack: table.labelIdOfStack.map((id) => groupOf[id] ?? -1),
    leafLabelIds: new Map(Array.from(table.leafLabelIds, ([stackId, id]) => [stackId, groupOf[id] ?? -1])),
  }
}

export function noUsage(): Usage {
  return { ticks: 0, nanos: 0 }
}

export function sumOfTotals(totals: readonly StackTotal[]): Usage {
  const usage = noUsage()
  for (const total of totals) addTotal(usage, total)
  return usage
}

export function sumOfSelf(rows: readonly UsageRow[]): Usage {
  const usage = noUsage()
  for (const { self } of rows) {
    usage.ticks += self.ticks
    usage.nanos += self.nanos
  }
  return usage
}

// What is in no file is a word for what the runtime does, or for the profile itself.
function moduleOf({ name, file }: Label): string {
  return file !== '' ? file : name.startsWith('(') ? name : '(runtime)'
}

function packageOf(label: Label): string {
  const { file } = label
  const [, name] = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//s.exec(file) ?? []
  if (name !== undefined) return name
  if (file.startsWith('node:')) return '(node)'
  return file === '' || file.startsWith('[') ? moduleOf(label) : '(program)'
}

function wordLabel(name: string): Label {
  return { name, file: '', line: 0, column: 0 }
}

function addTotal(usage: Usage, { ticks, weightNanos }: StackTotal): void {
  usage.ticks += ticks
  usage.nanos += weightNanos
}
