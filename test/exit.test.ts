// However a program ends: as it would have without a profiler, and with a profile.

import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import {
  AUTO,
  CLI,
  SLOWNESS,
  fixture,
  run,
  runNode,
  scratchFolder,
  withoutOwnLines,
} from './support/run-program.js'
import type { Ending } from './support/run-program.js'

const ENDS = fixture('ends.cjs')

const LAUNCHERS = {
  '-r': (file: string) => ({ args: ['-r', AUTO], env: { NATIVEPROF_OUT: file } }),
  '--import': (file: string) => ({ args: ['--import', AUTO], env: { NATIVEPROF_OUT: file } }),
  run: (file: string) => ({ args: [CLI, 'run', '-o', file], env: {} }),
} as const

async function end(
  args: string[],
  launch: { args: string[]; env: Record<string, string> },
  signal?: NodeJS.Signals,
): Promise<Ending> {
  let sent = false
  return runNode([...launch.args, ENDS, ...args], {
    env: launch.env,
    deadlineMillis: 30_000,
    ownGroup: true,
    onStdout: (text, child) => {
      if (signal === undefined || sent || !text.includes('ready')) return
      sent = true
      // A terminal sends SIGINT to the whole group, whoever else sends signals to the one process.
      if (signal === 'SIGINT') process.kill(-(child.pid ?? 0), signal)
      else child.kill(signal)
    },
  })
}

const PLAIN = { args: [], env: {} }
// Node itself listens for 'exit' when there is any --import.
const PLAIN_IMPORT = { args: ['--import', 'data:text/javascript,'], env: {} }

const WAYS = [
  'natural',
  'exit',
  'exit-code',
  'exit-in-timer',
  'exit-listener',
  'exit-in-listener',
  'throw',
  'caught',
  'reject',
  'self-kill',
]

for (const [name, launcher] of Object.entries(LAUNCHERS)) {
  const plain = name === '--import' ? PLAIN_IMPORT : PLAIN

  t.test(
    `under ${name}, a program that ends by itself ends as without it, and leaves a profile`,
    async (t) => {
      const folder = scratchFolder(t)
      for (const way of WAYS) {
        const file = join(folder, `${way}.collapsed`)
        const expected = await end([way], plain)
        const ending = await end([way], launcher(file))
        compare(t, way, ending, expected)
        t.match(
          existsSync(file) && readFileSync(file, 'utf8'),
          /ends\.cjs/,
          `${way}: the profile names the program`,
        )
      }
    },
  )

  t.test(
    `under ${name}, a program that a signal ends dies of it within 2 s, blocked or not, and leaves a profile`,
    async (t) => {
      const folder = scratchFolder(t)
      const cases = [
        ...(['loop', 'regexp', 'atomics-wait', 'idle'] as const).map((state) => ({
          way: 'wait',
          state,
          signal: 'SIGINT' as const,
        })),
        ...(['SIGTERM', 'SIGHUP'] as const).flatMap((signal) =>
          (['loop', 'idle'] as const).map((state) => ({ way: 'wait', state, signal })),
        ),
        { way: 'handler', state: 'idle', signal: 'SIGTERM' as const },
        { way: 'handler-once', state: 'idle', signal: 'SIGTERM' as const },
      ]
      for (const { way, state, signal } of cases) {
        const label = `${way} ${state} ${signal}`
        const file = join(folder, `${way}-${state}-${signal}.collapsed`)
        const expected = await end([way, state], plain, signal)
        const ending = await end([way, state], launcher(file), signal)
        compare(t, label, ending, expected)
        t.ok(
          ending.wallMillis - expected.wallMillis < 2000 * SLOWNESS,
          `${label}: within 2 s (${Math.round(ending.wallMillis)} ms)`,
        )
        t.ok(existsSync(file), `${label}: there is a profile`)
      }
    },
  )
}

function compare(t: Test, label: string, ending: Ending, expected: Ending): void {
  t.equal(ending.code, expected.code, `${label}: exit code`)
  t.equal(ending.signal, expected.signal, `${label}: signal`)
  t.equal(ending.stdout, expected.stdout, `${label}: stdout`)
  t.equal(withoutOwnLines(ending.stderr), expected.stderr, `${label}: stderr but for nativeprof's lines`)
}

t.test('a second signal ends the process at once, even while the first is being served', async (t) => {
  const folder = scratchFolder(t)
  const ending = await runNode(['-r', AUTO, ENDS, 'wait', 'loop'], {
    cwd: folder,
    onStdout: (text, child) => {
      if (!text.includes('ready')) return
      child.kill('SIGINT')
      child.kill('SIGTERM')
    },
  })
  t.equal(ending.code, null)
  t.match(ending.signal, /^SIG(INT|TERM)$/)
})

t.test('a sampler that the program started and never stopped changes no ending', async (t) => {
  const api = ['--import', fixture('start-and-forget.mjs')]
  for (const way of WAYS) {
    const expected = await end([way], PLAIN_IMPORT)
    compare(t, way, await end([way], { args: api, env: {} }), expected)
  }
  for (const state of ['loop', 'idle']) {
    const expected = await end(['wait', state], PLAIN_IMPORT, 'SIGINT')
    compare(t, `SIGINT ${state}`, await end(['wait', state], { args: api, env: {} }, 'SIGINT'), expected)
  }
})

const UNSHARE = '/usr/bin/unshare'
const canUnshare = process.platform === 'linux' && process.getuid?.() === 0 && existsSync(UNSHARE)

t.test(
  'as process 1 of a container it writes the profile and ends, which the kernel alone would not have it do',
  { skip: canUnshare ? false : 'needs the right to make a process namespace' },
  async (t) => {
    const folder = scratchFolder(t)
    for (const state of ['loop', 'idle']) {
      const file = join(folder, `${state}.collapsed`)
      let sent = false
      const ending = await run(
        UNSHARE,
        ['--pid', '--fork', '--kill-child', process.execPath, '-r', AUTO, ENDS, 'wait', state],
        {
          env: { NATIVEPROF_OUT: file },
          deadlineMillis: 30_000,
          onStdout: (text, child) => {
            if (sent || !text.includes('ready')) return
            sent = true
            spawnSync('pkill', ['-TERM', '-P', String(child.pid)])
          },
        },
      )
      t.equal(ending.code, 128 + 15, `${state}: as a shell tells it`)
      t.ok(existsSync(file), `${state}: there is a profile`)
    }
  },
)
