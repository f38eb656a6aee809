// table.ts — a summary to read in a terminal: where every tick ended up, and the functions that used the most CPU.
// Plain text without colours, at most 110 columns wide, safe to print whatever the functions are called. Pure, but for the
// source maps that resolve.ts reads.
// Neighbours: labels.ts (names), columns.ts (what lines up).

import { internLabels, labelIdsLeafFirst, locationText, printable, titleText } from '../labels.js'
import type { Label, LabelTable } from '../labels.js'
import type { Profile, StackTotal, TimerName } from '../profile.js'
import { resolveSources } from '../sources/resolve.js'
import type { SourceOptions } from '../sources/resolve.js'
import { groupThreads } from '../thread-groups.js'
import { DEFAULT_THREADS } from '../threads.js'
import type { ThreadsName } from '../threads.js'
import { DEFAULT_VIEW } from '../view.js'
import type { GranularityName, ViewName } from '../view.js'
import { displayWidth, keepHead, keepTail, padLeft, padRight, widest, wrap } from './columns.js'

/** Choices for {@link toTable}. */
export interface TableOptions extends SourceOptions {
  /** Which frames are functions; `js` by default. */
  readonly view?: ViewName
  /** Whether a frame stands for a function, `function`, the default, or for a line of it. */
  readonly granularity?: GranularityName | undefined
  /**
   * `auto`, the default, and `merged`: one list of functions, whatever threads they ran on. `split`: a list for every
   * thread that has samples, the one with the most ticks first.
   */
  readonly threads?: ThreadsName
  /** How many functions to list; 10 by default. With several lists, in each. */
  readonly top?: number
  /** Which functions come first: those with the most time of their own, the default, or with what they called. */
  readonly sort?: 'self' | 'total'
  /** An absolute directory; paths below it are shown relative to it. */
  readonly cwd?: string
}

const MAX_COLUMNS = 110
const ENTRY_COLUMNS = 14

interface Usage {
  ticks: number
  nanos: number
}

interface Row {
  readonly label: Label
  readonly self: Usage
  readonly total: Usage
}

/** A list of functions, with what stands over it. */
interface Section {
  /** '' for nothing. */
  readonly title: string
  readonly totals: readonly StackTotal[]
}

/**
 * Where every tick ended up, then the functions with the most CPU time. Self is what a function used
 * itself; total includes what it called, and counts each sample once, however often the function is on its stack.
 * Percentages are of the CPU time in samples; in the list of a thread, of the CPU time in its own. Ends in a line feed.
 */
export function toTable(recorded: Profile, options: TableOptions = {}): string {
  const profile = resolveSources(recorded, options)
  const { view = DEFAULT_VIEW, threads = DEFAULT_THREADS, top = 10, sort = 'self', cwd = '' } = options
  const table = internLabels(profile, view, options.granularity)
  const lines = summaryLines(profile, view)
  const sections = sectionsOf(profile, threads)
  for (const { title, totals } of sections) {
    if (title !== '') lines.push('', ...wrap(title, MAX_COLUMNS, 2))
    lines.push('', ...functionLines(rowsOf(profile, totals, { table, view, sort }), top, cwd))
  }
  if (sections.length === 0) lines.push('', ...wrap(whyEmpty(profile), MAX_COLUMNS, 0))
  return lines.map((line) => `${line.trimEnd()}\n`).join('')
}

function sectionsOf(profile: Profile, threads: ThreadsName): Section[] {
  const { groups, groupIdOfThread } = groupThreads(profile, threads)
  if (profile.totals.length === 0) return []
  if (threads !== 'split') return [{ title: '', totals: profile.totals }]
  const totalsOfGroup = groups.map((): StackTotal[] => [])
  for (const total of profile.totals) totalsOfGroup[groupIdOfThread[total.threadId] ?? -1]?.push(total)
  const all = usageOf(profile.totals)
  return totalsOfGroup
    .map((totals, groupId) => ({ totals, usage: usageOf(totals), name: groups[groupId]?.name ?? '' }))
    .filter(({ totals }) => totals.length > 0)
    .sort((a, b) => b.usage.ticks - a.usage.ticks)
    .map(({ totals, usage, name }) => ({
      totals,
      title: threadTitle(name, usage, { all, timer: profile.timer }),
    }))
}

function threadTitle(name: string, usage: Usage, { all, timer }: { all: Usage; timer: TimerName }): string {
  const time = timer === 'wall' ? 'wall time' : 'CPU time'
  const ticks = usage.ticks === 1 ? '1 tick' : `${usage.ticks} ticks`
  return `${name}: ${ticks}, ${duration(usage.nanos)} of ${time}, ${shareText(usage, all)} % of the process`
}

function rowsOf(
  profile: Profile,
  totals: readonly StackTotal[],
  { table, view, sort }: { table: LabelTable; view: ViewName; sort: 'self' | 'total' },
): Row[] {
  const rows = table.labels.map((label): Row => ({ label, self: noUsage(), total: noUsage() }))
  for (const { stackId, ticks, weightNanos } of totals) {
    const labelIds = labelIdsLeafFirst(profile, table, stackId)
    const leaf = rows[labelIds[0] ?? -1]
    if (leaf) add(leaf.self, ticks, weightNanos)
    for (const labelId of new Set(labelIds)) {
      const row = rows[labelId]
      if (row) add(row.total, ticks, weightNanos)
    }
  }
  return (
    rows
      .filter((row) => row.self.ticks > 0 || (row.total.ticks > 0 && !isOfNode(row.label, view)))
      // Of a chain of callers that all have the time of one callee, the callee comes first: it says the most.
      // Labels are numbered as they are first met, callers before callees.
      .map((row, id) => ({ row, id }))
      .sort(
        ({ row: a, id: idOfA }, { row: b, id: idOfB }) =>
          b[sort].nanos - a[sort].nanos ||
          b.self.nanos - a.self.nanos ||
          b.total.nanos - a.total.nanos ||
          idOfB - idOfA,
      )
      .map(({ row }) => row)
  )
}

// What starts every program, and what stands between its functions. Worth a line only for time of its own.
function isOfNode({ file }: Label, view: ViewName): boolean {
  if (view === 'mixed' && file === '[node]') return true
  return file.startsWith('node:') || file === '[v8:builtin]'
}

function summaryLines(profile: Profile, view: ViewName): string[] {
  const { counters, process } = profile
  const machine = `pid ${process.pid}, Node.js ${process.nodeVersion}, ${process.platform} ${process.arch}`
  const truncated = counters.truncated > 0 ? `, of which ${counters.truncated} truncated` : ''
  const entries = [
    ['CPU time', duration(profile.cpuNanos)],
    ['wall time', duration(profile.durationNanos)],
    ['ticks', `${counters.ticks} = samples + dropped + not walkable`],
    ['samples', `${counters.samples}${truncated}`],
    ['dropped', `${counters.dropped}`],
    ['not walkable', `${counters.notWalkable}`],
    ['coverage', coverageText(profile)],
    ['rate', rateText(profile)],
    ...profile.notes.map((note) => ['note', printable(note)]),
  ]
  return [
    ...wrap(`CPU profile of ${titleText(profile, view)} (${machine})`, MAX_COLUMNS, 2),
    '',
    ...entries.flatMap(([name = '', text = '']) =>
      wrap(text, MAX_COLUMNS - ENTRY_COLUMNS, 0).map(
        (line, index) => padRight(index === 0 ? name : '', ENTRY_COLUMNS) + line,
      ),
    ),
  ]
}

function coverageText({ coverage, weightScale, timer }: Profile): string {
  if (!Number.isFinite(coverage)) return 'not known: no time was used'
  const scaled =
    weightScale === 1 ? '' : `; times below are scaled by ${weightScale.toFixed(3)} to make up for it`
  return `${percent(coverage)} % of the ${timer === 'wall' ? "threads' wall time" : 'CPU time'}${scaled}`
}

function rateText({ counters, sampledNanos, periodMicros, timer }: Profile): string {
  const asked = `asked for ${trimZeros((1e6 / periodMicros).toFixed(1))}`
  if (sampledNanos <= 0) return asked
  const time = timer === 'wall' ? 'wall' : 'CPU'
  return `${(counters.ticks / (sampledNanos / 1e9)).toFixed(1)} ticks per second of ${time} time, ${asked}`
}

function whyEmpty({ counters, cpuNanos, periodMicros }: Profile): string {
  if (counters.ticks > 0) return 'None of the ticks yielded a stack.'
  const period = duration(periodMicros * 1000)
  return `There was no CPU to sample: the process used ${duration(cpuNanos)}; one tick takes ${period} of CPU time.`
}

function functionLines(rows: readonly Row[], top: number, cwd: string): string[] {
  const all = sum(rows)
  const listed = rows.slice(0, Math.max(0, top))
  const others = rows.slice(listed.length).filter((row) => row.self.ticks > 0)
  const cells = listed.map((row) => [...usageCells(row.self, all), ...usageCells(row.total, all)])
  const places = listed.map((row) => [row.label.name, shortLocation(row.label, cwd)])
  if (others.length > 0) {
    cells.push([...usageCells(sum(others), all), '', '', ''])
    places.push([others.length === 1 ? '(1 other function)' : `(${others.length} other functions)`, ''])
  }
  const numbers = numberColumns([['self ticks', 'CPU ms', '%', 'total ticks', 'CPU ms', '%'], ...cells])
  const names = placeColumns([['function', 'file:line'], ...places], MAX_COLUMNS - widest(numbers) - 2)
  return numbers.map((line, index) => `${line}  ${names[index] ?? ''}`)
}

function numberColumns(table: readonly (readonly string[])[]): string[] {
  const widths = (table[0] ?? []).map((_, column) => widest(table.map((row) => row[column] ?? '')))
  return table.map((row) => row.map((cell, column) => padLeft(cell, widths[column] ?? 0)).join('  '))
}

// Names may take what locations leave of the room, and half of it at least.
function placeColumns(table: readonly (readonly string[])[], room: number): string[] {
  const locationColumns = widest(table.map(([, location = '']) => location))
  const mostNameColumns = Math.max(Math.ceil(room / 2), room - 2 - locationColumns)
  const nameColumns = Math.min(mostNameColumns, widest(table.map(([name = '']) => name)))
  return table.map(([name = '', location = '']) => {
    const shownName = padRight(keepHead(name, nameColumns), nameColumns)
    return `${shownName}  ${keepTail(location, room - 2 - displayWidth(shownName))}`
  })
}

function shortLocation(label: Label, cwd: string): string {
  const text = locationText(label)
  const folder = cwd.endsWith('/') ? cwd : `${cwd}/`
  return cwd !== '' && text.startsWith(folder) ? text.slice(folder.length) : text
}

function usageCells(usage: Usage, all: Usage): string[] {
  return [`${usage.ticks}`, (usage.nanos / 1e6).toFixed(1), shareText(usage, all)]
}

function shareText(usage: Usage, all: Usage): string {
  return percent(all.nanos === 0 ? 0 : usage.nanos / all.nanos)
}

function usageOf(totals: readonly StackTotal[]): Usage {
  const usage = noUsage()
  for (const { ticks, weightNanos } of totals) add(usage, ticks, weightNanos)
  return usage
}

function sum(rows: readonly Row[]): Usage {
  const usage = noUsage()
  for (const { self } of rows) add(usage, self.ticks, self.nanos)
  return usage
}

function add(usage: Usage, ticks: number, nanos: number): void {
  usage.ticks += ticks
  usage.nanos += nanos
}

function noUsage(): Usage {
  return { ticks: 0, nanos: 0 }
}

function percent(fraction: number): string {
  return (fraction * 100).toFixed(1)
}

function duration(nanos: number): string {
  return nanos >= 1e9 ? `${(nanos / 1e9).toFixed(2)} s` : `${trimZeros((nanos / 1e6).toFixed(1))} ms`
}

function trimZeros(number: string): string {
  return number.replace(/\.0+$/, '')
}
