// started-program.ts — a Node.js program that goes on while a test does things with it, and is ended with the test.

import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { withoutOwnLines } from './run-program.js'

export interface Program {
  readonly pid: number
  readonly child: ChildProcess
  /** The first line that it printed. */
  readonly firstLine: string
  /** Everything that it has printed so far on standard output. */
  stdout(): string
  /** Everything on standard error. */
  stderr(): string
  /** On standard error, without nativeprof's lines. */
  ownStderr(): string
  /** Ends its standard input, or sends a signal, and waits until it has ended. */
  end(signal?: NodeJS.Signals): Promise<{ code: number | null; signal: NodeJS.Signals | null }>
}

/** Runs `node ...args`, and waits for its first line. */
export async function startProgram(
  t: { teardown: (callback: () => unknown) => void },
  args: readonly string[],
  options: { env?: Readonly<Record<string, string>>; cwd?: string; execPath?: string } = {},
): Promise<Program> {
  const { env = {}, cwd, execPath = process.execPath } = options
  const child = spawn('/usr/bin/env', ['-u', 'NODE_OPTIONS', execPath, ...args], {
    env: { ...process.env, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
    ...(cwd === undefined ? {} : { cwd }),
  })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  child.stdin.on('error', () => undefined)
  const closed = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>
  t.teardown(async () => {
    child.kill('SIGKILL')
    await closed
  })
  await until(() => stdout.includes('\n') || child.exitCode !== null, `no line from ${args.join(' ')}`)
  const [firstLine = ''] = stdout.split('\n')
  return {
    pid: child.pid ?? 0,
    child,
    firstLine,
    stdout: () => stdout,
    stderr: () => stderr,
    ownStderr: () => withoutOwnLines(stderr),
    async end(signal) {
      if (signal === undefined) child.stdin.end()
      else child.kill(signal)
      const deadline = setTimeout(() => child.kill('SIGKILL'), 60_000)
      const [code, by] = await closed
      clearTimeout(deadline)
      return { code, signal: by }
    },
  }
}

/** Waits for a condition, with a deadline that a loaded machine does not reach. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  complaint: string,
  deadlineMillis = 60_000,
): Promise<void> {
  const end = performance.now() + deadlineMillis
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`${complaint}, in ${deadlineMillis} ms`)
    await delay(10)
  }
}
