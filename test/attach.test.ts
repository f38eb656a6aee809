// attach: to programs that were started without us; and that they are left as they were found.

import { spawn } from 'node:child_process'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import type { Test } from 'tap'
import { framesRootFirst, functionOf, toCollapsed } from 'nativeprof'
import { Inspector, openInspector } from '#lib/attach/inspector.js'
import { profileRemotely } from '#lib/attach/remote.js'
import { checkTarget, listeningPorts } from '#lib/attach/target.js'
import { AUTO, CLI, fixture, runNode, scratchFolder } from './support/run-program.js'
import { startProgram, until } from './support/started-program.js'
import type { Program } from './support/started-program.js'

const PROGRAM = fixture('plain.cjs')

/** Node's own lines when its inspector opens and is used. */
function withoutInspectorLines(stderr: string): string {
  return stderr.replace(
    /^(?:Debugger (?:listening|attached|ending)|For help, see|Waiting for the debugger).*\n/gm,
    '',
  )
}

async function requireAsFound(t: Test, program: Program): Promise<void> {
  t.strictSame([...listeningPorts(program.pid)], [], 'no port of the inspector is open')
  const { code, signal } = await program.end()
  t.equal(code, 4, 'it ends as it would have')
  t.equal(signal, null)
  t.equal(withoutInspectorLines(program.stderr()), '')
}

// Where several tests of one machine attach at once, the inspectors' port is taken: these run one after the other.
t.test('it profiles a busy program that was started without it, and leaves it as it was', async (t) => {
  const program = await startProgram(t, [PROGRAM, 'busy'])
  const file = join(scratchFolder(t), 'attached.collapsed')
  const { code, stdout, stderr } = await runNode([
    CLI,
    'attach',
    '--duration',
    '1',
    '-o',
    file,
    String(program.pid),
  ])
  t.equal(code, 0, stderr)
  t.equal(stdout, '')
  t.match(readFileSync(file, 'utf8'), /handleRequest \S*plain\.cjs/)
  await requireAsFound(t, program)
})

t.test('ten attaches in a row leave nothing that grows', async (t) => {
  const program = await startProgram(t, [PROGRAM, 'busy'])
  const leftovers: string[] = []
  for (let i = 0; i < 10; i++) {
    const inspector = await Inspector.connect(await openInspector(program.pid, 30_000))
    const profile = await profileRemotely(inspector, { hz: 100, untilDone: () => delay(100) })
    await inspector.close()
    t.equal(profile.process.pid, program.pid)
    t.ok(profile.durationNanos < 60e9, 'a window of its own')
    const { ticks, samples, dropped, notWalkable } = profile.counters
    t.equal(ticks, samples + dropped + notWalkable)
    const counts = ['fd', 'task'].map((name) => readdirSync(`/proc/${program.pid}/${name}`).length)
    leftovers.push(counts.join())
  }
  // The first loads nativeprof, whose handles and threads stay.
  await until(
    () =>
      ['fd', 'task'].map((name) => readdirSync(`/proc/${program.pid}/${name}`).length).join() ===
      leftovers[1],
    `descriptors and threads, after each: ${leftovers.join(' ')}`,
  )
  await requireAsFound(t, program)
})

t.test('a recording that runs under the preload is shared, and goes on', async (t) => {
  const out = join(scratchFolder(t), 'whole.collapsed')
  const program = await startProgram(t, ['-r', AUTO, PROGRAM, 'busy'], {
    env: { NATIVEPROF_HZ: '50', NATIVEPROF_OUT: out, NATIVEPROF_QUIET: '1' },
  })
  const inspector = await Inspector.connect(await openInspector(program.pid, 30_000))
  const profile = await profileRemotely(inspector, { hz: undefined, untilDone: () => delay(1000) })
  await inspector.close()
  t.equal(profile.periodMicros, 20_000)
  const names = profile.totals.flatMap(({ stackId }) =>
    framesRootFirst(profile, stackId).map((frame) => functionOf(profile, frame).name),
  )
  t.ok(names.includes('handleRequest'))
  t.match(toCollapsed(profile), /handleRequest/)
  await requireAsFound(t, program)
  t.match(readFileSync(out, 'utf8'), /handleRequest/)
})

t.test(
  '--stack names the function that blocks the event loop, in a loop and in a regular expression',
  async (t) => {
    for (const [state, culprit] of [
      ['loop', /handleRequest|loopForEver/],
      ['regexp', /^ {4}matchForEver \(.*plain\.cjs:\d+:/m],
    ] as const) {
      const program = await startProgram(t, [PROGRAM, state])
      const { code, stdout, stderr } = await runNode([
        CLI,
        'attach',
        '--stack',
        '--wait',
        '30',
        String(program.pid),
      ])
      t.equal(code, 0, stderr)
      t.match(stdout, culprit, state)
      t.strictSame([...listeningPorts(program.pid)], [], state)
      program.child.kill('SIGTERM')
    }
  },
)

t.test('--stack says that a program waits', async (t) => {
  const program = await startProgram(t, [PROGRAM, 'idle'])
  const { code, stdout } = await runNode([CLI, 'attach', '--stack', '--wait', '2', String(program.pid)])
  t.equal(code, 0)
  t.match(stdout, /runs no JavaScript now: it waits/)
  await requireAsFound(t, program)
})

t.test(
  'a native call that does not return is said after a deadline, and the inspector does not stay open',
  async (t) => {
    const program = await startProgram(t, [PROGRAM, 'crypto'])
    const { code, stderr, stdout } = await runNode([
      CLI,
      'attach',
      '--stack',
      '--wait',
      '0.5',
      String(program.pid),
    ])
    // On a fast machine it may have returned.
    if (!program.stdout().includes('derived')) {
      t.equal(code, 2, stdout)
      t.match(stderr, /is in a native call that does not return.*\[ERR_NATIVEPROF_TARGET\]/)
    }
    await until(() => program.stdout().includes('derived'), 'it never returns')
    await until(() => /Debugger attached/.test(program.stderr()), 'it is never attached to')
    await until(() => listeningPorts(program.pid).size === 0, 'the inspector stays open')
    await requireAsFound(t, program)
  },
)

t.test('what cannot be attached to is left alone, and said', async (t) => {
  const sleeper = spawn('sleep', ['1000'])
  t.teardown(() => sleeper.kill())
  const own = await startProgram(t, [PROGRAM, 'own-signal'])
  const cases: [args: string[], line: RegExp][] = [
    [['2147483647'], /there is no process 2147483647 \[ERR_NATIVEPROF_TARGET\]/],
    [[String(sleeper.pid)], /is not a Node\.js \(sleep 1000\) \[ERR_NATIVEPROF_TARGET\]/],
    [['--wait', '0.3', String(own.pid)], /handles SIGUSR1 itself.*\[ERR_NATIVEPROF_TARGET\]/],
    [['x'], /attach takes the number of one process.*INVALID_ARGUMENT/],
    [['1', '2'], /attach takes the number of one process.*INVALID_ARGUMENT/],
    [['--hz', '0', '1'], /hz must be.*INVALID_ARGUMENT/],
    [['--duration=-1', '1'], /--duration must be.*INVALID_ARGUMENT/],
  ]
  for (const [args, line] of cases) {
    const { code, stdout, stderr } = await runNode([CLI, 'attach', ...args])
    t.equal(code, 2)
    t.equal(stdout, '')
    t.match(stderr, line)
  }
  t.equal(sleeper.exitCode, null)
  t.equal(sleeper.signalCode, null)

  const geteuid = Object.getOwnPropertyDescriptor(process, 'geteuid') ?? {}
  Object.defineProperty(process, 'geteuid', { ...geteuid, value: () => 12_345 })
  t.teardown(() => Object.defineProperty(process, 'geteuid', geteuid))
  t.throws(() => checkTarget(own.pid), { code: 'ERR_NATIVEPROF_TARGET', message: /belongs to another user/ })
})
