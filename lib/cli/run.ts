// run.ts — `nativeprof run`: starts the program under the preload, stays out of its way, and ends as it ends.

import { spawn } from 'node:child_process'
import type { ChildProcess, StdioOptions } from 'node:child_process'
import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { loadBinding } from '../binding.js'
import { numberOf, timerOf, writeEnv } from '../env.js'
import { NativeprofError } from '../errors.js'
import { DEFAULT_FORMAT, formatNamed, formatOfFile } from '../formats/index.js'
import type { Format } from '../formats/index.js'
import { labelNamesOf } from '../label-frames.js'
import { checkOptions } from '../options.js'
import type { TimerName } from '../profile.js'
import { DEFAULT_THREADS, threadsNamed } from '../threads.js'
import { DEFAULT_TIMER, whyNoTimer } from '../timers.js'
import { viewNamed } from '../view.js'
import { RUN_HELP } from './help.js'

const OPTIONS = {
  hz: { type: 'string' },
  timer: { type: 'string' },
  format: { type: 'string', short: 'f' },
  out: { type: 'string', short: 'o' },
  view: { type: 'string' },
  threads: { type: 'string' },
  top: { type: 'string' },
  sort: { type: 'string' },
  lines: { type: 'boolean' },
  'no-source-maps': { type: 'boolean' },
  'package-paths': { type: 'boolean' },
  labels: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const

const TABLE_ROWS = 10

interface ParsedOptions {
  hz?: string
  timer?: string
  format?: string
  out?: string
  view?: string
  threads?: string
  top?: string
  sort?: string
  lines?: boolean
  'no-source-maps'?: boolean
  'package-paths'?: boolean
  labels?: string
  help?: boolean
}

/** Where the profile goes, as the user typed it. */
interface Destination {
  readonly format: Format
  /** Absolute, or undefined for the default name. */
  readonly out: string | undefined
  readonly toStdout: boolean
}

/** Throws coded errors for bad usage; else sets the exit code, or dies of the signal, of the program. */
export async function run(args: readonly string[]): Promise<void> {
  const { own, program } = split(args)
  const options = parse(own)
  if (options.help === true) {
    process.stdout.write(RUN_HELP)
    return
  }
  const hz = numberOf('--hz', options.hz)
  const timer = timerOf('--timer', options.timer)
  requireTimer(
    checkOptions({ hz, timer: timer ?? timerOf('NATIVEPROF_TIMER', process.env['NATIVEPROF_TIMER']) }).timer,
  )
  const view = options.view === undefined ? undefined : viewNamed(options.view)
  const threads = threadsNamed('--threads', options.threads ?? DEFAULT_THREADS)
  const destination = destinationOf(options.out, options.format)
  const command = commandOf(program)
  const scratch = destination.toStdout ? fs.mkdtempSync(join(tmpdir(), 'nativeprof-')) : null
  try {
    const out =
      scratch === null ? destination.out : join(scratch, `profile${destination.format.endings[0] ?? '.txt'}`)
    const environment = writeEnv({
      hz: hz === undefined ? undefined : String(hz),
      timer,
      out,
      format: destination.format.name,
      view,
      granularity: options.lines === true ? 'line' : undefined,
      sourceMaps: options['no-source-maps'] !== true,
      packagePaths: options['package-paths'] === true,
      labels: options.labels === undefined ? undefined : labelNamesOf(options.labels).join(),
      runner: {
        pid: process.pid,
        tableRows:
          rowsOf(options.top) ?? (options.sort !== undefined || isDefault(destination) ? TABLE_ROWS : 0),
        tableSort: sortOf(options.sort),
        threads,
        replace: out !== undefined,
        nameFile: !destination.toStdout,
      },
    })
    const { code, signal } = await runProgram(command, environment, destination.toStdout)
    if (scratch !== null && out !== undefined) await copyToStdout(out)
    endAs(code, signal)
  } finally {
    if (scratch !== null) fs.rmSync(scratch, { recursive: true, force: true })
  }
}

/** Finds out before the program starts. Throws ERR_NATIVEPROF_TIMER_UNAVAILABLE. */
function requireTimer(timer: TimerName): void {
  if (timer === DEFAULT_TIMER) return
  const reason = loadBinding().probeTimer(timer)
  if (reason !== '') throw new NativeprofError('ERR_NATIVEPROF_TIMER_UNAVAILABLE', whyNoTimer(timer, reason))
}

/** Our options end at the first word that is none of them, or behind `--`. */
function split(args: readonly string[]): { own: string[]; program: string[] } {
  let at = 0
  while (at < args.length) {
    const arg = args[at] as string
    if (arg === '--') return { own: args.slice(0, at), program: args.slice(at + 1) }
    const [name = ''] = arg.split('=')
    const option = Object.entries(OPTIONS).find(
      ([long, { short }]: [string, { type: string; short?: string }]) =>
        name === `--${long}` || (short !== undefined && arg.startsWith(`-${short}`) && !arg.startsWith('--')),
    )
    if (option === undefined) break
    const hasValue =
      option[1].type === 'string' && !arg.includes('=') && (arg.startsWith('--') || arg.length === 2)
    at += hasValue ? 2 : 1
  }
  return { own: args.slice(0, at), program: args.slice(at) }
}

function parse(own: string[]): ParsedOptions {
  try {
    return parseArgs({ args: own, options: OPTIONS, strict: true }).values
  } catch (cause) {
    throw invalid(`${(cause as Error).message.replace(/\.$/, '')}; see nativeprof run --help`, cause)
  }
}

function rowsOf(top: string | undefined): number | undefined {
  const rows = numberOf('--top', top)
  if (rows === undefined || (Number.isInteger(rows) && rows >= 0)) return rows
  throw invalid(`--top must be a whole number of rows, not ${rows}`)
}

// Nobody said where the profile goes.
function isDefault({ out, toStdout }: Destination): boolean {
  return out === undefined && !toStdout
}

function sortOf(sort: string | undefined): 'self' | 'total' {
  if (sort === undefined || sort === 'self' || sort === 'total') return sort ?? 'self'
  throw invalid(`--sort must be self or total, not "${sort}"`)
}

function destinationOf(out: string | undefined, formatName: string | undefined): Destination {
  if (out === '') throw invalid('-o needs the name of a file, or - for standard output')
  const named = formatName === undefined ? undefined : formatNamed(formatName)
  if (out === undefined || out === '-') {
    return { format: named ?? DEFAULT_FORMAT, out: undefined, toStdout: out === '-' }
  }
  const path = resolve(out)
  const isFolder = out.endsWith('/') || fs.statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
  const format = named ?? (isFolder ? DEFAULT_FORMAT : formatOfFile(out))
  const folder = isFolder ? path : resolve(path, '..')
  if (fs.statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw new NativeprofError(
      'ERR_NATIVEPROF_OUTPUT',
      `there is no folder ${folder}; create it, or name another with -o`,
    )
  }
  return { format, out: isFolder ? `${path}/` : path, toStdout: false }
}

/** A script for node, or a command of the user's. */
function commandOf(program: string[]): { file: string; args: string[] } {
  const [first, ...rest] = program
  if (first === undefined) throw invalid('name a script to run: nativeprof run app.js')
  if (first.startsWith('-') || isScript(first)) return { file: process.execPath, args: program }
  if (isCommand(first)) return { file: first, args: rest }
  throw new NativeprofError('ERR_NATIVEPROF_NO_SCRIPT', `there is no script and no command "${first}"`)
}

// As node itself completes the name of a main script.
function isScript(name: string): boolean {
  return ['', '.js', '.json', '.mjs', '.cjs', '/package.json', '/index.js'].some((ending) =>
    ending === '' ? fs.statSync(name, { throwIfNoEntry: false })?.isFile() : fs.existsSync(name + ending),
  )
}

function isCommand(name: string): boolean {
  if (name.includes('/')) return false
  return (process.env['PATH'] ?? '').split(delimiter).some((folder) => fs.existsSync(join(folder, name)))
}

async function runProgram(
  { file, args }: { file: string; args: string[] },
  environment: Record<string, string>,
  toStdout: boolean,
): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
  const preload = fileURLToPath(new URL('../auto.cjs', import.meta.url))
  const stdio: StdioOptions = toStdout ? ['inherit', 2, 'inherit'] : 'inherit'
  const child = spawn(file, args, {
    stdio,
    env: { ...process.env, ...environment, NODE_OPTIONS: withPreload(process.env['NODE_OPTIONS'], preload) },
  })
  const stopForwarding = forwardSignals(child)
  try {
    return await new Promise((done, fail) => {
      child.once('error', (cause) => {
        fail(
          new NativeprofError('ERR_NATIVEPROF_NO_SCRIPT', `cannot run ${file}: ${cause.message}`, { cause }),
        )
      })
      child.once('close', (code, signal) => {
        done({ code, signal })
      })
    })
  } finally {
    stopForwarding()
  }
}

/** The preload by its absolute path, for children may run elsewhere. NODE_OPTIONS is split at spaces, but for quotes. */
function withPreload(nodeOptions: string | undefined, preload: string): string {
  const quoted = `"${preload.replace(/["\\]/g, '\\$&')}"`
  return `${nodeOptions ?? ''} --require=${quoted}`.trim()
}

// A terminal sends SIGINT to the program as well as to us: we only wait. Others reach us alone.
function forwardSignals(child: ChildProcess): () => void {
  const forward = (signal: NodeJS.Signals): void => {
    child.kill(signal)
  }
  const wait = (): void => undefined
  process.on('SIGTERM', forward).on('SIGHUP', forward).on('SIGINT', wait)
  return () => {
    process.off('SIGTERM', forward).off('SIGHUP', forward).off('SIGINT', wait)
  }
}

async function copyToStdout(path: string): Promise<void> {
  // The program did not get as far as to write one; it has said why, or died.
  if (!fs.existsSync(path)) return
  const content = fs.readFileSync(path)
  await new Promise<void>((done) => {
    process.stdout.once('error', () => {
      done() // whoever reads has gone, as `head` does
    })
    process.stdout.write(content, () => {
      done()
    })
  })
}

function endAs(code: number | null, signal: NodeJS.Signals | null): void {
  if (signal === null) process.exitCode = code ?? 1
  else process.kill(process.pid, signal)
}

function invalid(message: string, cause?: unknown): NativeprofError {
  return new NativeprofError('ERR_NATIVEPROF_INVALID_ARGUMENT', message, { cause })
}
