// table.ts — `nativeprof table`: the hot functions of a saved profile.

import { numberOf } from '../env.js'
import { filterProfile } from '../filter.js'
import { toTable } from '../formats/table.js'
import { DEFAULT_THREADS, threadsNamed } from '../threads.js'
import { groupingNamed } from '../usage.js'
import { viewNamed } from '../view.js'
import { HELP_OPTION, fileOf, invalid, parse, patternOf, rowsOf, sortOf } from './arguments.js'
import { readInput } from './input.js'
import { clearStage, showStage } from './stage.js'
import { writeToStdout } from './stdout.js'
import { terminalStyle } from './terminal.js'
import type { Verb } from './verb.js'

const OPTIONS = {
  sort: { type: 'string' },
  by: { type: 'string' },
  focus: { type: 'string' },
  ignore: { type: 'string' },
  top: { type: 'string' },
  threads: { type: 'string' },
  view: { type: 'string' },
  columns: { type: 'string' },
  'package-paths': { type: 'boolean' },
  ...HELP_OPTION,
} as const

const HELP = `nativeprof table [options] FILE

The hottest functions of a saved profile: pprof, collapsed stacks, .cpuprofile,
speedscope, or an HTML file of nativeprof. - is standard input.

  --sort KEY      self, total: time without or with callees       (default self)
  --by WHAT       function, line, module, package, thread     (default function)
  --focus RE      only stacks with a frame that matches a regular expression;
                  matched against "name file:line:column"
  --ignore RE     no stacks with a frame that matches
  --top N         rows                                              (default 20)
  --threads T     split: a table for each thread
  --view V        js, mixed, native: of the frames in the file       (all of it)
  --columns N     how wide                   (default: the terminal's, else 110)
  --package-paths files of npm packages as package/path
  -h, --help

  nativeprof table --sort total --focus 'render|paint' app.pb.gz
  nativeprof table --by package app.cpuprofile
`

export const table: Verb = {
  name: 'table',
  isCommon: false,
  usage: 'table app.pb.gz',
  summary: ['the hottest functions of a saved profile'],
  help: HELP,
  run: runVerb,
}

async function runVerb(args: readonly string[]): Promise<void> {
  const { values: options, positionals } = parse('table', args, OPTIONS)
  if (options.help === true) {
    process.stdout.write(HELP)
    return
  }
  const file = fileOf('table', positionals)
  const by = groupingNamed('--by', options.by ?? 'function')
  const sort = sortOf(options.sort)
  const top = rowsOf(options.top) ?? 20
  const threads = threadsNamed('--threads', options.threads ?? DEFAULT_THREADS)
  const focus = patternOf('--focus', options.focus)
  const ignore = patternOf('--ignore', options.ignore)
  const columns = numberOf('--columns', options.columns)
  if (columns !== undefined && !(Number.isInteger(columns) && columns > 0))
    throw invalid(`--columns must be a whole number of columns, not ${columns}`)
  const shown = {
    ...(options.view !== undefined && { view: viewNamed(options.view) }),
    packagePaths: options['package-paths'] === true,
  }
  const profile = filterProfile(readInput(file), { ...shown, focus, ignore })
  showStage('adding up')
  const text = toTable(profile, {
    ...shown,
    by,
    sort,
    top,
    threads,
    cwd: process.cwd(),
    ...terminalStyle(process.stdout),
    ...(columns !== undefined && { columns }),
  })
  clearStage()
  await writeToStdout(text)
}
