// Workers that come and go while the process is sampled at the highest rate: nothing crashes, hangs or leaks, and every
// tick is accounted for.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { Counters } from 'nativeprof'
import { AUTO, fixture, runNode, scratchFolder } from './support/run-program.js'

const SEED = 7
const FEW = 200 // from there on, what V8 and malloc() keep for the next worker does not grow any more
const MANY = 500
const DEADLINE_MILLIS = 120_000
const MEBIBYTE = 2 ** 20

interface Outcome {
  readonly counters?: Counters
  readonly totalTicks: number
  /** In use after a full collection. */
  readonly heapUsedBytes: number
  /** Resident memory that is not V8's heap. */
  readonly otherBytes: number
}

async function churn(count: number, how: 'sampled' | 'plain'): Promise<Outcome> {
  const args = ['--expose-gc', fixture('worker-churn.mjs'), String(count), String(SEED), how]
  // One arena: else how much malloc() keeps depends on which threads asked for it at the same time.
  const env = { MALLOC_ARENA_MAX: '1' }
  const { code, signal, stdout, stderr } = await runNode(args, { env, deadlineMillis: DEADLINE_MILLIS })
  if (code !== 0 || stderr !== '') throw new Error(`${count} workers, ${how}: ${code} ${signal} ${stderr}`)
  return JSON.parse(stdout) as Outcome
}

t.test(`${MANY} workers end at random moments, at most 8 at a time`, async (t) => {
  const many = await churn(MANY, 'sampled')
  const { ticks, samples, dropped, notWalkable } = many.counters as Counters
  t.ok(ticks > 200, `${ticks} ticks`)
  t.equal(ticks, samples + dropped + notWalkable, 'ticks = samples + dropped + not walkable')
  t.equal(many.totalTicks, samples, 'the totals add up to the samples')
  t.ok(notWalkable <= ticks / 50, `${notWalkable} of ${ticks} were not walkable`)

  const few = await churn(FEW, 'sampled')
  const plain = await churn(FEW, 'plain')
  const told = JSON.stringify({ many, few, plain })
  // A leak of a megabyte per worker, as of what is known of its code, would be 300 MiB. Without one, what is resident at the
  // end differs by up to 90 MiB from run to run, with 200 workers as with 1,500.
  t.ok(
    many.otherBytes <= few.otherBytes + 130 * MEBIBYTE,
    `native memory does not grow with the workers: ${told}`,
  )
  const perTick = (many.heapUsedBytes - few.heapUsedBytes) / (many.totalTicks - few.totalTicks)
  t.ok(perTick < 4096, `nor does the heap, but for what is kept of the ticks: ${told}`)
  t.ok(few.otherBytes <= plain.otherBytes + 150 * MEBIBYTE, `sampling needs no more than that: ${told}`)
})

t.test('workers that load it at the same time, and are terminated meanwhile, crash nothing', async (t) => {
  const { code, signal, stdout, stderr } = await runNode([fixture('worker-loads.mjs'), '80'], {
    deadlineMillis: DEADLINE_MILLIS,
  })
  t.equal(signal, null)
  t.equal(code, 0)
  t.equal(stderr, '')
  const { loaded, counters } = JSON.parse(stdout) as { loaded: number; counters: Counters }
  t.ok(loaded > 0 && loaded < 80, `${loaded} of 80 had loaded it when their end came`)
  t.equal(counters.ticks, counters.samples + counters.dropped + counters.notWalkable)
})

const ENDS = [
  ['exit', 7, /^$/],
  ['terminate', 0, /^$/],
  ['throw', 1, /Error: thrown in a worker/],
] as const

for (const [how, expected, errors] of ENDS) {
  t.test(`a program whose workers end by ${how} ends as it would, with a profile`, async (t) => {
    const file = join(scratchFolder(t), 'profile.collapsed')
    const { code, signal, stdout, stderr } = await runNode(['-r', AUTO, fixture('worker-ends.cjs'), how], {
      env: { NATIVEPROF_OUT: file, NATIVEPROF_HZ: '1000', NATIVEPROF_QUIET: '1' },
      deadlineMillis: DEADLINE_MILLIS,
    })
    t.equal(signal, null)
    t.equal(code, expected)
    t.equal(stdout, '')
    t.match(stderr, errors)
    t.ok(existsSync(file), 'the profile is there')
  })
}
