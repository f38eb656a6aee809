// diff-table.ts — two profiles side by side, to read in a terminal or in the log of a build: what changed beyond chance, and
// what may be chance. Plain text, unless colours are asked for; safe to print whatever the functions are called. Pure.
// Neighbours: diff/diff.ts (what is compared, and how), cells.ts (what lines up).

import { growthOf } from '../diff/diff.js'
import type { DiffRow, DiffSide, ProfileDiff } from '../diff/diff.js'
import { ALPHA, STANDARD_ERRORS } from '../diff/significance.js'
import { labelOfPair } from '../diff/stacks.js'
import { printable } from '../labels.js'
import { DEFAULT_COLUMNS, LEAST_COLUMNS, duration, layOut, percent, shortLocation } from './cells.js'
import type { CellRow } from './cells.js'
import { padRight, wrap } from './columns.js'

/** Choices for {@link toDiffTable}. */
export interface DiffTableOptions {
  /** What the two profiles are called; `before` and `after` by default. */
  readonly names?: readonly [string, string]
  /** How many functions to list beside those that changed beyond chance, which are all listed; 10 by default. */
  readonly top?: number
  /** An absolute directory; paths below it are shown relative to it. */
  readonly cwd?: string
  /** How many columns wide the table may be; 110 by default, 60 at least. */
  readonly columns?: number
  /** Whether rows are coloured, what grew red, what shrank green, by the escape sequences of terminals; false by default. */
  readonly color?: boolean
}

const ENTRY_COLUMNS = 11

/**
 * The verdict, then the functions: their own time before and after, the difference in milliseconds, percent and standard
 * errors, and the difference with what they called. Ends in a line feed.
 */
export function toDiffTable(diff: ProfileDiff, options: DiffTableOptions = {}): string {
  const { names = ['before', 'after'], top = 10, cwd = '', color = false } = options
  const columns = Math.max(options.columns ?? DEFAULT_COLUMNS, LEAST_COLUMNS)
  const significant = diff.rows.filter((row) => row.isSignificant)
  const others = diff.rows.filter((row) => !row.isSignificant && hasSelf(row)).slice(0, Math.max(0, top))
  const [nameBefore, nameAfter] = names.map(printable)
  const entries: (readonly [string, string])[] = [
    ['before', `${nameBefore ?? ''}: ${sideText(diff.before, diff.unit)}`],
    ['after', `${nameAfter ?? ''}: ${sideText(diff.after, diff.unit)}`],
    ...(diff.scale === 1
      ? []
      : [
          ['scaled', `times before are multiplied by ${diff.scale.toFixed(3)}: shares are compared`] as const,
        ]),
    ['noise', noiseText(diff)],
    ['changed', verdictText(significant)],
  ]
  const lines = entries.flatMap(([name, text]) =>
    wrap(text, columns - ENTRY_COLUMNS, 0).map(
      (line, index) => padRight(index === 0 ? name : '', ENTRY_COLUMNS) + line,
    ),
  )
  const style = { columns, color, unit: diff.unit }
  if (significant.length > 0) lines.push('', ...sectionLines(significant, cwd, style))
  if (others.length > 0) {
    lines.push('', 'may be chance:', ...sectionLines(others, cwd, style))
  }
  return lines.map((line) => `${line.trimEnd()}\n`).join('')
}

function hasSelf({ self }: DiffRow): boolean {
  return self.beforeTicks + self.afterTicks > 0
}

function sideText({ ticks, nanos }: DiffSide, unit: ProfileDiff['unit']): string {
  return unit === 'ticks' ? `${ticks} ticks` : `${duration(nanos)} in ${ticks} ticks`
}

function noiseText({ comparisons }: ProfileDiff): string {
  return (
    `n ticks stray by √n; a change counts from ${STANDARD_ERRORS} standard errors on, with less than ` +
    `${ALPHA * 100} % chance that it is none, corrected for ${comparisons} ${comparisons === 1 ? 'comparison' : 'comparisons'} (Holm)`
  )
}

function verdictText(significant: readonly DiffRow[]): string {
  if (significant.length === 0) return 'nothing beyond chance'
  const grew = significant.filter(({ standardErrors }) => standardErrors > 0).length
  const parts = [
    ...(grew > 0 ? [`${grew} grew`] : []),
    ...(grew < significant.length ? [`${significant.length - grew} shrank`] : []),
  ]
  return `${significant.length} ${significant.length === 1 ? 'function' : 'functions'}: ${parts.join(', ')}`
}

function sectionLines(
  rows: readonly DiffRow[],
  cwd: string,
  { columns, color, unit }: { columns: number; color: boolean; unit: ProfileDiff['unit'] },
): string[] {
  const head: CellRow = {
    numbers: [
      unit === 'ticks' ? 'ticks before' : 'ms before',
      'after',
      'change',
      '%',
      'std errors',
      'change with callees',
    ],
    name: 'function',
    location: 'file:line',
    tone: 'head',
  }
  const weight = unit === 'ticks' ? (ticks: number) => String(Math.round(ticks)) : millis
  const cells = rows.map((row): CellRow => {
    const label = labelOfPair(row)
    const growth = growthOf(row.self)
    return {
      numbers: [
        weight(row.self.beforeNanos),
        weight(row.self.afterNanos),
        signed(weight(growth), growth),
        row.self.beforeNanos === 0 ? 'new' : signed(percent(growth / row.self.beforeNanos), growth),
        signed(row.standardErrors.toFixed(1), row.standardErrors),
        signed(weight(growthOf(row.total)), growthOf(row.total)),
      ],
      name: label.name,
      location: shortLocation(label, cwd),
      tone: row.isSignificant ? (growth > 0 ? 'hot' : 'cool') : 'plain',
    }
  })
  return layOut([head, ...cells], columns, color)
}

function millis(nanos: number): string {
  return (nanos / 1e6).toFixed(1)
}

function signed(text: string, value: number): string {
  return value > 0 ? `+${text}` : text
}
