#!/usr/bin/env node
// main.ts — the command line: picks the verb. Everything a user did wrong ends in one line on stderr and exit code 2.

import { NativeprofError } from '../errors.js'
import { VERSION } from '../own-package.js'
import { build } from './build.js'
import { BUILD_HELP, HELP, RUN_HELP } from './help.js'
import { run } from './run.js'

const EXIT_USAGE = 2

async function main(args: readonly string[]): Promise<void> {
  const [verb, ...rest] = args
  if (verb === undefined || verb === '--help' || verb === '-h' || verb === 'help') {
    process.stdout.write(rest[0] === 'run' ? RUN_HELP : rest[0] === 'build' ? BUILD_HELP : HELP)
    if (verb === undefined) process.exitCode = EXIT_USAGE
    return
  }
  if (verb === '--version' || verb === '-v') {
    process.stdout.write(`${VERSION}\n`)
    return
  }
  if (verb === 'run') return run(rest)
  if (verb === 'build') {
    build(rest)
    return
  }
  throw new NativeprofError(
    'ERR_NATIVEPROF_INVALID_ARGUMENT',
    `there is no command "${verb}"; to profile a script: nativeprof run ${verb}`,
  )
}

main(process.argv.slice(2)).catch((error: unknown) => {
  if (!(error instanceof NativeprofError)) throw error
  process.stderr.write(`nativeprof: ${error.message} [${error.code}]\n`)
  process.exitCode = EXIT_USAGE
})
