// A program that never goes back to its event loop is sampled all the same, whole.

import t from 'tap'
import type { Test } from 'tap'
import { fixture, runNode } from './support/run-program.js'

interface Facts {
  readonly counters: {
    ticks: number
    samples: number
    dropped: number
    notWalkable: number
    truncated: number
  }
  readonly coverage: number
  readonly cpuNanos: number
  readonly depths: Record<string, number>
  readonly collecting: number
  readonly inOrder: number
}

async function runBlocked(t: Test): Promise<Facts> {
  const { stdout, stderr, code } = await runNode(['--single-threaded', fixture('blocked.mjs')])
  t.equal(code, 0, stderr)
  t.comment(stdout.trim())
  return JSON.parse(stdout) as Facts
}

const isFull = (coverage: number): boolean => coverage >= 0.98 && coverage <= 1.02

t.test(
  '30 s of a loop that never yields, 100 frames deep: nothing is dropped, and all is there at stop()',
  async (t) => {
    // As in truth-phases.test.ts: next to other busy processes the kernel's own ticks are charged unevenly, now one way
    // and now the other. A wrong period is as wrong again.
    let facts = await runBlocked(t)
    for (let again = 0; again < 2 && !isFull(facts.coverage); again++) facts = await runBlocked(t)
    const { counters, coverage, cpuNanos, depths, collecting, inOrder } = facts
    t.equal(counters.dropped, 0)
    t.equal(counters.truncated, 0)
    t.equal(counters.ticks, counters.samples + counters.notWalkable)
    t.equal(inOrder, counters.samples)
    t.ok(isFull(coverage), `coverage ${coverage.toFixed(4)} of ${(cpuNanos / 1e9).toFixed(1)} s`)
    t.strictSame(Object.keys(depths), ['101'], 'every stack has all its frames')
    t.ok((depths['101'] ?? 0) + collecting >= counters.samples * 0.98)
  },
)

t.test('a stack deeper than the limit keeps both its ends and says where it was cut', async (t) => {
  const { stdout } = await runNode([fixture('deep.mjs'), '1000'])
  const within = JSON.parse((await runNode([fixture('deep.mjs'), '10'])).stdout) as { roots: string[] }
  const { truncated, cuts, lengths, roots, descends } = JSON.parse(stdout) as {
    truncated: number
    cuts: number[]
    lengths: number[]
    roots: string[]
    descends: number[]
  }
  t.ok(truncated > 20, `${truncated} truncated`)
  t.strictSame(cuts, [1], 'each stack was cut once')
  t.strictSame(roots, within.roots, 'and begins as one that was not cut')
  t.ok(
    lengths.every((length) => length > 200 && length <= 257),
    `${Math.min(...lengths)} to ${Math.max(...lengths)} frames`,
  )
  // A quarter of the limit is kept from the root, and what starts a program in node takes up a part of that.
  t.ok(
    descends.every((count) => count >= 192),
    `${Math.min(...descends)} to ${Math.max(...descends)} frames of the recursion`,
  )
})

t.test('a stack within the limit is not said to be cut', async (t) => {
  const { stdout } = await runNode([fixture('deep.mjs'), '200'])
  const { truncated, roots, descends } = JSON.parse(stdout) as {
    truncated: number
    roots: string[]
    descends: number[]
  }
  t.equal(truncated, 0)
  t.notOk(roots.includes('(truncated)'))
  t.ok(descends.every((count) => count === 201))
})
