// markdown.ts — a summary to paste: into a pull request, an issue, or the prompt of a language model. What was measured and
// what was lost, the hottest functions, and for the first of them their lines and callers. Format: GitHub's Markdown; names
// stand in code spans, so that none of them is read as anything else. Pure, but for the source maps that resolve.ts reads.

import { internLabels, locationText, printable, titleText } from '../labels.js'
import type { Label, LabelTable } from '../labels.js'
import type { Profile } from '../profile.js'
import { resolveSources } from '../sources/resolve.js'
import type { SourceOptions } from '../sources/resolve.js'
import { DEFAULT_THREADS, threadsNamed } from '../threads.js'
import type { ThreadsName } from '../threads.js'
import { sumOfTotals, threadRows, usageRows } from '../usage.js'
import type { Usage, UsageRow } from '../usage.js'
import { viewFor } from '../view.js'
import type { GranularityName, ViewName } from '../view.js'
import { duration, percent, shortLocation, trimZeros } from './cells.js'
import { contextsOf } from './function-context.js'
import type { FunctionContext } from './function-context.js'

/** Choices for {@link toMarkdown}. */
export interface MarkdownOptions extends SourceOptions {
  /** Which frames are functions; `js` by default. */
  readonly view?: ViewName
  /** Whether a row of the table stands for a function, `function`, the default, or for a line of it. */
  readonly granularity?: GranularityName | undefined
  /** Whether there is a list of threads: `auto`, the default, if several have ticks; `split`, always; `merged`, never. */
  readonly threads?: ThreadsName
  /** How many functions to list; 10 by default. */
  readonly top?: number
  /** An absolute directory; paths below it are shown relative to it. */
  readonly cwd?: string
}

/** The functions that are told more of, and how much. */
const FUNCTIONS_TOLD = 5
const LEAST_SHARE_TOLD = 0.02
const MOST_LISTED = 4
const MOST_OF_PATH = 8

/** About 2 to 4 KB of text, as small as that on purpose. Ends in a line feed. */
export function toMarkdown(recorded: Profile, options: MarkdownOptions = {}): string {
  const profile = resolveSources(recorded, options)
  const view = viewFor(profile, options.view)
  const { top = 10, cwd = '' } = options
  const threads = threadsNamed('threads', options.threads ?? DEFAULT_THREADS)
  const table = internLabels(profile, view, options.granularity)
  const all = sumOfTotals(profile.totals)
  const rows = usageRows(profile, profile.totals, table)
    .map((row, id) => ({ row, id }))
    .filter(({ row }) => row.self.ticks > 0)
    .sort((a, b) => b.row.self.nanos - a.row.self.nanos || a.id - b.id)
  const blocks = [`## CPU profile of ${code(titleText(profile, view))}`, ...factBlocks(profile, all)]
  if (rows.length > 0) blocks.push(tableBlock(rows.slice(0, top), { rows, all, cwd }))
  const told = rows
    .slice(0, Math.min(top, FUNCTIONS_TOLD))
    .filter(({ row }) => shareOf(row.self, all) >= LEAST_SHARE_TOLD)
  const contexts = contextsOf(
    profile,
    table,
    told.map(({ id }) => id),
  )
  told.forEach(({ row }, index) => {
    const context = contexts[index]
    if (context) blocks.push(contextBlock(row, context, { table, all, cwd }))
  })
  const threadBlock = threadBlockOf(profile, all, threads)
  if (threadBlock !== '') blocks.push(threadBlock)
  if (profile.notes.length > 0)
    blocks.push(profile.notes.map((note) => `- Note: ${escaped(note)}`).join('\n'))
  return `${blocks.join('\n\n')}\n`
}

function factBlocks(profile: Profile, all: Usage): string[] {
  const { counters, cpuNanos, durationNanos, periodMicros, sampledNanos, coverage, process } = profile
  const facts: string[] = []
  if (!Number.isNaN(cpuNanos)) facts.push(`CPU time: ${duration(cpuNanos)}`)
  if (!Number.isNaN(durationNanos)) facts.push(`wall time: ${duration(durationNanos)}`)
  if (profile.timer === 'wall') facts.push('sampled by wall time, so waiting shows')
  if (periodMicros > 0 && sampledNanos > 0) {
    const came = trimZeros((counters.ticks / (sampledNanos / 1e9)).toFixed(1))
    facts.push(`rate: asked for ${trimZeros((1e6 / periodMicros).toFixed(1))} Hz, got ${came}`)
  }
  if (Number.isFinite(coverage)) facts.push(`coverage: ${percent(coverage)} %`)
  if (process.nodeVersion !== '')
    facts.push(
      `Node.js ${escaped(process.nodeVersion)}, ${escaped(process.platform)} ${escaped(process.arch)}`,
    )
  const lost =
    `Ticks: ${counters.ticks} = ${counters.samples} samples + ${counters.dropped} dropped + ` +
    `${counters.notWalkable} not walkable` +
    (counters.truncated > 0 ? `; ${counters.truncated} stacks truncated.` : '.')
  const blocks = facts.length > 0 ? [`${facts.join('; ')}.`] : []
  if (all.ticks === 0) return [...blocks, `${lost} No sample has a stack: there is nothing to list.`]
  // Of n ticks with a share p, the standard error of the share is √(p (1 − p) / n).
  const noise = 2 * Math.sqrt((0.1 * 0.9) / all.ticks)
  return [...blocks, `${lost} It is sampled: a share of 10 % is ± ${percent(noise)} (two standard errors).`]
}

interface Listing {
  readonly rows: readonly { readonly row: UsageRow }[]
  readonly all: Usage
  readonly cwd: string
}

function tableBlock(shown: Listing['rows'], { rows, all, cwd }: Listing): string {
  const lines = shown.map(
    ({ row: { label, self, total } }) =>
      `| ${percent(shareOf(self, all))} | ${percent(shareOf(total, all))} | ${self.ticks} | ${cell(label.name)} | ${cell(shortLocation(label, cwd))} |`,
  )
  const others = rows.slice(shown.length).map(({ row }) => row.self)
  if (others.length > 0) {
    const ticks = others.reduce((sum, self) => sum + self.ticks, 0)
    const share = others.reduce((sum, self) => sum + shareOf(self, all), 0)
    lines.push(`| ${percent(share)} | | ${ticks} | ${others.length} more | |`)
  }
  return ['| self % | total % | self ticks | function | where |', '|--:|--:|--:|:--|:--|', ...lines].join(
    '\n',
  )
}

interface Told {
  readonly table: LabelTable
  readonly all: Usage
  readonly cwd: string
}

function contextBlock(row: UsageRow, context: FunctionContext, { table, all, cwd }: Told): string {
  const nameOf = (labelId: number): string => code(table.labels[labelId]?.name ?? '')
  const shareOfSelf = (nanos: number): string =>
    `${percent(row.self.nanos === 0 ? 0 : nanos / row.self.nanos)} %`
  const place = shortLocation(row.label, cwd)
  const lines = [
    `**${code(row.label.name)}**${place === '' ? '' : ` at ${code(place)}`}: ${percent(shareOf(row.self, all))} % self`,
  ]
  if (context.lines.length > 0)
    lines.push(`- lines: ${listed(context.lines, ({ line, nanos }) => `${line} (${shareOfSelf(nanos)})`)}`)
  if (context.callers.length > 0)
    lines.push(
      `- called by: ${listed(context.callers, ({ labelId, nanos }) => `${labelId < 0 ? 'nothing' : `${nameOf(labelId)}${placeOf(table.labels[labelId], cwd)}`} (${shareOfSelf(nanos)})`)}`,
    )
  const path = context.hottestPath
  if (path.length > 2) {
    const cut = path.length > MOST_OF_PATH ? ['…'] : []
    lines.push(`- hottest stack: ${[...cut, ...path.slice(-MOST_OF_PATH).map(nameOf)].join(' → ')}`)
  }
  return lines.join('\n')
}

function placeOf(label: Label | undefined, cwd: string): string {
  const place = label && locationText(label) !== '' ? shortLocation(label, cwd) : ''
  return place === '' ? '' : ` ${code(place)}`
}

function listed<Item>(items: readonly Item[], textOf: (item: Item) => string): string {
  const texts = items.slice(0, MOST_LISTED).map(textOf)
  return items.length > MOST_LISTED
    ? `${texts.join(', ')}, ${items.length - MOST_LISTED} more`
    : texts.join(', ')
}

function threadBlockOf(profile: Profile, all: Usage, threads: ThreadsName): string {
  const rows = threads === 'merged' ? [] : threadRows(profile, profile.totals)
  if (rows.length < (threads === 'split' ? 1 : 2)) return ''
  const sorted = [...rows].sort((a, b) => b.self.nanos - a.self.nanos)
  return `Threads: ${listed(sorted, ({ label, self }) => `${code(label.name)} ${percent(shareOf(self, all))} %`)}.`
}

function shareOf(usage: Usage, all: Usage): number {
  return all.nanos === 0 ? 0 : usage.nanos / all.nanos
}

// A code span ends at as many backticks as it begins with; one more than any row of them in the text.
function code(text: string): string {
  const plain = printable(text)
  if (plain === '') return ''
  const longest = Math.max(0, ...Array.from(plain.matchAll(/`+/g), ([row]) => row.length))
  const fence = '`'.repeat(longest + 1)
  const space = plain.startsWith('`') || plain.endsWith('`') ? ' ' : ''
  return `${fence}${space}${plain}${space}${fence}`
}

// A vertical bar ends a cell, in a code span, too, and a backslash before it is taken away.
function cell(text: string): string {
  return code(text).replaceAll('|', '\\|')
}

/** Text that no reader of Markdown takes for markup, or for the name of a person to be told. */
function escaped(text: string): string {
  return printable(text)
    .replace(/[&<>@]/g, (character) => `&#${character.codePointAt(0)};`)
    .replace(/[\\`*_[\]#|~]/g, '\\$&')
}
