// Every thread of a process is sampled: workers by their functions, if they take part, and as native code if not; libuv's
// pool by what it was asked to do.

import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import type { Counters, Thread } from 'nativeprof'
import { AUTO, fixture, runNode, scratchFolder } from './support/run-program.js'
import { has, hottest, isAtLeast, ticksInText, ticksOf } from './support/stacks.js'
import type { PlainStack } from './support/stacks.js'

const MIN_TICKS = 15
const EXACT_WITHIN = 0.02
const MAX_RUNS = 3

interface Outcome {
  readonly stacks: readonly PlainStack[]
  readonly threads: readonly Thread[]
  readonly counters: Counters
  readonly coverage: number
  readonly cpuNanos: number
  readonly durationNanos: number
  readonly weightNanos: number
}

function coresOf({ cpuNanos, durationNanos }: Outcome): number {
  return cpuNanos / durationNanos
}

// The program has at least four threads that never wait. Where others compete with it for the cores, the kernel, which
// counts CPU time for the process's timer in whole ticks, gives it too many or too few.
function isQuiet(outcome: Outcome): boolean {
  return coresOf(outcome) >= 0.85 * Math.min(availableParallelism(), 4)
}

function isExact({ coverage }: Outcome): boolean {
  return Math.abs(coverage - 1) <= EXACT_WITHIN
}

function isQuietAndExact(outcome: Outcome): boolean {
  return isQuiet(outcome) && isExact(outcome)
}

async function runThreads(): Promise<Outcome> {
  const { code, stdout, stderr } = await runNode([fixture('threads.mjs'), 'api'])
  if (code !== 0) throw new Error(stderr)
  return JSON.parse(stdout) as Outcome
}

t.test('a program with workers that samples itself', async (t) => {
  const outcome = await runThreads()
  const { stacks, threads, counters, cpuNanos, weightNanos } = outcome
  const named = (word: string): PlainStack[] => stacks.filter((stack) => has(stack, word))

  for (const [work, name, when] of [
    ['burnLeft', 'left', 'was busy before the sampler started'],
    ['burnRight', 'right', 'started while the sampler was running'],
  ] as const) {
    t.test(`a worker that ${when} is a thread with its functions`, async (t) => {
      const found = named(work)
      t.ok(ticksOf(found) >= MIN_TICKS, `${ticksOf(found)} ticks`)
      t.ok(found.every(({ thread }) => thread.kind === 'worker'))
      const numbers = new Set(found.map(({ thread }) => thread.name))
      t.equal(numbers.size, 1, 'in one thread')
      // Only newer versions of node tell a worker its name.
      t.match([...numbers][0], new RegExp(`^\\d+(?: \\(${name}\\))?$`))
      const ofThread = stacks.filter(
        (stack) =>
          numbers.has(stack.thread.name) &&
          !has(stack, '(nativeprof)') &&
          !has(stack, '(worker, not attached)'),
      )
      const [part, ticks] = [ticksOf(found), ticksOf(ofThread)]
      t.ok(isAtLeast(part, ticks, 0.95), `${part} of ${ticks} have its function`, {
        hottest: hottest(ofThread),
      })
    })
  }

  t.test('a worker that does not take part is native code, and is called so', async (t) => {
    const found = named('(worker, not attached)').filter(({ thread }) => thread.kind === 'other')
    t.ok(ticksOf(found) >= MIN_TICKS, `${ticksOf(found)} ticks`)
    t.ok(found.every(({ frames }) => frames[0]?.name === '(worker, not attached)'))
    t.equal(ticksOf(named('burnAlone')), 0)
  })

  t.test("libuv's pool is called by what it does", async (t) => {
    for (const word of ['crypto pbkdf2', 'zlib']) {
      const found = named(word).filter(({ frames }) => frames[0]?.name === '(libuv pool)')
      t.ok(ticksOf(found) >= 5, `${ticksOf(found)} ticks of ${word}`, {
        hottest: hottest(named('(libuv pool)')),
      })
      t.ok(found.every(({ thread, frames }) => thread.kind === 'other' && frames[1]?.name === word))
    }
  })

  t.test('attachThread() is nothing to the main thread', async (t) => {
    t.equal(threads[0]?.kind, 'main')
    t.strictSame(
      threads.filter(({ kind }) => kind !== 'other').map(({ kind }) => kind),
      ['main', 'worker', 'worker'],
    )
    const ids = threads.map(({ tid }) => tid)
    t.equal(new Set(ids).size, ids.length, 'and no thread is there twice')
  })

  t.test('every tick is accounted for', async (t) => {
    checkCounters(t, counters)
    t.equal(ticksOf(stacks), counters.samples)
    const ratio = weightNanos / cpuNanos
    t.ok(Math.abs(ratio - 1) <= EXACT_WITHIN, `the weights add up to ${ratio} of the CPU time`)
  })

  t.test('ticks × period are the CPU time of the process, where the machine has room for it', async (t) => {
    const runs = [outcome]
    while (runs.length < MAX_RUNS && !runs.some(isQuietAndExact)) runs.push(await runThreads())
    const quiet = runs.filter(isQuiet)
    const told = runs
      .map((run) => `${run.coverage.toFixed(3)} on ${coresOf(run).toFixed(2)} cores`)
      .join(', ')
    if (quiet.length === 0) t.pass('coverage', { skip: `the machine is busy: ${told}` })
    else t.ok(quiet.some(isExact), `coverage ${told}`)
  })
})

t.test('the same program under the preload', async (t) => {
  const file = join(scratchFolder(t), 'profile.collapsed')
  const { code, stdout, stderr } = await runNode(['-r', AUTO, fixture('threads.mjs')], {
    env: { NATIVEPROF_OUT: file },
  })
  t.equal(code, 0, stderr)
  t.equal(stdout, '')
  const text = readFileSync(file, 'utf8')
  const expected = [
    /^\(worker[ _]1(?: \(left\))?\);.*;WORKS\.burnLeft [^;]+threads-worker\.mjs:/,
    /^\(worker[ _]2(?: \(right\))?\);.*;WORKS\.burnRight [^;]+threads-worker\.mjs:/,
    /^\(worker, not attached\)$/,
  ]
  for (const stack of expected) {
    t.ok(ticksInText(text, stack) >= MIN_TICKS, `${ticksInText(text, stack)} ticks of ${stack.source}`, {
      text,
    })
  }
  for (const word of ['crypto pbkdf2', 'zlib']) {
    t.ok(ticksInText(text, new RegExp(`^\\(libuv pool\\);${word}$`)) > 0, word)
  }
  t.equal(ticksInText(text, /burnAlone/), 0)
})

t.test('workers that attach themselves and end at once', async (t) => {
  const { code, signal, stdout, stderr } = await runNode([fixture('threads-brief.mjs')])
  t.equal(signal, null)
  t.equal(code, 0, stderr)
  t.equal(stderr, '')
  const { codes, counters, threads } = JSON.parse(stdout) as Pick<Outcome, 'counters' | 'threads'> & {
    codes: number[]
  }
  t.strictSame(codes, Array<number>(12).fill(0))
  checkCounters(t, counters)
  t.equal(threads.filter(({ kind }) => kind === 'main').length, 1)
  const workers = threads.filter(({ kind }) => kind === 'worker')
  t.ok(workers.length <= 10, `${workers.length} of 10 workers were seen`)
})

function checkCounters(t: Test, { ticks, samples, dropped, notWalkable }: Counters): void {
  t.equal(ticks, samples + dropped + notWalkable, 'ticks = samples + dropped + not walkable')
  t.equal(dropped, 0, 'none is dropped')
  t.ok(notWalkable <= ticks / 50, `${notWalkable} of ${ticks} were not walkable`)
}
