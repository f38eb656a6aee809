// env.ts — the NATIVEPROF_* variables: their names, and what their text means. Pure; throws coded errors.

import { inspect } from 'node:util'
import { NativeprofError } from './errors.js'
import { labelNamesOf } from './label-sets.js'
import type { TimerName } from './profile.js'
import type { ThreadsName } from './threads.js'
import { timerNamed } from './timers.js'

/** What the environment asks the preload for. Absent means: the default. */
export interface EnvSettings {
  /** NATIVEPROF=0: the preload does nothing at all. */
  readonly off: boolean
  readonly hz: number | undefined
  readonly timer: TimerName | undefined
  /** NATIVEPROF_DELAY: when to begin, seconds after the program has. */
  readonly delaySeconds: number | undefined
  /** NATIVEPROF_DURATION: how long to record, seconds; undefined for to the end of the program. */
  readonly durationSeconds: number | undefined
  /** NATIVEPROF_CHECKPOINT: how often the profile so far is written, seconds; undefined for never. */
  readonly checkpointSeconds: number | undefined
  /** NATIVEPROF_OUT: a file, or a folder if it ends in a slash; `%p %h %t %n` stand for pid, host, time and number. */
  readonly out: string | undefined
  readonly format: string | undefined
  readonly view: string | undefined
  /** NATIVEPROF_GRANULARITY: `function` or `line`. */
  readonly granularity: string | undefined
  /** NATIVEPROF_SOURCE_MAPS=0: files, lines and names stay those that V8 compiled. */
  readonly sourceMaps: boolean
  /** NATIVEPROF_PACKAGE_PATHS=1: files of npm packages as `package/path`. */
  readonly packagePaths: boolean
  /** NATIVEPROF_LABELS: names of labels that are root frames, as `route,tenant`. */
  readonly labels: readonly string[] | undefined
  /** NATIVEPROF_QUIET=1: nothing is printed, not even the closing line. */
  readonly quiet: boolean
  /** Set by `nativeprof run` for the process it starts. */
  readonly runner: Runner | null
}

/** How `nativeprof run` and the preload in its child talk. The variable is internal. */
export interface Runner {
  /** The pid of `nativeprof run`. Whoever is its direct child is the program; whoever is not is a child of the program. */
  readonly pid: number
  /** How many rows of the table the program's profile gets on stderr; 0 for none. */
  readonly tableRows: number
  readonly tableSort: 'self' | 'total'
  /** How the file and the table show threads. */
  readonly threads: ThreadsName
  /** Whether the file was named by the user, and is replaced if it exists. */
  readonly replace: boolean
  /** The file that the closing line does not name, for it goes on to standard output; '' if none does. */
  readonly unnamedFile: string
  /** Where the program's profile goes as well; `format` is there. */
  readonly moreOutputs: readonly Output[]
  /** Where the program tells how many ticks it has, for a terminal to show; '' for nowhere. */
  readonly ticksFile: string
}

/** A place that a profile goes to. */
export interface Output {
  /** As NATIVEPROF_OUT. */
  readonly out: string | undefined
  readonly format: string | undefined
}

const RUNNER_VARIABLE = 'NATIVEPROF_RUNNER'

type Environment = Readonly<Record<string, string | undefined>>

/** Reads the variables. Throws ERR_NATIVEPROF_INVALID_ARGUMENT for text that means nothing. */
export function readEnv(env: Environment): EnvSettings {
  return {
    off: env['NATIVEPROF'] === '0',
    hz: numberOf('NATIVEPROF_HZ', env['NATIVEPROF_HZ']),
    timer: timerOf('NATIVEPROF_TIMER', env['NATIVEPROF_TIMER']),
    delaySeconds: secondsOf('NATIVEPROF_DELAY', env['NATIVEPROF_DELAY'], 0),
    durationSeconds: secondsOf('NATIVEPROF_DURATION', env['NATIVEPROF_DURATION']),
    checkpointSeconds: secondsOf('NATIVEPROF_CHECKPOINT', env['NATIVEPROF_CHECKPOINT'], 0.1),
    out: textOf(env['NATIVEPROF_OUT']),
    format: textOf(env['NATIVEPROF_FORMAT']),
    view: textOf(env['NATIVEPROF_VIEW']),
    granularity: textOf(env['NATIVEPROF_GRANULARITY']),
    sourceMaps: env['NATIVEPROF_SOURCE_MAPS'] !== '0',
    packagePaths: isOn(env['NATIVEPROF_PACKAGE_PATHS']),
    labels: labelNamesIn(env['NATIVEPROF_LABELS']),
    quiet: isOn(env['NATIVEPROF_QUIET']),
    runner: runnerOf(env[RUNNER_VARIABLE]),
  }
}

/** The variables that hand these settings to the preload of a child. */
export function writeEnv(settings: {
  hz: string | undefined
  timer: TimerName | undefined
  delay?: string | undefined
  duration?: string | undefined
  out: string | undefined
  format: string | undefined
  view: string | undefined
  granularity?: string | undefined
  sourceMaps?: boolean
  packagePaths?: boolean
  labels?: string | undefined
  runner: Runner
}): Record<string, string> {
  const { hz, timer, delay, duration, out, format, view, granularity, labels, runner } = settings
  const { sourceMaps, packagePaths } = settings
  const variables: Record<string, string> = { [RUNNER_VARIABLE]: JSON.stringify(runner) }
  if (hz !== undefined) variables['NATIVEPROF_HZ'] = hz
  if (timer !== undefined) variables['NATIVEPROF_TIMER'] = timer
  if (delay !== undefined) variables['NATIVEPROF_DELAY'] = delay
  if (duration !== undefined) variables['NATIVEPROF_DURATION'] = duration
  if (out !== undefined) variables['NATIVEPROF_OUT'] = out
  if (format !== undefined) variables['NATIVEPROF_FORMAT'] = format
  if (view !== undefined) variables['NATIVEPROF_VIEW'] = view
  if (granularity !== undefined) variables['NATIVEPROF_GRANULARITY'] = granularity
  if (labels !== undefined) variables['NATIVEPROF_LABELS'] = labels
  // What the environment says already holds on unless the command line says otherwise.
  if (sourceMaps === false) variables['NATIVEPROF_SOURCE_MAPS'] = '0'
  if (packagePaths === true) variables['NATIVEPROF_PACKAGE_PATHS'] = '1'
  return variables
}

/** A number as a user types it. Throws ERR_NATIVEPROF_INVALID_ARGUMENT, naming the option or variable. */
export function numberOf(name: string, text: string | undefined): number | undefined {
  if (text === undefined || text.trim() === '') return undefined
  const number = Number(text)
  if (Number.isFinite(number)) return number
  throw new NativeprofError(
    'ERR_NATIVEPROF_INVALID_ARGUMENT',
    `${name} must be a number, not ${inspect(text)}`,
  )
}

/** What node's timers take: above, they fire at once. */
const MOST_SECONDS = 2_147_483

/**
 * Seconds as a user types them, from `least` on, by default 0.001. Throws ERR_NATIVEPROF_INVALID_ARGUMENT, naming the option
 * or variable.
 */
export function secondsOf(name: string, text: string | undefined, least = 0.001): number | undefined {
  const seconds = numberOf(name, text)
  if (seconds === undefined || (seconds >= least && seconds <= MOST_SECONDS)) return seconds
  throw new NativeprofError(
    'ERR_NATIVEPROF_INVALID_ARGUMENT',
    `${name} must be a number of seconds from ${least} to ${MOST_SECONDS}, not ${seconds}`,
  )
}

/** A timer as a user types it. Throws ERR_NATIVEPROF_INVALID_ARGUMENT, naming the option or variable. */
export function timerOf(name: string, text: string | undefined): TimerName | undefined {
  return text === undefined || text === '' ? undefined : timerNamed(name, text)
}

function labelNamesIn(text: string | undefined): readonly string[] | undefined {
  return text === undefined || text === '' ? undefined : labelNamesOf(text)
}

function isOn(text: string | undefined): boolean {
  return text !== undefined && !['', '0'].includes(text)
}

function textOf(text: string | undefined): string | undefined {
  return text === undefined || text === '' ? undefined : text
}

function runnerOf(text: string | undefined): Runner | null {
  if (text === undefined || text === '') return null
  try {
    return JSON.parse(text) as Runner
  } catch (cause) {
    throw new NativeprofError(
      'ERR_NATIVEPROF_INVALID_ARGUMENT',
      `${RUNNER_VARIABLE} is set by nativeprof only`,
      { cause },
    )
  }
}
