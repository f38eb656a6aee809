// Windows one after the other, to a server that enforces Pyroscope's rules and fails, and to a folder.

import { readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import t from 'tap'
import type { Test } from 'tap'
import { NativeprofError, directory, pyroscope, startContinuous } from 'nativeprof'
import type { ContinuousCounts } from 'nativeprof'
import { IngestStub } from './support/ingest-stub.js'
import type { Fate } from './support/ingest-stub.js'
import { fixture, runNode, scratchFolder } from './support/run-program.js'
import { startProgram, until } from './support/started-program.js'

const PROGRAM = fixture('continuous.mjs')

interface Counted extends ContinuousCounts {
  readonly wholeTicks: number
}

/** What the program printed at its end. */
function countedIn(stdout: string): Counted {
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Counted
}

async function startStub(t: Test, fates: readonly Fate[] = []): Promise<{ stub: IngestStub; url: string }> {
  const stub = new IngestStub(fates)
  const url = await stub.listen()
  t.teardown(() => stub.close())
  return { stub, url }
}

t.test('the windows have no gap between them, and together they are the whole', async (t) => {
  const { stub, url } = await startStub(t)
  const push = {
    url,
    app: 'shop.web',
    labels: { region: 'eu-1', pod: 'web 7' },
    user: '12',
    password: 'pass',
  }
  const { stdout, stderr, code } = await runNode([
    PROGRAM,
    JSON.stringify({ pyroscope: { ...push, tenant: 'team' }, windows: 6 }),
  ])
  t.equal(code, 0)
  t.equal(stderr, '')
  const counted = countedIn(stdout)
  t.strictSame(stub.complaints, [])
  t.equal(counted.sinks[0]?.delivered, counted.windows - counted.empty)
  t.equal(stub.accepted.length, counted.windows - counted.empty)
  const sum = stub.accepted.reduce((ticks, window) => ticks + window.ticks, 0)
  t.equal(sum, counted.ticks, 'every tick is in one window')
  // The sampler of the whole begins before the first window and ends after the last.
  t.ok(
    counted.wholeTicks >= counted.ticks && counted.wholeTicks - counted.ticks <= 20,
    `${counted.wholeTicks} of ${sum}`,
  )
  t.ok(stub.accepted.some(({ functions }) => functions.includes('burnOften')))
  for (const { name, authorization, tenant } of stub.accepted) {
    t.equal(name, 'shop.web{region=eu-1,pod=web 7}')
    t.equal(authorization, `Basic ${Buffer.from('12:pass').toString('base64')}`)
    t.equal(tenant, 'team')
  }
  if (counted.empty > 0) return
  for (const [i, window] of stub.accepted.entries()) {
    const before = stub.accepted[i - 1]
    if (before === undefined) continue
    const gapNanos = Number(window.fromNanos - before.untilNanos)
    t.ok(Math.abs(gapNanos) <= 2000, `window ${i} begins where the one before it ends (${gapNanos} ns)`)
  }
})

t.test(
  'of 20 windows and more, with failures injected, each is delivered once or counted as lost',
  async (t) => {
    const fates: Fate[] = [
      '429',
      'accept',
      '500',
      '500',
      'accept',
      'slow',
      'hang',
      'reset',
      'accept',
      'gone',
      'accept',
      '400',
      'slow',
      '429',
      '500',
      'accept',
      'hang',
    ]
    const { stub, url } = await startStub(t, fates)
    const push = { url, app: 'app', timeoutMillis: 1500, retryMillis: 20 }
    const { stdout, stderr, code } = await runNode([
      PROGRAM,
      JSON.stringify({ pyroscope: push, windows: 26 }),
    ])
    t.equal(code, 0)
    t.equal(stderr, '')
    const counted = countedIn(stdout)
    const [sink] = counted.sinks
    if (sink === undefined) throw new Error('there is no sink')
    t.ok(counted.windows >= 20, `${counted.windows} windows`)
    t.strictSame(stub.met.slice(0, fates.length), fates, 'every failure happened')
    t.strictSame(stub.complaints, [])
    t.equal(sink.windows, counted.windows - counted.empty)
    t.equal(sink.windows, sink.delivered + sink.lost)
    t.equal(sink.waiting, 0)
    t.equal(stub.accepted.length, sink.delivered, 'what the server acknowledged is what counts as delivered')
    t.equal(new Set(stub.accepted.map(({ fromNanos }) => fromNanos)).size, sink.delivered, 'none twice')
    // Those that were sent without an answer (2 hang, 1 reset), and what the server wants never (400).
    t.equal(sink.lost, 4)
    t.ok(sink.retries >= 6, `${sink.retries} retries`)
    t.ok(stub.accepted.reduce((sum, window) => sum + window.ticks, 0) < counted.ticks)
  },
)

t.test('a dead server costs bounded memory, and holds up no end', async (t) => {
  const { url, stub } = await startStub(t)
  await stub.close()
  const push = { url, app: 'app', retryMillis: 50, maxQueueBytes: 6000 }
  const { stdout, stderr, code } = await runNode([
    PROGRAM,
    JSON.stringify({ pyroscope: push, windows: 20, windowMs: 100, end: 'natural' }),
  ])
  t.equal(code, 0)
  t.equal(stderr, '')
  const [sink] = countedIn(stdout).sinks
  t.ok(sink !== undefined && sink.lost > 0, 'what found no room is lost')
  t.ok(sink !== undefined && sink.waitingBytes <= 6000, `${String(sink?.waitingBytes)} bytes wait`)
  t.equal(sink?.delivered, 0)
  t.match(sink?.lastProblem, /ECONNREFUSED/)
})

t.test('however the process ends, as without it, what there is by then is delivered', async (t) => {
  for (const end of ['natural', 'exit', 'loop']) {
    const { stub, url } = await startStub(t)
    // Windows as long as the test: the only one is that of the end.
    const options = { pyroscope: { url, app: 'app' }, windowMs: 600_000, windows: 0, end }
    const program = await startProgram(t, [PROGRAM, JSON.stringify(options)])
    if (end === 'loop') await until(() => program.stdout().includes('looping'), 'it does not loop')
    const { code, signal } = end === 'loop' ? await program.end('SIGTERM') : await program.end()
    t.equal(code, { natural: 0, exit: 3, loop: null }[end], `${end}: exit code`)
    t.equal(signal, end === 'loop' ? 'SIGTERM' : null, `${end}: signal`)
    t.equal(program.stderr(), '', end)
    t.strictSame(stub.complaints, [])
    t.equal(stub.accepted.length, 1, `${end}: one window`)
  }
})

t.test('a folder keeps the newest files, up to a number and to a size, and touches no others', async (t) => {
  for (const limits of [{ keep: 3 }, { maxBytes: 1 }]) {
    const path = join(scratchFolder(t), 'profiles')
    const others = [
      'nativeprof-other-1-20260101T000000.000.pb.gz',
      'mine.pb.gz',
      'nativeprof-continuous-1.html',
    ]
    const directory = { path, ...limits }
    const first = await runNode([PROGRAM, JSON.stringify({ directory, windows: 1, windowMs: 100 })])
    t.equal(first.code, 0)
    const before = readdirSync(path).sort()
    for (const other of others) writeFileSync(join(path, other), 'x')
    const { stdout, code } = await runNode([
      PROGRAM,
      JSON.stringify({ directory, windows: 5, windowMs: 100 }),
    ])
    t.equal(code, 0)
    t.equal(countedIn(stdout).sinks[0]?.lost, 0)
    const files = readdirSync(path)
    t.strictSame(files.filter((name) => others.includes(name)).sort(), [...others].sort())
    const ours = files.filter((name) => !others.includes(name)).sort()
    t.equal(ours.length, 'keep' in limits ? 3 : 1)
    t.ok(
      ours.every((name) => !before.includes(name)),
      'those of the process before are the oldest',
    )
    for (const name of ours) {
      t.match(name, /^nativeprof-continuous-\d+-\d{8}T\d{6}\.\d{3}\.pb\.gz$/)
      t.ok(gunzipSync(readFileSync(join(path, name))).includes('nanoseconds'))
      t.equal(statSync(join(path, name)).mode & 0o777, 0o600)
    }
  }
})

t.test('bad options are refused with a code, and nothing is started', (t) => {
  const push = { url: 'http://localhost:4040', app: 'app' }
  const bad: (() => unknown)[] = [
    () => pyroscope({ ...push, url: 'localhost:4040' }),
    () => pyroscope({ ...push, url: 'not a url' }),
    () => pyroscope({ ...push, url: 'ftp://localhost' }),
    () => pyroscope({ ...push, app: '' }),
    () => pyroscope({ ...push, app: 'a{b=c}' }),
    () => pyroscope({ ...push, labels: { __name__: 'x' } }),
    () => pyroscope({ ...push, labels: { 'a-b': 'x' } }),
    () => pyroscope({ ...push, labels: { a: 'x,b=y' } }),
    () => pyroscope({ ...push, labels: { a: 'x}' } }),
    () => pyroscope({ ...push, labels: { a: 'x\ny' } }),
    () => pyroscope({ ...push, labels: { a: '' } }),
    () => pyroscope({ ...push, token: 'a\r\nX-Evil: 1' }),
    () => pyroscope({ ...push, token: 'a', user: 'b' }),
    () => pyroscope({ ...push, timeoutMillis: -1 }),
    () => startContinuous({ sinks: [] }),
    () => startContinuous({ windowMs: 5, sinks: [pyroscope(push)] }),
    () => startContinuous({ sinks: [{} as never] }),
    () => startContinuous({ hz: -1, sinks: [pyroscope(push)] }),
    () => directory({ path: '' }),
    () => directory({ path: scratchFolder(t), keep: 0 }),
    () => directory({ path: scratchFolder(t), maxBytes: 0.5 }),
  ]
  for (const action of bad) {
    try {
      action()
      t.fail(`accepted: ${String(action)}`)
    } catch (error) {
      t.ok(error instanceof NativeprofError, String(error))
      t.equal((error as NativeprofError).code, 'ERR_NATIVEPROF_INVALID_ARGUMENT', String(action))
    }
  }
  t.throws(() => directory({ path: '/proc/nowhere' }), { code: 'ERR_NATIVEPROF_OUTPUT' })
  t.throws(() => directory({ path: scratchFolder(t), format: 'flame' as never }), {
    code: 'ERR_NATIVEPROF_UNKNOWN_FORMAT',
  })
  t.end()
})
