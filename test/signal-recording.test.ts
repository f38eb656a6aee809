// NATIVEPROF_SIGNAL: a signal starts a recording, the next one writes it.

import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { IngestStub } from './support/ingest-stub.js'
import { AUTO, fixture, runNode, scratchFolder } from './support/run-program.js'
import { startProgram, until } from './support/started-program.js'
import type { Program } from './support/started-program.js'

const PROGRAM = fixture('switched.cjs')

/** How many recordings have been written. */
function written(folder: string): string[] {
  return readdirSync(folder).filter((name) => name.endsWith('.collapsed'))
}

async function start(
  t: Test,
  state: string,
  env: Record<string, string>,
): Promise<{ program: Program; folder: string }> {
  const folder = scratchFolder(t)
  const program = await startProgram(t, ['-r', AUTO, PROGRAM, state], {
    env: { NATIVEPROF_SIGNAL: 'SIGUSR2', NATIVEPROF_OUT: folder, NATIVEPROF_FORMAT: 'collapsed', ...env },
  })
  t.equal(program.firstLine, 'ready 0', 'the program sees no listener')
  return { program, folder }
}

/** Starts a recording and ends it, as soon as it has something in it. */
async function recordOnce({ program, folder }: { program: Program; folder: string }): Promise<void> {
  const before = written(folder).length
  const usedBefore = cpuMillisOf(program.pid)
  program.child.kill('SIGUSR2')
  // The start itself takes some.
  await until(() => cpuMillisOf(program.pid) - usedBefore > 300, 'it uses no CPU time')
  program.child.kill('SIGUSR2')
  // A number above the limit never comes; then a line does.
  const lines = program.stderr().split('\n').length
  await until(
    () => written(folder).length > before || program.stderr().split('\n').length > lines,
    'no file is written',
  )
}

function cpuMillisOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) * 10
}

const LINUX = process.platform === 'linux' ? false : 'reads /proc'

for (const state of ['idle', 'loop']) {
  t.test(
    `SIGUSR2 starts a recording and the next one writes it, each time, in a program that is ${state}`,
    { skip: LINUX },
    async (t) => {
      const started = await start(t, state, { NATIVEPROF_QUIET: '1' })
      await recordOnce(started)
      await recordOnce(started)
      const files = written(started.folder)
      t.equal(files.length, 2)
      for (const name of files) {
        t.match(name, /^nativeprof-switched-\d+-\d{8}T\d{6}\.\d{3}\.collapsed$/)
        t.match(readFileSync(join(started.folder, name), 'utf8'), /burnSwitched/)
      }
      const { code, signal } = await started.program.end('SIGTERM')
      t.equal(code, null)
      t.equal(signal, 'SIGTERM')
      t.equal(started.program.stderr(), '')
      t.equal(started.program.stdout(), 'ready 0\n')
    },
  )
}

t.test(
  'a recording that nobody ends is written at the end, and the oldest files go',
  { skip: LINUX },
  async (t) => {
    const started = await start(t, 'idle', { NATIVEPROF_KEEP: '1' })
    await recordOnce(started)
    const [first] = written(started.folder)
    started.program.child.kill('SIGUSR2')
    const used = cpuMillisOf(started.program.pid)
    await until(() => cpuMillisOf(started.program.pid) - used > 150, 'it uses no CPU time')
    const { code } = await started.program.end()
    t.equal(code, 7, 'its own exit code')
    const files = written(started.folder)
    t.equal(files.length, 1)
    t.not(files[0], first)
    t.match(started.program.stderr(), /^nativeprof: .* CPU in .*\.collapsed$/m)
    t.equal(started.program.ownStderr(), '')
  },
)

t.test('what cannot be is said in a line, and the program runs as without it', async (t) => {
  const folder = scratchFolder(t)
  const program = [fixture('ends.cjs'), 'natural']
  const cases: [variables: Record<string, string>, line: RegExp][] = [
    [{ NATIVEPROF_SIGNAL: 'SIGKILL' }, /must be one of SIGUSR2.* \[ERR_NATIVEPROF_INVALID_ARGUMENT\]/],
    [{ NATIVEPROF_SIGNAL: 'SIGUSR2', NATIVEPROF_KEEP: '0' }, /keep must be .*INVALID_ARGUMENT/],
    [
      { NATIVEPROF_SIGNAL: 'SIGUSR2', NATIVEPROF_OUT: '/proc/no' },
      /cannot write profiles.*ERR_NATIVEPROF_OUTPUT/,
    ],
    [{ NATIVEPROF_PYROSCOPE_URL: 'nowhere' }, /url must be where.*INVALID_ARGUMENT/],
    [
      { NATIVEPROF_PYROSCOPE_URL: 'http://127.0.0.1:1', NATIVEPROF_PYROSCOPE_LABELS: '__name__=x' },
      /__name__.*INVALID_ARGUMENT/,
    ],
    [{ NATIVEPROF_PYROSCOPE_URL: 'http://127.0.0.1:1', NATIVEPROF_PYROSCOPE_LABELS: 'x' }, /name=value/],
  ]
  const plain = await runNode(program, { cwd: folder })
  for (const [env, line] of cases) {
    const { code, stdout, stderr } = await runNode(['-r', AUTO, ...program], { cwd: folder, env })
    t.equal(code, plain.code)
    t.equal(stdout, plain.stdout)
    t.match(stderr, line)
    t.equal(stderr.split('\n').length, 2, 'one line')
  }
  t.strictSame(readdirSync(folder), [], 'and no file')
})

t.test('by the environment, windows are pushed, and no file is written', async (t) => {
  const stub = new IngestStub()
  const url = await stub.listen()
  t.teardown(() => stub.close())
  const folder = scratchFolder(t)
  const env = {
    NATIVEPROF_PYROSCOPE_URL: url,
    NATIVEPROF_PYROSCOPE_LABELS: 'region=eu, pod=a-1',
    NATIVEPROF_PYROSCOPE_TOKEN: 'secret',
    NATIVEPROF_WINDOW: '0.2',
  }
  const { code, stderr } = await runNode(['-r', AUTO, fixture('workers.cjs')], { cwd: folder, env })
  t.equal(code, 0)
  t.strictSame(stub.complaints, [])
  t.ok(stub.accepted.length >= 1)
  t.ok(stub.accepted.every(({ name }) => name === 'workers{region=eu,pod=a-1}'))
  t.ok(stub.accepted.every(({ authorization }) => authorization === 'Bearer secret'))
  t.ok(stub.accepted.some(({ functions }) => functions.includes('burn')))
  t.match(stderr, /^nativeprof: \d+ windows to pyroscope http:\S+: \d+ delivered, \d+ lost/)
  t.notMatch(stderr, /secret/)
  t.strictSame(readdirSync(folder), [])
})
