// cells.ts — the rows of a table: numbers on the right of their columns, then what they are of, fitted to a width. Pure.
// Neighbours: columns.ts (how wide a text is), table.ts and diff-table.ts (which rows there are).

import { locationText } from '../labels.js'
import type { Label } from '../labels.js'
import { displayWidth, keepHead, keepTail, padLeft, padRight, widest } from './columns.js'

/** How wide a table is where nobody says. */
export const DEFAULT_COLUMNS = 110

/** No table is narrower: below, there is no room for names. */
export const LEAST_COLUMNS = 60

/** How a row of a table may be set off on a terminal. */
export type Tone = 'head' | 'hot' | 'warm' | 'cool' | 'plain'

/** A row: the numbers, then what they are of. */
export interface CellRow {
  readonly numbers: readonly string[]
  readonly name: string
  readonly location: string
  readonly tone: Tone
}

/** Lays the rows out, the first being the heads. With `color`, numbers have the colour of their tone, and places are dim. */
export function layOut(rows: readonly CellRow[], columns: number, color: boolean): string[] {
  const numbers = numberColumns(rows.map((row) => row.numbers))
  const room = Math.max(columns, LEAST_COLUMNS) - widest(numbers) - 2
  const places = placeColumns(rows, room)
  return rows.map(({ tone }, index) => {
    const [number = '', { name, location } = { name: '', location: '' }] = [numbers[index], places[index]]
    if (!color) return `${number}  ${name}  ${location}`.trimEnd()
    if (tone === 'head') return paint(`${number}  ${name}  ${location}`.trimEnd(), '1')
    return `${paint(number, PAINT[tone])}  ${name}  ${paint(location, '2')}`.trimEnd()
  })
}

/** A place, relative to a folder if it is below it. */
export function shortLocation(label: Label, cwd: string): string {
  const text = locationText(label)
  const folder = cwd.endsWith('/') ? cwd : `${cwd}/`
  return cwd !== '' && text.startsWith(folder) ? text.slice(folder.length) : text
}

/** `97.3`, of a fraction. */
export function percent(fraction: number): string {
  return (fraction * 100).toFixed(1)
}

/** `2.64 s`, or `120.5 ms`. */
export function duration(nanos: number): string {
  return nanos >= 1e9 ? `${(nanos / 1e9).toFixed(2)} s` : `${trimZeros((nanos / 1e6).toFixed(1))} ms`
}

/** `100`, of `100.0`. */
export function trimZeros(number: string): string {
  return number.replace(/\.0+$/, '')
}

const PAINT: Readonly<Record<Exclude<Tone, 'head'>, string>> = {
  hot: '31',
  warm: '33',
  cool: '32',
  plain: '',
}

function paint(text: string, code: string): string {
  return code === '' || text === '' ? text : `\x1b[${code}m${text}\x1b[0m`
}

function numberColumns(table: readonly (readonly string[])[]): string[] {
  const widths = (table[0] ?? []).map((_, column) => widest(table.map((row) => row[column] ?? '')))
  return table.map((row) => widths.map((width, column) => padLeft(row[column] ?? '', width)).join('  '))
}

// Names may take what locations leave of the room, and half of it at least.
function placeColumns(rows: readonly CellRow[], room: number): { name: string; location: string }[] {
  const locationColumns = widest(rows.map(({ location }) => location))
  const gap = locationColumns === 0 ? 0 : 2
  const mostNameColumns = Math.max(Math.ceil(room / 2), room - gap - locationColumns)
  const nameColumns = Math.min(mostNameColumns, widest(rows.map(({ name }) => name)))
  return rows.map(({ name, location }) => {
    const shownName = padRight(keepHead(name, nameColumns), nameColumns)
    return { name: shownName, location: keepTail(location, room - gap - displayWidth(shownName)) }
  })
}
