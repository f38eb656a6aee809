// count.ts — `nativeprof count`: how often each function was called, beside the time that it used. It runs the program twice:
// sampled, and counted. Neighbours: count-run.ts (what happens inside the program), call-counts.ts (the rows).

import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { callRows } from '../call-counts.js'
import { NativeprofError } from '../errors.js'
import { numberOf } from '../env.js'
import { toCountTable } from '../formats/count-table.js'
import { checkOptions } from '../options.js'
import { markResolved } from '../sources/resolve.js'
import { titleText } from '../labels.js'
import { HELP_OPTION, invalid, parse, rowsOf, splitProgram } from './arguments.js'
import { COUNT_VARIABLE } from './count-run.js'
import type { CountTask, RunResult } from './count-run.js'
import { commandOf, endAs, runProgram } from './run-program.js'
import type { Command, Ending } from './run-program.js'
import { terminalStyle } from './terminal.js'
import type { Verb } from './verb.js'

const OPTIONS = {
  hz: { type: 'string' },
  sort: { type: 'string' },
  top: { type: 'string' },
  ...HELP_OPTION,
} as const

const SORTS = ['self', 'total', 'calls'] as const

const HELP = `nativeprof count [options] [--] [node flags] script.js args…

How often was each function called, and what did a call cost? Runs the script
twice: once sampled, for the times, as run does; once with V8's call counters
(precise coverage by block), for the calls. The counters cost much, mostly in
small functions; how much is printed. So no time is taken from that run.

The second run has no standard input, and what it prints is dropped. Counted is
the main thread of the program, not its workers and children; a program that
does another thing the second time has other counts. Both times must agree for
the columns per call to mean anything.

  --hz N          samples per second of CPU time, in the first run (default 100)
  --sort KEY      self, total, calls                              (default self)
  --top N         rows of the table                                 (default 20)
  -h, --help

The table goes to standard error. "async" and "generator" mark functions that go
on where they left off: a resumption is no call. Where V8 could not tell them
apart, + stands behind the number.

  nativeprof count --sort calls app.js
`

export const count: Verb = {
  name: 'count',
  isCommon: false,
  usage: 'count app.js',
  summary: ['how often each function was called, beside', 'its time; runs the script twice'],
  help: HELP,
  run: runVerb,
}

async function runVerb(args: readonly string[]): Promise<void> {
  const { own, program } = splitProgram(args, OPTIONS)
  const { values: options } = parse('count', own, OPTIONS)
  if (options.help === true) {
    process.stdout.write(HELP)
    return
  }
  const { hz } = checkOptions({ hz: numberOf('--hz', options.hz) })
  const sort = SORTS.find((each) => each === (options.sort ?? 'self'))
  if (sort === undefined) throw invalid(`--sort must be ${SORTS.join(', ')}, not "${options.sort ?? ''}"`)
  const top = rowsOf(options.top)
  const command = commandOf(program)
  const scratch = fs.mkdtempSync(join(tmpdir(), 'nativeprof-'))
  try {
    const sampled = await runOnce(command, { hz, mode: 'sample', file: join(scratch, 'sampled') })
    if (sampled.ending.signal !== null) {
      process.stderr.write(`nativeprof: the program ended by ${sampled.ending.signal}; nothing was counted\n`)
      endAs(sampled.ending)
      return
    }
    process.stderr.write('nativeprof: now once more, counting\n')
    const counted = await runOnce(command, { hz, mode: 'count', file: join(scratch, 'counted') })
    const { profile } = sampled.result
    if (profile === undefined) throw failed(sampled.result)
    if (counted.result.scripts === undefined) throw failed(counted.result)
    const text = toCountTable(
      callRows(counted.result.scripts, markResolved(profile)),
      {
        title: titleText(profile, 'js'),
        sampledCpuNanos: sampled.result.cpuMicros * 1000,
        countedCpuNanos: counted.result.cpuMicros * 1000,
        ticks: profile.counters.ticks,
        notes: [...profile.notes, ...notesOf(sampled.ending, counted.ending)],
      },
      { sort, ...(top !== undefined && { top }), cwd: process.cwd(), ...terminalStyle(process.stderr) },
    )
    process.stderr.write(`\n${text}`)
    endAs(sampled.ending)
  } finally {
    fs.rmSync(scratch, { recursive: true, force: true })
  }
}

async function runOnce(
  command: Command,
  task: Omit<CountTask, 'pid'>,
): Promise<{ ending: Ending; result: RunResult }> {
  const ending = await runProgram(command, {
    environment: { [COUNT_VARIABLE]: JSON.stringify({ ...task, pid: process.pid } satisfies CountTask) },
    preload: 'count-preload.cjs',
    stdio: task.mode === 'sample' ? 'inherit' : 'ignore',
  })
  const result: RunResult = fs.existsSync(task.file)
    ? (JSON.parse(fs.readFileSync(task.file, 'utf8')) as RunResult)
    : { cpuMicros: 0 }
  return { ending, result }
}

function notesOf(sampled: Ending, counted: Ending): string[] {
  if (sampled.code === counted.code && counted.signal === null) return []
  const how = counted.signal === null ? `exit code ${counted.code ?? '?'}` : counted.signal
  return [`the run that was counted ended otherwise (${how}, not exit code ${sampled.code ?? '?'})`]
}

function failed({ error }: RunResult): NativeprofError {
  return new NativeprofError(
    'ERR_NATIVEPROF_SYSTEM',
    error === undefined
      ? 'the program left nothing to report: it was killed, or is not a node that nativeprof supports'
      : `the program could not be measured: ${error}`,
  )
}
