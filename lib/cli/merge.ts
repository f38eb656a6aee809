// merge.ts — `nativeprof merge`: several saved profiles as one.

import * as fs from 'node:fs'
import { NativeprofError } from '../errors.js'
import { contentOf } from '../formats/index.js'
import { mergeProfiles } from '../merge.js'
import type { Profile } from '../profile.js'
import { HELP_OPTION, invalid, parse } from './arguments.js'
import { outputFormatOf } from './convert.js'
import { readInput } from './input.js'
import { checkOutput, writeOutput } from './output.js'
import { showStage } from './stage.js'
import type { Verb } from './verb.js'

const OPTIONS = {
  format: { type: 'string', short: 'f' },
  force: { type: 'boolean' },
  ...HELP_OPTION,
} as const

const HELP = `nativeprof merge [options] IN… OUT

Adds up saved profiles: of several runs, for less noise, or of the processes of
one program. Ticks, times and counters are the sums; equal stacks are one, and
so are threads of one kind and name. The inputs may be of different formats.

  -f, --format F  the format of OUT                    (default: by its ending)
  --force         replace OUT if it exists
  -h, --help

  nativeprof merge run1.pb.gz run2.pb.gz run3.pb.gz all.pb.gz
`

export const merge: Verb = {
  name: 'merge',
  isCommon: false,
  usage: 'merge IN… OUT',
  summary: ['several saved profiles as one'],
  help: HELP,
  run: runVerb,
}

async function runVerb(args: readonly string[]): Promise<void> {
  const { values: options, positionals } = parse('merge', args, OPTIONS)
  if (options.help === true) {
    process.stdout.write(HELP)
    return
  }
  const inputs = positionals.slice(0, -1)
  const out = positionals.at(-1)
  if (out === undefined || inputs.length === 0)
    throw invalid('merge takes files to read and, as the last, one to write; see nativeprof merge --help')
  const format = outputFormatOf(out, options.format)
  checkOutput(out, inputs)
  // Who forgets OUT has named the last of the inputs.
  if (options.force !== true && fs.existsSync(out) && out !== '-') {
    throw new NativeprofError(
      'ERR_NATIVEPROF_OUTPUT',
      `${out} exists; the last file is the one that is written: name another, or say --force`,
    )
  }
  const merged = mergeProfiles(readEach(inputs))
  showStage(`writing ${format.name}`)
  await writeOutput(out, contentOf(format, merged))
}

// One at a time, for they may be large.
function* readEach(inputs: readonly string[]): Generator<Profile> {
  for (const [index, input] of inputs.entries()) {
    const profile = readInput(input)
    showStage(`adding profile ${index + 1} of ${inputs.length}`)
    yield profile
  }
}
