// The profiler under load: at every engine's highest rate, started and stopped without end, under very deep stacks and very many
// functions, in each way that V8 can run JavaScript, and flooded with signals from outside. The program ends as it would,
// every tick is accounted for, and no frame has a wrong caller. `npm run soak` does the same for longer.

import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import type { Counters } from 'nativeprof'
import { ROOT, fixture, runNode, scratchFolder } from './support/run-program.js'
import { whyNoTimer } from './support/timer.js'
import { COMPILER } from './support/tools.js'

interface Outcome {
  readonly counters: Counters
  readonly totalTicks: number
  readonly sampleTicks: number
  readonly samplesForgotten: number
}

async function runLoad<More>(
  t: Test,
  name: string,
  args: readonly (string | number)[],
  flags: readonly string[] = [],
): Promise<Outcome & More> {
  const all = ['--expose-gc', ...flags, fixture(`load/${name}.mjs`), ...args.map(String)]
  const { code, signal, stdout, stderr } = await runNode(all, { deadlineMillis: 240_000 })
  t.equal(signal, null)
  t.equal(code, 0, stderr)
  t.equal(stderr.replace(/^Warning: disabling flag .*\n/m, ''), '')
  const outcome = JSON.parse(stdout) as Outcome & More
  const { ticks, samples, dropped, notWalkable } = outcome.counters
  t.comment(stdout.slice(0, 400))
  t.ok(ticks > 0, `${ticks} ticks`)
  t.equal(ticks, samples + dropped + notWalkable, 'ticks = samples + dropped + not walkable')
  // At the highest rate a slow machine may not take every stack down.
  t.ok(dropped <= (args.includes(10_000) ? 0.1 * ticks : 0), `${dropped} dropped`)
  t.ok(notWalkable <= 5 + ticks / 50, `${notWalkable} of ${ticks} were not walkable`)
  t.equal(outcome.totalTicks, samples, 'the totals add up to the samples')
  if (outcome.samplesForgotten === 0) t.equal(outcome.sampleTicks, samples, 'and so do the single samples')
  return outcome
}

const RATES = [
  ['process', 1000],
  ['thread', 1000],
  ['wall', 1000],
  ['perf', 10_000],
] as const

for (const [timer, hz] of RATES) {
  t.test(
    `three busy threads under the timer ${timer} at ${hz} Hz`,
    { skip: whyNoTimer(timer) },
    async (t) => {
      const { counters } = await runLoad(t, 'rates', [timer, hz, 500])
      t.ok(counters.ticks > 20, `${counters.ticks} ticks`)
    },
  )
}

t.test('400 starts and stops leave nothing behind, each with its ticks accounted for', async (t) => {
  const { before, after } = await runLoad<Record<'before' | 'after', Record<string, number>>>(t, 'cycles', [
    400,
    'process',
  ])
  t.ok((after['files'] ?? 0) <= (before['files'] ?? 0), 'no file stays open')
  t.ok((after['threads'] ?? 0) <= (before['threads'] ?? 0), 'no thread stays')
  const grown = (after['rss'] ?? 0) - (before['rss'] ?? 0)
  // Eight megabytes of buffer for each would be 2.4 GB.
  t.ok(grown < 100 * 2 ** 20, `${grown} bytes more after 300 of them`)
})

t.test('recursion a thousand frames deep is whole, and stack overflow stays a RangeError', async (t) => {
  const { overflows, workerCode, wrong } = await runLoad<Record<string, number>>(t, 'recursion', [400])
  t.ok((overflows ?? 0) > 0, `${overflows} overflows`)
  t.equal(workerCode, 0, 'in a worker with half a megabyte of stack, too')
  t.equal(wrong, 0, 'no stack has another number of frames than there were')
})

t.test(
  'of 20,000 functions that live, move and are dropped, none has a caller that is not its own',
  async (t) => {
    const { live, wrong } = await runLoad<Record<string, number>>(t, 'live-functions', [20_000])
    t.comment(`${live} ticks in them`)
    t.equal(wrong, 0)
  },
)

t.test('WebAssembly that calls back, traps and overflows the stack, compiled and dropped', async (t) => {
  const { spins, traps } = await runLoad<Record<string, number>>(t, 'wasm', [500])
  t.ok((traps ?? 0) > 0, `${traps} traps`)
  t.ok((spins ?? 0) > 0, `${spins} ticks are in its function, by its name`)
})

const WAYS = [
  [],
  ['--jitless'],
  ['--no-opt'],
  ['--interpreted-frames-native-stack'],
  ['--always-sparkplug', '--stress-flush-code'],
  ['--single-threaded', '--no-lazy'],
  ['--lite-mode'],
]

for (const flags of WAYS) {
  const title = `functions made and dropped without end, in contexts of their own, ${flags.join(' ') || 'by default'}`
  t.test(title, async (t) => {
    // One in twenty, of which there have to be enough to tell; see docs/promises.md.
    const mayBeWrong = flags.includes('--interpreted-frames-native-stack')
    const { chains, wrong, wrongs, unknown } = await runLoad<{
      chains: number
      wrong: number
      wrongs: string[]
      unknown: number
    }>(t, 'storm', [mayBeWrong ? 3000 : 600], flags)
    t.ok(chains > 0, `${chains} ticks in chains`)
    t.ok(
      wrong * 20 <= (mayBeWrong ? chains : 0),
      `${wrong} of ${chains} have a wrong caller: ${wrongs.join('\n')}`,
    )
    t.equal(unknown, 0, 'no code is unknown')
  })
}

t.test(
  'a flood of SIGPROF from outside, with forged codes, is kept apart',
  { skip: COMPILER.skip },
  async (t) => {
    const flood = join(scratchFolder(t), 'flood')
    execFileSync(COMPILER.path, ['-x', 'c', '-O1', '-o', flood, join(ROOT, 'test/support/flood.c')])
    const { counters, sent } = await runLoad<{ sent: number }>(t, 'flood', [flood, 1000, 'thread'])
    t.ok(sent > 10_000, `${sent} signals were sent`)
    t.ok(counters.forwarded > 0, `${counters.forwarded} of them came`)
    t.ok(counters.forwarded <= sent, 'and no more than were sent')
  },
)
