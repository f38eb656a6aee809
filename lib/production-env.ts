// production-env.ts — the NATIVEPROF_* variables for processes that are profiled in production: by signal, and continuously.
// Pure; throws coded errors. Neighbour: env.ts, the others.

import { inspect } from 'node:util'
import { numberOf } from './env.js'
import { NativeprofError } from './errors.js'

/** Where and as what windows are pushed. As text, still to be checked by `pyroscope()`. */
export interface PyroscopeEnv {
  readonly url: string
  readonly app: string | undefined
  readonly labels: Readonly<Record<string, string>>
  readonly token: string | undefined
  readonly user: string | undefined
  readonly password: string | undefined
  readonly tenant: string | undefined
}

/** Absent means: not asked for, or the default. */
export interface ProductionEnv {
  /** NATIVEPROF_SIGNAL: the signal that starts a recording, and ends it. */
  readonly signal: RecordingSignal | undefined
  /** NATIVEPROF_KEEP and NATIVEPROF_KEEP_MB: how many files, and how much of them, are kept of recordings by signal. */
  readonly keep: number | undefined
  readonly keepBytes: number | undefined
  /** NATIVEPROF_PYROSCOPE_…; undefined without a URL. */
  readonly pyroscope: PyroscopeEnv | undefined
  /** NATIVEPROF_WINDOW, in seconds there: how long a window is. */
  readonly windowMillis: number | undefined
}

// SIGUSR1 starts node's inspector, others end a program or are what its terminal says.
const RECORDING_SIGNALS = ['SIGUSR2', 'SIGALRM', 'SIGIO', 'SIGURG', 'SIGWINCH'] as const

/** A signal that may be asked for. */
export type RecordingSignal = (typeof RECORDING_SIGNALS)[number]

type Environment = Readonly<Record<string, string | undefined>>

/** Reads the variables. Throws ERR_NATIVEPROF_INVALID_ARGUMENT for text that means nothing. */
export function readProductionEnv(env: Environment): ProductionEnv {
  const text = (name: string): string | undefined => (env[name] === '' ? undefined : env[name])
  const url = text('NATIVEPROF_PYROSCOPE_URL')
  const seconds = numberOf('NATIVEPROF_WINDOW', env['NATIVEPROF_WINDOW'])
  const megabytes = numberOf('NATIVEPROF_KEEP_MB', env['NATIVEPROF_KEEP_MB'])
  return {
    signal: signalNamed(text('NATIVEPROF_SIGNAL')),
    keep: numberOf('NATIVEPROF_KEEP', env['NATIVEPROF_KEEP']),
    keepBytes: megabytes === undefined ? undefined : Math.round(megabytes * 2 ** 20),
    pyroscope:
      url === undefined
        ? undefined
        : {
            url,
            app: text('NATIVEPROF_PYROSCOPE_APP'),
            labels: labelsOf(text('NATIVEPROF_PYROSCOPE_LABELS') ?? ''),
            token: text('NATIVEPROF_PYROSCOPE_TOKEN'),
            user: text('NATIVEPROF_PYROSCOPE_USER'),
            password: text('NATIVEPROF_PYROSCOPE_PASSWORD'),
            tenant: text('NATIVEPROF_PYROSCOPE_TENANT'),
          },
    windowMillis: seconds === undefined ? undefined : seconds * 1000,
  }
}

function signalNamed(name: string | undefined): RecordingSignal | undefined {
  if (name === undefined) return undefined
  const signal = RECORDING_SIGNALS.find((each) => each === name)
  if (signal !== undefined) return signal
  throw invalid(`NATIVEPROF_SIGNAL must be one of ${RECORDING_SIGNALS.join(', ')}, not ${inspect(name)}`)
}

/** `a=b,c=d`. */
function labelsOf(text: string): Record<string, string> {
  const labels: Record<string, string> = {}
  for (const pair of text.split(',').filter((each) => each.trim() !== '')) {
    const at = pair.indexOf('=')
    if (at < 1)
      throw invalid(`NATIVEPROF_PYROSCOPE_LABELS must be name=value,name=value; ${inspect(pair)} is not`)
    labels[pair.slice(0, at).trim()] = pair.slice(at + 1).trim()
  }
  return labels
}

function invalid(message: string): NativeprofError {
  return new NativeprofError('ERR_NATIVEPROF_INVALID_ARGUMENT', message)
}
