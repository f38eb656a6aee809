// convert.ts — `nativeprof convert`: a saved profile in another format.

import { FORMATS, contentOf, formatNamed, formatOfFile } from '../formats/index.js'
import type { Format } from '../formats/index.js'
import { filterProfile } from '../filter.js'
import { DEFAULT_THREADS, threadsNamed } from '../threads.js'
import { viewNamed } from '../view.js'
import { HELP_OPTION, invalid, parse, patternOf } from './arguments.js'
import { readInput } from './input.js'
import { checkOutput, writeOutput } from './output.js'
import { showStage } from './stage.js'
import type { Verb } from './verb.js'

const OPTIONS = {
  format: { type: 'string', short: 'f' },
  view: { type: 'string' },
  threads: { type: 'string' },
  lines: { type: 'boolean' },
  focus: { type: 'string' },
  ignore: { type: 'string' },
  'package-paths': { type: 'boolean' },
  ...HELP_OPTION,
} as const

const HELP = `nativeprof convert [options] IN OUT

Writes a saved profile in another format, by the ending of OUT, or -f. IN is
pprof, collapsed stacks, .cpuprofile, speedscope, or an HTML file of nativeprof.
- is standard input or output.

  ${endingsText()}

  -f, --format F  the format of OUT                    (default: by its ending)
  --view V        js, mixed, native: of the frames in the file       (all of it)
  --threads T     auto, split, merged: threads apart, or as one   (default auto)
  --lines         a frame is a line of a function, the one executed
  --focus RE, --ignore RE   only stacks with, no stacks with a matching frame
  --package-paths files of npm packages as package/path
  -h, --help

  nativeprof convert app.cpuprofile app.pb.gz
  nativeprof convert -f collapsed app.pb.gz - | flamegraph.pl > app.svg
`

function endingsText(): string {
  return FORMATS.flatMap(({ endings: [ending] }) => ending ?? []).join('  ')
}

export const convert: Verb = {
  name: 'convert',
  isCommon: false,
  usage: 'convert IN OUT',
  summary: ['a saved profile in another format'],
  help: HELP,
  run: runVerb,
}

async function runVerb(args: readonly string[]): Promise<void> {
  const { values: options, positionals } = parse('convert', args, OPTIONS)
  if (options.help === true) {
    process.stdout.write(HELP)
    return
  }
  const [file, out, ...rest] = positionals
  if (file === undefined || out === undefined || rest.length > 0)
    throw invalid('convert takes two files, IN and OUT; see nativeprof convert --help')
  const format = outputFormatOf(out, options.format)
  const threads = threadsNamed('--threads', options.threads ?? DEFAULT_THREADS)
  const shown = {
    ...(options.view !== undefined && { view: viewNamed(options.view) }),
    packagePaths: options['package-paths'] === true,
  }
  const focus = patternOf('--focus', options.focus)
  const ignore = patternOf('--ignore', options.ignore)
  checkOutput(out, [file])
  const profile = filterProfile(readInput(file), { ...shown, focus, ignore })
  showStage(`writing ${format.name}`)
  const granularity = options.lines === true ? ('line' as const) : undefined
  const choices = { ...shown, threads, granularity }
  await writeOutput(out, contentOf(format, profile, choices))
}

/** Throws ERR_NATIVEPROF_UNKNOWN_FORMAT; and ERR_NATIVEPROF_INVALID_ARGUMENT for standard output without a format. */
export function outputFormatOf(out: string, formatName: string | undefined): Format {
  if (formatName !== undefined) return formatNamed(formatName)
  if (out === '-') throw invalid('standard output has no ending to go by; name the format with -f')
  return formatOfFile(out)
}
