// diff.ts — `nativeprof diff`: what grew and what shrank between two saved profiles, and whether it may be chance.

import { diffOfPaired, growthOf, pairProfiles } from '../diff/diff.js'
import { collapsedOfPaired } from '../formats/diff-collapsed.js'
import { htmlOfPaired } from '../formats/diff-html.js'
import { toDiffTable } from '../formats/diff-table.js'
import { filterProfile } from '../filter.js'
import { NativeprofError } from '../errors.js'
import { viewNamed } from '../view.js'
import { HELP_OPTION, invalid, parse, patternOf, rowsOf } from './arguments.js'
import { readInput } from './input.js'
import { checkOutput, writeOutput } from './output.js'
import { clearStage, showStage } from './stage.js'
import { writeToStdout } from './stdout.js'
import { terminalStyle } from './terminal.js'
import type { Verb } from './verb.js'

const OPTIONS = {
  format: { type: 'string', short: 'f' },
  out: { type: 'string', short: 'o' },
  normalize: { type: 'boolean' },
  check: { type: 'boolean' },
  top: { type: 'string' },
  view: { type: 'string' },
  lines: { type: 'boolean' },
  focus: { type: 'string' },
  ignore: { type: 'string' },
  'package-paths': { type: 'boolean' },
  ...HELP_OPTION,
} as const

type DiffFormat = 'table' | 'collapsed' | 'html'

const ENDINGS: readonly (readonly [string, DiffFormat])[] = [
  ['.html', 'html'],
  ['.collapsed', 'collapsed'],
  ['.folded', 'collapsed'],
  ['.txt', 'table'],
]

const EXIT_GREW = 1

const HELP = `nativeprof diff [options] BEFORE AFTER

What grew and what shrank between two saved profiles. A function is listed as
changed if its own time differs by 5 standard errors of sampling or more, and by
less than 5 % chance, all comparisons taken together. What differs from run to
run for other reasons is not in that: compare like with like, on one machine.

  --normalize     compare shares, not times: for servers under different load
  --check         exit code 1 if anything grew, for continuous integration
  -o, --out PATH  where to, by its ending: .html (flame graphs of what grew and
                  shrank), .collapsed (difffolded.pl's two columns), .txt
  -f, --format F  table, collapsed, html             (default: table, to stdout)
  --top N         rows of what may be chance                        (default 10)
  --view V        js, mixed, native: of the frames in the files      (all of it)
  --lines         compare lines, not functions
  --focus RE, --ignore RE   only stacks with, no stacks with a matching frame
  --package-paths files of npm packages as package/path
  -h, --help

  nativeprof diff before.pb.gz after.pb.gz
`

export const diff: Verb = {
  name: 'diff',
  isCommon: true,
  usage: 'diff A.pb.gz B.pb.gz',
  summary: ['what grew and shrank between two of them'],
  help: HELP,
  run: runVerb,
}

async function runVerb(args: readonly string[]): Promise<void> {
  const { values: options, positionals } = parse('diff', args, OPTIONS)
  if (options.help === true) {
    process.stdout.write(HELP)
    return
  }
  const [fileBefore, fileAfter, ...rest] = positionals
  if (fileBefore === undefined || fileAfter === undefined || rest.length > 0)
    throw invalid('diff takes two files, BEFORE and AFTER; see nativeprof diff --help')
  const { out = '-' } = options
  const format = formatOf(out, options.format)
  const top = rowsOf(options.top) ?? 10
  const shown = {
    ...(options.view !== undefined && { view: viewNamed(options.view) }),
    packagePaths: options['package-paths'] === true,
  }
  const focus = patternOf('--focus', options.focus)
  const ignore = patternOf('--ignore', options.ignore)
  checkOutput(out, [fileBefore, fileAfter])
  const [before, after] = [fileBefore, fileAfter].map((file) =>
    filterProfile(readInput(file), { ...shown, focus, ignore }),
  )
  if (before === undefined || after === undefined) return
  showStage('comparing')
  const granularity = options.lines === true ? 'line' : undefined
  const paired = pairProfiles(before, after, { ...shown, granularity, normalize: options.normalize === true })
  const names = [fileBefore, fileAfter] as const
  const found = diffOfPaired(paired)
  if (format === 'table') {
    const style = out === '-' ? terminalStyle(process.stdout) : {}
    const text = toDiffTable(found, { names, top, cwd: process.cwd(), ...style })
    clearStage()
    if (out === '-') await writeToStdout(text)
    else await writeOutput(out, text)
  } else {
    showStage(`writing ${format}`)
    await writeOutput(out, format === 'html' ? htmlOfPaired(paired, names) : collapsedOfPaired(paired))
  }
  if (options.check === true && found.rows.some((row) => row.isSignificant && growthOf(row.self) > 0))
    process.exitCode = EXIT_GREW
}

function formatOf(out: string, name: string | undefined): DiffFormat {
  if (name === undefined && out === '-') return 'table'
  const formats = ['table', 'collapsed', 'html'] as const
  const found =
    name === undefined
      ? ENDINGS.find(([ending]) => out.toLowerCase().endsWith(ending))?.[1]
      : formats.find((each) => each === name)
  if (found !== undefined) return found
  throw new NativeprofError(
    'ERR_NATIVEPROF_UNKNOWN_FORMAT',
    name === undefined
      ? `the ending of "${out}" stands for no format of a comparison; use one of ${ENDINGS.map(([ending]) => ending).join(', ')}`
      : `no format of a comparison is called "${name}"; there are ${formats.join(', ')}`,
  )
}
