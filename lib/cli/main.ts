#!/usr/bin/env node
// main.ts — the command line: picks the verb. Everything a user did wrong ends in one line on stderr and exit code 2.

import { NativeprofError } from '../errors.js'
import { printable } from '../labels.js'
import { VERSION } from '../own-package.js'
import { invalid } from './arguments.js'
import { helpOf } from './help.js'
import { VERBS } from './verbs.js'

const EXIT_USAGE = 2

async function main(args: readonly string[]): Promise<void> {
  const [word, ...rest] = args
  if (word === undefined || word === '--help' || word === '-h' || word === 'help') {
    const of = VERBS.find(({ name }) => name === rest[0])
    process.stdout.write(of === undefined ? helpOf(VERBS, rest.includes('--all')) : of.help)
    if (word === undefined) process.exitCode = EXIT_USAGE
    return
  }
  if (word === '--version' || word === '-v') {
    process.stdout.write(`${VERSION}\n`)
    return
  }
  const verb = VERBS.find(({ name }) => name === word)
  if (verb === undefined)
    throw invalid(
      `there is no command "${printable(word)}"; to profile a script: nativeprof run ${printable(word)}`,
    )
  await verb.run(rest)
}

main(process.argv.slice(2)).catch((error: unknown) => {
  if (!(error instanceof NativeprofError)) throw error
  process.stderr.write(`nativeprof: ${printable(error.message)} [${error.code}]\n`)
  process.exitCode = EXIT_USAGE
})
