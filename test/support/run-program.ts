// run-program.ts — runs a Node.js program as a user would and tells how it ended.
// The test runner puts itself into NODE_OPTIONS, which every child inherits; programs under test start without it.

import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The repository, seen from build/test/support. */
export const ROOT: string = fileURLToPath(new URL('../../../', import.meta.url))

export const CLI: string = join(ROOT, 'dist/cli/main.js')
export const AUTO: string = join(ROOT, 'dist/auto.cjs')

export function fixture(name: string): string {
  return join(ROOT, 'test/fixtures', name)
}

export interface Ending {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
  readonly wallMillis: number
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  /** Called with everything that the program has printed so far, each time it prints. */
  readonly onStdout?: (text: string, child: ChildProcess) => void
  /** Puts the program at the head of a process group of its own, as a shell does: `process.kill(-pid)` reaches all of it. */
  readonly ownGroup?: boolean
  /** After this the program is killed, and the promise rejects. */
  readonly deadlineMillis?: number
}

// Set by scripts/test-arm64.mjs: a node that runs in an emulator, and how many times longer everything takes there.
const NODE = process.env['NATIVEPROF_TEST_NODE'] ?? process.execPath
/** By how much a deadline is longer there. */
export const SLOWNESS = Number(process.env['NATIVEPROF_TEST_SLOWNESS'] ?? 1)

/** Runs `node ...args`. */
export async function runNode(args: readonly string[], options: RunOptions = {}): Promise<Ending> {
  return run(NODE, args, options)
}

/** Runs any command. */
export async function run(file: string, args: readonly string[], options: RunOptions = {}): Promise<Ending> {
  const { env = {}, cwd, onStdout, ownGroup = false, deadlineMillis = 120_000 } = options
  const started = performance.now()
  const child = spawn('/usr/bin/env', ['-u', 'NODE_OPTIONS', file, ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: ownGroup,
    ...(cwd === undefined ? {} : { cwd }),
  })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
    onStdout?.(stdout, child)
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  return new Promise((done, fail) => {
    const deadline = setTimeout(() => {
      child.kill('SIGKILL')
      fail(
        new Error(
          `${file} ${args.join(' ')} did not end in ${deadlineMillis * SLOWNESS} ms\n${stdout}\n${stderr}`,
        ),
      )
    }, deadlineMillis * SLOWNESS)
    child.once('error', fail)
    child.once('close', (code, signal) => {
      clearTimeout(deadline)
      done({ code, signal, stdout, stderr, wallMillis: performance.now() - started })
    })
  })
}

/** A fresh folder, removed when the test ends. */
export function scratchFolder(t: { teardown: (callback: () => void) => void }): string {
  const folder = mkdtempSync(join(tmpdir(), 'nativeprof-test-'))
  t.teardown(() => {
    rmSync(folder, { recursive: true, force: true })
  })
  return folder
}

/** Standard error without the lines that nativeprof itself prints. */
export function withoutOwnLines(stderr: string): string {
  return stderr.replace(/^nativeprof: .*\n/gm, '')
}
