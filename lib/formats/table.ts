// table.ts — a summary to read in a terminal: where every tick ended up, and the functions that used the most CPU.
// Plain text without colours, at most 110 columns wide, unless asked otherwise; safe to print whatever the functions are
// called. Pure, but for the source maps that resolve.ts reads.
// Neighbours: labels.ts (names), usage.ts (who used what), cells.ts (what lines up).

import { internLabels, printable, titleText } from '../labels.js'
import type { Label, LabelTable } from '../labels.js'
import type { Profile, StackTotal } from '../profile.js'
import { resolveSources } from '../sources/resolve.js'
import type { SourceOptions } from '../sources/resolve.js'
import { groupThreads } from '../thread-groups.js'
import { DEFAULT_THREADS } from '../threads.js'
import type { ThreadsName } from '../threads.js'
import { groupLabels, groupingNamed, sumOfSelf, sumOfTotals, threadRows, usageRows } from '../usage.js'
import type { GroupingName, Usage, UsageRow } from '../usage.js'
import { viewFor } from '../view.js'
import type { GranularityName, ViewName } from '../view.js'
import {
  DEFAULT_COLUMNS,
  LEAST_COLUMNS,
  duration,
  layOut,
  percent,
  shortLocation,
  trimZeros,
} from './cells.js'
import type { CellRow, Tone } from './cells.js'
import { padRight, wrap } from './columns.js'

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
  /** What a row stands for: a `function`, the default, or a `line` of one, a `module`, that is a file, a `package`, or a `thread`. */
  readonly by?: GroupingName
  /** How many columns wide the table may be; 110 by default, 60 at least. */
  readonly columns?: number
  /** Whether hot rows are coloured, by the escape sequences of terminals; false by default. */
  readonly color?: boolean
}

const ENTRY_COLUMNS = 14

/** From these shares of the time on, numbers have a colour. */
const HOT_SHARE = 0.1
const WARM_SHARE = 0.03

/** What the rows stand for, and in which order they come. */
interface Shown {
  readonly by: GroupingName
  /** null for threads, which are no frames. */
  readonly table: LabelTable | null
  readonly view: ViewName
  readonly sort: 'self' | 'total'
}

interface Style {
  readonly top: number
  readonly cwd: string
  readonly columns: number
  readonly color: boolean
  readonly hasTimes: boolean
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
  const view = viewFor(profile, options.view)
  const { threads = DEFAULT_THREADS, top = 10, sort = 'self', cwd = '' } = options
  const { by = 'function', columns = DEFAULT_COLUMNS, color = false } = options
  const shown = { by, table: tableOf(profile, { ...options, view, by }), view, sort }
  const hasTimes = profile.savedAs?.weightUnit !== 'ticks'
  const style = { top, cwd, columns: Math.max(columns, LEAST_COLUMNS), color, hasTimes }
  const lines = summaryLines(profile, view, style.columns)
  const sections = sectionsOf(profile, threads)
  for (const { title, totals } of sections) {
    if (title !== '') lines.push('', ...wrap(title, style.columns, 2))
    lines.push('', ...rowLines(rowsOf(profile, totals, shown), shown, style))
  }
  if (sections.length === 0) lines.push('', ...wrap(whyEmpty(profile), style.columns, 0))
  return lines.map((line) => `${line.trimEnd()}\n`).join('')
}

function tableOf(
  profile: Profile,
  { view, granularity, by }: { view: ViewName; granularity?: GranularityName | undefined; by: GroupingName },
): LabelTable | null {
  const grouping = groupingNamed('by', by)
  if (grouping === 'thread') return null
  const table = internLabels(profile, view, grouping === 'line' ? 'line' : granularity)
  return grouping === 'module' || grouping === 'package' ? groupLabels(table, grouping) : table
}

function sectionsOf(profile: Profile, threads: ThreadsName): Section[] {
  const { groups, groupIdOfThread } = groupThreads(profile, threads)
  if (profile.totals.length === 0) return []
  if (threads !== 'split') return [{ title: '', totals: profile.totals }]
  const totalsOfGroup = groups.map((): StackTotal[] => [])
  for (const total of profile.totals) totalsOfGroup[groupIdOfThread[total.threadId] ?? -1]?.push(total)
  const all = sumOfTotals(profile.totals)
  return totalsOfGroup
    .map((totals, groupId) => ({ totals, usage: sumOfTotals(totals), name: groups[groupId]?.name ?? '' }))
    .filter(({ totals }) => totals.length > 0)
    .sort((a, b) => b.usage.ticks - a.usage.ticks)
    .map(({ totals, usage, name }) => ({
      totals,
      title: threadTitle(name, usage, { all, profile }),
    }))
}

function threadTitle(name: string, usage: Usage, { all, profile }: { all: Usage; profile: Profile }): string {
  const time = profile.timer === 'wall' ? 'wall time' : 'CPU time'
  const ticks = usage.ticks === 1 ? '1 tick' : `${usage.ticks} ticks`
  const used = profile.savedAs?.weightUnit === 'ticks' ? '' : ` ${duration(usage.nanos)} of ${time},`
  return `${name}: ${ticks},${used} ${shareText(usage, all)} % of the process`
}

function rowsOf(profile: Profile, totals: readonly StackTotal[], shown: Shown): UsageRow[] {
  const { table, view, sort } = shown
  const rows = table === null ? threadRows(profile, totals) : usageRows(profile, totals, table)
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

function summaryLines(profile: Profile, view: ViewName, columns: number): string[] {
  const { counters, process } = profile
  const machine = `${process.pid === 0 ? '' : `pid ${process.pid}, `}Node.js ${process.nodeVersion}, ${process.platform} ${process.arch}`
  const hasRates = profile.sampledNanos > 0 || !profile.savedAs
  const truncated = counters.truncated > 0 ? `, of which ${counters.truncated} truncated` : ''
  const entries = [
    ...known(profile.cpuNanos, ['CPU time', duration(profile.cpuNanos)]),
    ...known(profile.durationNanos, ['wall time', duration(profile.durationNanos)]),
    ['ticks', `${counters.ticks} = samples + dropped + not walkable`],
    ['samples', `${counters.samples}${truncated}`],
    ['dropped', `${counters.dropped}`],
    ['not walkable', `${counters.notWalkable}`],
    ...(hasRates ? [['coverage', coverageText(profile)]] : []),
    ...known(profile.periodMicros, ['rate', rateText(profile)]),
    ...profile.notes.map((note) => ['note', printable(note)]),
  ]
  return [
    ...wrap(
      `CPU profile of ${titleText(profile, view)}${process.nodeVersion === '' ? '' : ` (${machine})`}`,
      columns,
      2,
    ),
    '',
    ...entries.flatMap(([name = '', text = '']) =>
      wrap(text, columns - ENTRY_COLUMNS, 0).map(
        (line, index) => padRight(index === 0 ? name : '', ENTRY_COLUMNS) + line,
      ),
    ),
  ]
}

// A file that was read may not say.
function known(number: number, entry: readonly string[]): (readonly string[])[] {
  return Number.isNaN(number) ? [] : [entry]
}

function coverageText({ coverage, weightScale, timer }: Profile): string {
  if (!Number.isFinite(coverage)) return 'not known: no time was used'
  const scaled =
    weightScale === 1 ? '' : `; times below are scaled by ${weightScale.toFixed(3)} to make up for it`
  return `${percent(coverage)} % of the ${timer === 'wall' ? "threads' wall time" : 'CPU time'}${scaled}`
}

function rateText({ counters, sampledNanos, periodMicros, timer }: Profile): string {
  const asked = `asked for ${trimZeros((1e6 / periodMicros).toFixed(1))}`
  if (!(sampledNanos > 0)) return asked
  const time = timer === 'wall' ? 'wall' : 'CPU'
  return `${(counters.ticks / (sampledNanos / 1e9)).toFixed(1)} ticks per second of ${time} time, ${asked}`
}

function whyEmpty({ counters, cpuNanos, periodMicros }: Profile): string {
  if (Number.isNaN(cpuNanos)) return 'There are no samples in it.'
  if (counters.ticks > 0) return 'None of the ticks yielded a stack.'
  const period = duration(periodMicros * 1000)
  return `There was no CPU to sample: the process used ${duration(cpuNanos)}; one tick takes ${period} of CPU time.`
}

function rowLines(rows: readonly UsageRow[], shown: Shown, style: Style): string[] {
  const all = sumOfSelf(rows)
  const listed = rows.slice(0, Math.max(0, style.top))
  const others = rows.slice(listed.length).filter((row) => row.self.ticks > 0)
  const [one, several] = NAMES[shown.by]
  const cells: CellRow[] = listed.map(({ label, self, total }) => ({
    numbers: [...usageCells(self, all), ...usageCells(total, all)],
    name: label.name,
    location: shortLocation(label, style.cwd),
    tone: toneOf((shown.sort === 'self' ? self : total).nanos / all.nanos),
  }))
  if (others.length > 0) {
    cells.push({
      numbers: usageCells(sumOfSelf(others), all),
      name: `(${others.length} other ${others.length === 1 ? one : several})`,
      location: '',
      tone: 'plain',
    })
  }
  const head: CellRow = {
    numbers: ['self ticks', 'CPU ms', '%', 'total ticks', 'CPU ms', '%'],
    name: one,
    location: shown.by === 'function' || shown.by === 'line' ? 'file:line' : '',
    tone: 'head',
  }
  const rowsToShow = style.hasTimes ? [head, ...cells] : [head, ...cells].map(withoutTimes)
  return layOut(rowsToShow, style.columns, style.color)
}

// Of self and total each ticks and share are left.
function withoutTimes(row: CellRow): CellRow {
  return { ...row, numbers: row.numbers.filter((_, column) => column % 3 !== 1) }
}

const NAMES: Readonly<Record<GroupingName, readonly [string, string]>> = {
  function: ['function', 'functions'],
  line: ['function', 'lines'],
  module: ['module', 'modules'],
  package: ['package', 'packages'],
  thread: ['thread', 'threads'],
}

function toneOf(share: number): Tone {
  return share >= HOT_SHARE ? 'hot' : share >= WARM_SHARE ? 'warm' : 'plain'
}

function usageCells(usage: Usage, all: Usage): string[] {
  return [`${usage.ticks}`, (usage.nanos / 1e6).toFixed(1), shareText(usage, all)]
}

function shareText(usage: Usage, all: Usage): string {
  return percent(all.nanos === 0 ? 0 : usage.nanos / all.nanos)
}
