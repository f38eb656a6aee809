// attach.ts — `nativeprof attach`: a profile of a process that runs already, or where it is now, by way of node's inspector.

import { spawn } from 'node:child_process'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { askForStacks } from '../attach/ask-stacks.js'
import { Inspector, InspectorNotOpened, openInspector } from '../attach/inspector.js'
import { profileRemotely, stackRemotely } from '../attach/remote.js'
import { stacksText } from '../attach/stacks-text.js'
import { checkTarget, unreachable } from '../attach/target.js'
import { numberOf, secondsOf } from '../env.js'
import { formatNamed, formatOfFile } from '../formats/index.js'
import { toTable } from '../formats/table.js'
import { printable } from '../labels.js'
import { checkOptions } from '../options.js'
import { DEFAULT_VIEW, viewNamed } from '../view.js'
import { HELP_OPTION, invalid, parse, rowsOf, sortOf } from './arguments.js'
import { checkOutput, writeOutput } from './output.js'
import { writeToStdout } from './stdout.js'
import { terminalStyle } from './terminal.js'
import type { Verb } from './verb.js'

const OPTIONS = {
  duration: { type: 'string' },
  stack: { type: 'boolean' },
  hz: { type: 'string' },
  format: { type: 'string', short: 'f' },
  out: { type: 'string', short: 'o' },
  view: { type: 'string' },
  top: { type: 'string' },
  sort: { type: 'string' },
  wait: { type: 'string' },
  ...HELP_OPTION,
} as const

const HELP = `nativeprof attach [options] PID

Profiles a process that runs already, through node's inspector (SIGUSR1), which
is closed again afterwards. While it is open, other programs on this machine can
reach it, and node says so on the standard error of the process. Linux.

--stack shows where it is now. Under nativeprof/auto, every thread, whatever it
is doing. Else through the inspector: the JavaScript of the main thread.

  --duration S    how long, in seconds; Ctrl-C ends it earlier    (default 10)
  --stack         no profile: where it is now
  --wait S        how long the process may take to answer          (default 5)
  --hz N          samples per second of CPU time                 (default 100)
  -o, --out PATH  a file for the profile; - is standard output
                                               (default: a table, and no file)
  -f, --format F  its format                     (default: by the file's ending)
  --view V        js, mixed, native: whose frames are shown        (default js)
  --top N         rows of the table                                (default 20)
  --sort KEY      self, total                                    (default self)
  -h, --help

  nativeprof attach --duration 30 -o server.html 4711
  nativeprof attach --stack 4711
`

export const attach: Verb = {
  name: 'attach',
  isCommon: true,
  usage: 'attach PID',
  summary: ['profile a process that runs already'],
  help: HELP,
  run: runVerb,
}

async function runVerb(args: readonly string[]): Promise<void> {
  const { values: options, positionals } = parse('attach', args, OPTIONS)
  if (options.help === true) {
    process.stdout.write(HELP)
    return
  }
  const pid = pidOf(positionals)
  const waitMillis = (secondsOf('--wait', options.wait) ?? 5) * 1000
  const seconds = secondsOf('--duration', options.duration) ?? 10
  const hz = numberOf('--hz', options.hz)
  checkOptions({ hz })
  const view = options.view === undefined ? undefined : viewNamed(options.view)
  const top = rowsOf(options.top) ?? 20
  const sort = sortOf(options.sort)
  const { out } = options
  if (out !== undefined) checkOutput(out, [])
  if (options.format !== undefined && out === undefined) throw invalid('--format needs a file: -o PATH')
  if (out === '-' && options.format === undefined) throw invalid('-o - needs a format: -f F')
  const format =
    out === undefined
      ? undefined
      : options.format === undefined
        ? formatOfFile(out)
        : formatNamed(options.format)

  checkTarget(pid)
  const threads = options.stack === true ? await askForStacks(pid, waitMillis) : null
  if (threads !== null) {
    await writeToStdout(stacksText(pid, threads, view ?? DEFAULT_VIEW))
    return
  }
  const inspector = await connect(pid, waitMillis)
  if (options.stack === true) {
    await writeToStdout(await closing(inspector, () => stackText(inspector, { pid, waitMillis })))
    return
  }
  const profile = await closing(inspector, () =>
    profileRemotely(inspector, { hz, untilDone: () => sleepUntilInterrupted(seconds) }),
  )
  const shown = view === undefined ? {} : { view }
  if (out !== undefined && format !== undefined) await writeOutput(out, format.write(profile, shown))
  else
    await writeToStdout(
      `${toTable(profile, { ...shown, top, sort, cwd: process.cwd(), ...terminalStyle(process.stdout) })}\n`,
    )
}

async function connect(pid: number, waitMillis: number): Promise<Inspector> {
  try {
    return await Inspector.connect(await openInspector(pid, waitMillis))
  } catch (error) {
    if (!(error instanceof InspectorNotOpened)) throw error
    const script = fileURLToPath(new URL('../attach/close-later.js', import.meta.url))
    const ports = [...error.portsBefore].map(String)
    spawn(process.execPath, [script, String(pid), ...ports], { detached: true, stdio: 'ignore' }).unref()
    throw unreachable(`${error.message}. If it opens later, it is closed at once`)
  }
}

async function closing<Result>(inspector: Inspector, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } finally {
    await inspector.close()
  }
}

async function stackText(
  inspector: Inspector,
  { pid, waitMillis }: { pid: number; waitMillis: number },
): Promise<string> {
  const frames = await stackRemotely(inspector, waitMillis)
  if (frames.length === 0) return `process ${pid} runs no JavaScript now: it waits\n`
  const lines = frames.map(
    ({ name, url, line, column }) => `    ${printable(name)} (${printable(url)}:${line}:${column})\n`,
  )
  return `process ${pid}, main thread, innermost first:\n${lines.join('')}`
}

async function sleepUntilInterrupted(seconds: number): Promise<void> {
  const interrupted = new AbortController()
  const abort = (): void => {
    interrupted.abort()
  }
  process.once('SIGINT', abort)
  process.once('SIGTERM', abort)
  try {
    await delay(seconds * 1000, undefined, { signal: interrupted.signal })
  } catch (error) {
    if (!interrupted.signal.aborted) throw error
  } finally {
    process.off('SIGINT', abort)
    process.off('SIGTERM', abort)
  }
}

function pidOf(positionals: readonly string[]): number {
  const [text, ...rest] = positionals
  if (text !== undefined && rest.length === 0 && /^[1-9]\d{0,9}$/.test(text)) return Number(text)
  throw invalid('attach takes the number of one process; see nativeprof attach --help')
}
