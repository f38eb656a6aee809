// run-program.ts — starts a program under a preload of ours, stays out of its way, and ends as it ends.

import { spawn } from 'node:child_process'
import type { ChildProcess, StdioOptions } from 'node:child_process'
import * as fs from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { NativeprofError } from '../errors.js'
import { invalid } from './arguments.js'

export interface Command {
  readonly file: string
  readonly args: readonly string[]
}

export interface Ending {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** How a program is started. */
export interface Start {
  readonly environment: Readonly<Record<string, string>>
  readonly stdio: StdioOptions
  /** The file of ours that is loaded first, relative to this one. */
  readonly preload: string
  readonly onStart?: (child: ChildProcess) => void
}

/** A script for node, or a command of the user's. */
export function commandOf(program: readonly string[]): Command {
  const [first, ...rest] = program
  if (first === undefined) throw invalid('name a script to run: nativeprof run app.js')
  if (first.startsWith('-') || isScript(first)) return { file: process.execPath, args: program }
  if (isCommand(first)) return { file: first, args: rest }
  throw new NativeprofError('ERR_NATIVEPROF_NO_SCRIPT', `there is no script and no command "${first}"`)
}

/** Runs a program to its end. Signals reach it. Throws ERR_NATIVEPROF_NO_SCRIPT if it cannot be started. */
export async function runProgram({ file, args }: Command, start: Start): Promise<Ending> {
  const preload = fileURLToPath(new URL(start.preload, import.meta.url))
  const child = spawn(file, args, {
    stdio: start.stdio,
    env: {
      ...process.env,
      ...start.environment,
      NODE_OPTIONS: withPreload(process.env['NODE_OPTIONS'], preload),
    },
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
      start.onStart?.(child)
    })
  } finally {
    stopForwarding()
  }
}

/** Ends this process as another one ended. */
export function endAs({ code, signal }: Ending): void {
  if (signal === null) process.exitCode = code ?? 1
  else process.kill(process.pid, signal)
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
