// attach --stack: to programs under nativeprof/auto, which answer whatever they are doing, with every thread.

import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import type { Test } from 'tap'
import { readProfile } from 'nativeprof'
import { askForStacks } from '#lib/attach/ask-stacks.js'
import { AUTO, CLI, fixture, runNode, scratchFolder } from './support/run-program.js'
import { startProgram, until } from './support/started-program.js'
import type { Program } from './support/started-program.js'

const PROGRAM = fixture('plain.cjs')

async function startUnderAuto(t: Test, script: string, ...args: readonly string[]): Promise<Program> {
  const env = { NATIVEPROF_OUT: profileOf(t), NATIVEPROF_QUIET: '1' }
  const program = await startProgram(t, ['-r', AUTO, script, ...args], { env })
  await delay(200) // until it is where it stays
  return program
}

const folders = new Map<Test, string>()
function profileOf(t: Test): string {
  const folder = folders.get(t) ?? scratchFolder(t)
  folders.set(t, folder)
  return join(folder, 'all.pb.gz')
}

async function stackOf(program: Program, ...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await runNode([CLI, 'attach', '--stack', ...args, String(program.pid)])
  if (code !== 0 || stderr !== '') throw new Error(`exit code ${code}: ${stderr}`)
  return stdout
}

t.test('whatever blocks the event loop is named, with its callers', async (t) => {
  for (const [state, stack] of [
    ['loop', /^main thread:\n(?: .*\n)* {4}loopForEver \(.*plain\.cjs:12:\d+\)\n/m],
    ['regexp', /^main thread:\n(?: .*\n)* {4}matchForEver \(.*plain\.cjs:16:\d+\)\n/m],
    [
      'crypto',
      /^main thread:\n {4}crypto pbkdf2\n {4}pbkdf2Sync \(node:.*\)\n {4}deriveForSeconds \(.*plain\.cjs:20:\d+\)\n/m,
    ],
  ] as const) {
    const program = await startUnderAuto(t, PROGRAM, state)
    t.match(await stackOf(program), stack, state)
    t.equal(program.stderr(), '', 'node opens no inspector, and nothing is printed')
    program.child.kill('SIGKILL')
  }
})

t.test('every thread is there, workers by their names', async (t) => {
  const program = await startUnderAuto(t, fixture('two-loops.cjs'))
  const text = await stackOf(program)
  t.match(text, /^main thread:\n {4}spinMain \(.*two-loops\.cjs:5:/m)
  // Only newer versions of node tell a worker its name.
  t.match(text, /^worker (?:resizer|1), thread \d+:\n {4}spinWorker \(.*two-loops\.cjs:10:/m)
  const threads = (await askForStacks(program.pid, 5000)) ?? []
  const tids = new Set(threads.map(({ tid }) => String(tid)))
  const own = readdirSync(`/proc/${program.pid}/task`).filter((tid) =>
    readFileSync(`/proc/${program.pid}/task/${tid}/comm`, 'utf8').startsWith('nativeprof:'),
  )
  t.equal(own.length, 1, 'the thread that answers')
  const missing = readdirSync(`/proc/${program.pid}/task`).filter(
    (tid) => !tids.has(tid) && !own.includes(tid),
  )
  t.strictSame(missing, [])
  t.strictSame(
    threads.filter(({ answer }) => answer === 'none'),
    [],
  )
  program.child.kill('SIGKILL')
})

t.test('an idle program says so, and goes on; its profile has no tick for being asked', async (t) => {
  const program = await startUnderAuto(t, PROGRAM, 'idle')
  t.match(await stackOf(program), /^main thread runs no JavaScript now, in epoll_p?wait/m)
  t.match(await stackOf(program, '--view', 'mixed'), /^main thread:\n(?: .*\n)* {4}node::Start/m)
  const { code, signal } = await program.end()
  t.equal(code, 4)
  t.equal(signal, null)
  t.equal(program.stderr(), '')
  const { ticks, samples, dropped, notWalkable, forwarded } = readProfile(readFileSync(profileOf(t))).counters
  t.equal(ticks, samples + dropped + notWalkable)
  t.ok(ticks < 50, `${ticks} ticks`)
  t.equal(forwarded, 0)
})

t.test('ten questions at once, ten times, have a hundred answers, and leave nothing behind', async (t) => {
  const program = await startUnderAuto(t, PROGRAM, 'loop')
  const fds = (): number => readdirSync(`/proc/${program.pid}/fd`).length
  const before = fds()
  let answered = 0
  for (let round = 0; round < 10; round++) {
    const answers = await Promise.all(Array.from({ length: 10 }, () => askForStacks(program.pid, 5000)))
    for (const threads of answers) {
      if (threads === null) continue
      answered++
      const names = threads.find(({ kind }) => kind === 'main')?.frames.map(({ name }) => name)
      t.ok(names?.includes('loopForEver'), names?.join() ?? '')
    }
  }
  t.equal(answered, 100)
  await until(() => fds() <= before, 'the answers stay open')
  t.equal(program.stderr(), '')
  program.child.kill('SIGKILL')
})

t.test(
  'one that does not sample is asked in the other way, and one that is not ours gets no signal',
  async (t) => {
    const program = await startProgram(t, ['-r', AUTO, PROGRAM, 'loop'], {
      env: { NATIVEPROF_SIGNAL: 'SIGUSR2', NATIVEPROF_QUIET: '1' },
    })
    t.equal(await askForStacks(program.pid, 2000), null)
    const plain = await startProgram(t, [PROGRAM, 'idle'])
    t.equal(await askForStacks(plain.pid, 200), null)
    t.equal((await plain.end()).code, 4, 'SIGPROF would have ended it')
  },
)
