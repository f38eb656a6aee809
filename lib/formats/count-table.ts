// count-table.ts — calls and times of functions, as those know it who know Python's cProfile: calls, self, per call, total.
// Plain text, unless colours are asked for; safe to print whatever the functions are called. Pure.

import type { CallKind, CallRow } from '../call-counts.js'
import { printable } from '../labels.js'
import { DEFAULT_COLUMNS, LEAST_COLUMNS, duration, layOut, shortLocation } from './cells.js'
import type { CellRow } from './cells.js'
import { padRight, wrap } from './columns.js'

/** What the two runs came to. */
export interface CountFacts {
  readonly title: string
  /** CPU time of the process, nanoseconds, when it was sampled, and when it was counted. */
  readonly sampledCpuNanos: number
  readonly countedCpuNanos: number
  /** Of the run that was sampled. */
  readonly ticks: number
  readonly notes: readonly string[]
}

export interface CountTableOptions {
  readonly sort?: 'self' | 'total' | 'calls'
  /** How many functions to list; 20 by default. */
  readonly top?: number
  readonly cwd?: string
  readonly columns?: number
  readonly color?: boolean
}

const ENTRY_COLUMNS = 10
const HOT_SHARE = 0.1
const WARM_SHARE = 0.03

/** How it is marked, and what the mark says. */
const MARKS: Readonly<Record<CallKind, string>> = {
  plain: '',
  generator: 'generator ',
  async: 'async ',
  'async generator': 'async generator ',
}

/** Ends in a line feed. */
export function toCountTable(
  rows: readonly CallRow[],
  facts: CountFacts,
  options: CountTableOptions = {},
): string {
  const { sort = 'self', top = 20, cwd = '', color = false } = options
  const columns = Math.max(options.columns ?? DEFAULT_COLUMNS, LEAST_COLUMNS)
  const sorted = [...rows].sort((a, b) => keyOf(b, sort) - keyOf(a, sort) || b.selfNanos - a.selfNanos)
  const listed = sorted.slice(0, top)
  const allNanos = rows.reduce((sum, { selfNanos }) => sum + selfNanos, 0)
  const entries: (readonly [string, string])[] = [
    ['calls', `of ${facts.title}, counted by V8 in a run of their own`],
    [
      'times',
      `${duration(facts.sampledCpuNanos)} of CPU in ${facts.ticks} ticks, sampled in a run without counting`,
    ],
    ['cost', costText(facts)],
    ...facts.notes.map((note) => ['note', printable(note)] as const),
  ]
  const lines = entries.flatMap(([name, text]) =>
    wrap(text, columns - ENTRY_COLUMNS, 0).map(
      (line, index) => padRight(index === 0 ? name : '', ENTRY_COLUMNS) + line,
    ),
  )
  const head: CellRow = {
    numbers: ['calls', 'self ms', 'µs/call', 'total ms', 'µs/call'],
    name: 'function',
    location: 'file:line',
    tone: 'head',
  }
  const cells = listed.map((row): CellRow => {
    const share = allNanos === 0 ? 0 : row.selfNanos / allNanos
    return {
      numbers: [
        row.calls === null ? '-' : `${row.calls}${row.hasResumptions ? '+' : ''}`,
        millis(row.selfNanos),
        perCall(row.selfNanos, row),
        millis(row.totalNanos),
        perCall(row.totalNanos, row),
      ],
      name: MARKS[row.kind] + row.label.name,
      location: shortLocation(row.label, cwd),
      tone: share >= HOT_SHARE ? 'hot' : share >= WARM_SHARE ? 'warm' : 'plain',
    }
  })
  lines.push('', ...layOut([head, ...cells], columns, color))
  const left = rows.length - listed.length
  if (left > 0) lines.push(`and ${left} more ${left === 1 ? 'function' : 'functions'}; --top lists them`)
  if (listed.some(({ hasResumptions }) => hasResumptions))
    lines.push('', ...wrap('+ has the resumptions of the generator or async function in it', columns, 2))
  return lines.map((line) => `${line.trimEnd()}\n`).join('')
}

function costText({ sampledCpuNanos, countedCpuNanos }: CountFacts): string {
  const ratio = countedCpuNanos / sampledCpuNanos
  return (
    `counting took ${duration(countedCpuNanos)} of CPU, ${ratio.toFixed(1)} times as much as without; ` +
    'it slows small functions most, so no time here is from that run'
  )
}

function keyOf(row: CallRow, sort: 'self' | 'total' | 'calls'): number {
  if (sort === 'calls') return row.calls ?? -1
  return sort === 'self' ? row.selfNanos : row.totalNanos
}

function millis(nanos: number): string {
  return (nanos / 1e6).toFixed(1)
}

// What has no tick is not known to be 0.
function perCall(nanos: number, { calls }: CallRow): string {
  return calls === null || calls === 0 || nanos === 0 ? '' : (nanos / 1e3 / calls).toFixed(3)
}
