// run.ts — `nativeprof run`: starts the program under the preload, stays out of its way, and ends as it ends.

import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadBinding } from '../binding.js'
import { numberOf, secondsOf, timerOf, writeEnv } from '../env.js'
import type { Output } from '../env.js'
import { NativeprofError } from '../errors.js'
import { FORMATS } from '../formats/index.js'
import { labelNamesOf } from '../label-sets.js'
import { checkOptions } from '../options.js'
import type { TimerName } from '../profile.js'
import { DEFAULT_THREADS, threadsNamed } from '../threads.js'
import { DEFAULT_TIMER, whyNoTimer } from '../timers.js'
import { viewNamed } from '../view.js'
import { HELP_OPTION, parse, rowsOf, sortOf, splitProgram } from './arguments.js'
import { destinationsOf } from './destination.js'
import type { Destination } from './destination.js'
import { RunProgress } from './run-progress.js'
import { commandOf, endAs, runProgram } from './run-program.js'
import { writeToStdout } from './stdout.js'
import type { Verb } from './verb.js'

const OPTIONS = {
  hz: { type: 'string' },
  timer: { type: 'string' },
  delay: { type: 'string' },
  duration: { type: 'string' },
  format: { type: 'string', short: 'f' },
  out: { type: 'string', short: 'o', multiple: true },
  view: { type: 'string' },
  threads: { type: 'string' },
  top: { type: 'string' },
  sort: { type: 'string' },
  lines: { type: 'boolean' },
  'no-source-maps': { type: 'boolean' },
  'package-paths': { type: 'boolean' },
  labels: { type: 'string' },
  ...HELP_OPTION,
} as const

const TABLE_ROWS = 10

const HELP = `nativeprof run [options] [--] [node flags] script.js args…
nativeprof run [options] -- command args…

Runs a script with this node, or a command with node in it, and profiles it.
It ends as the program ends.

  --hz N          samples per second of CPU time, 1 to 1000; perf: to 10000
                                                                  (default 100)
  --timer T       process, thread, perf, wall: what ticks     (default process)
  --delay S, --duration S   profile from S seconds on, and for S seconds
  -o, --out PATH  where to; several, each by its ending; - is standard output,
                  and what the program prints then goes to standard error
                  (default nativeprof-<script>-<pid>.html, and a table)
  -f, --format F  by name      (default: by the ending of the file, else html):
                  ${FORMATS.map(({ name }) => name).join(' ')}
  --view V        js, mixed, native: whose frames are shown        (default js)
  --threads T     auto, split, merged: threads apart, or as one   (default auto)
  --top N, --sort KEY   rows of the table, by self or total   (default 10, self)
  --lines, --no-source-maps, --package-paths       by line; as run; by package
  --labels NAMES  labels as root frames, such as route,tenant

  nativeprof run -o app.html -o app.pb.gz -- --max-old-space-size=4096 app.js
  nativeprof run -f collapsed -o - app.js | flamegraph.pl > app.svg
`

export const run: Verb = {
  name: 'run',
  isCommon: true,
  usage: 'run app.js',
  summary: ['profile a script; writes a flame graph (HTML) and', 'prints the hottest functions'],
  help: HELP,
  run: runVerb,
}

/** Throws coded errors for bad usage; else sets the exit code, or dies of the signal, of the program. */
async function runVerb(args: readonly string[]): Promise<void> {
  const { own, program } = splitProgram(args, OPTIONS)
  const { values: options } = parse('run', own, OPTIONS)
  if (options.help === true) {
    process.stdout.write(HELP)
    return
  }
  const hz = numberOf('--hz', options.hz)
  const timer = timerOf('--timer', options.timer)
  const delaySeconds = secondsOf('--delay', options.delay, 0)
  const durationSeconds = secondsOf('--duration', options.duration)
  requireTimer(
    checkOptions({ hz, timer: timer ?? timerOf('NATIVEPROF_TIMER', process.env['NATIVEPROF_TIMER']) }).timer,
  )
  const view = options.view === undefined ? undefined : viewNamed(options.view)
  const threads = threadsNamed('--threads', options.threads ?? DEFAULT_THREADS)
  const destinations = destinationsOf(options.out, options.format)
  const command = commandOf(program)
  const tableSort = sortOf(options.sort)
  const isAskedForTable = options.sort !== undefined || isDefault(destinations)
  const tableRows = rowsOf(options.top) ?? (isAskedForTable ? TABLE_ROWS : 0)
  const progress = RunProgress.onTerminal()
  const toStdout = destinations.find((destination) => destination.toStdout)
  const scratch =
    toStdout === undefined && progress === null ? null : fs.mkdtempSync(join(tmpdir(), 'nativeprof-'))
  try {
    const stdoutFile = join(scratch ?? '', `profile${toStdout?.format.endings[0] ?? '.txt'}`)
    const ticksFile = progress === null ? '' : join(scratch ?? '', 'ticks')
    const [first, ...more] = destinations.map(({ format, out, toStdout }): Output => ({
      format: format.name,
      out: toStdout ? stdoutFile : out,
    }))
    const environment = writeEnv({
      hz: hz === undefined ? undefined : String(hz),
      timer,
      delay: delaySeconds === undefined ? undefined : String(delaySeconds),
      duration: durationSeconds === undefined ? undefined : String(durationSeconds),
      out: first?.out,
      format: first?.format,
      view,
      granularity: options.lines === true ? 'line' : undefined,
      sourceMaps: options['no-source-maps'] !== true,
      packagePaths: options['package-paths'] === true,
      labels: options.labels === undefined ? undefined : labelNamesOf(options.labels).join(),
      runner: {
        pid: process.pid,
        tableRows,
        tableSort,
        threads,
        replace: first?.out !== undefined,
        unnamedFile: toStdout === undefined ? '' : stdoutFile,
        moreOutputs: more,
        ticksFile,
      },
    })
    const ending = await runProgram(command, {
      environment,
      preload: '../auto.cjs',
      stdio: toStdout === undefined ? 'inherit' : ['inherit', 2, 'inherit'],
      onStart: (child) => progress?.follow(child.pid ?? 0, ticksFile),
    })
    progress?.stop()
    // If there is none, the program did not get as far as to write one; it has said why, or died.
    if (toStdout !== undefined && fs.existsSync(stdoutFile)) await writeToStdout(fs.readFileSync(stdoutFile))
    endAs(ending)
  } finally {
    progress?.stop()
    if (scratch !== null) fs.rmSync(scratch, { recursive: true, force: true })
  }
}

/** Finds out before the program starts. Throws ERR_NATIVEPROF_TIMER_UNAVAILABLE. */
function requireTimer(timer: TimerName): void {
  if (timer === DEFAULT_TIMER) return
  const reason = loadBinding().probeTimer(timer)
  if (reason !== '') throw new NativeprofError('ERR_NATIVEPROF_TIMER_UNAVAILABLE', whyNoTimer(timer, reason))
}

// Nobody said where the profile goes.
function isDefault([first]: readonly [Destination, ...Destination[]]): boolean {
  return first.out === undefined && !first.toStdout
}
