// Are inlined functions true? Chains of functions that compilers copy into one another, made in all ways that JavaScript has.
// Their callers can be read off their names, and the program times its leaves itself.

import t from 'tap'
import type { Test } from 'tap'
import { fixture, runNode } from './support/run-program.js'

interface Facts {
  /** By chain, CPU time in microseconds with the one leaf and with the other. */
  readonly clock: Record<string, [number, number]>
  /** By chain: all; with functions that were inlined; by leaf. */
  readonly ticks: Record<string, { all: number; inlined: number; leaves: Record<string, number> }>
  readonly tiers: Record<string, number>
  readonly violations: Record<string, number>
  readonly notes: readonly string[]
}

const LEAVES = ['d3_divide', 'd3_mix'] as const
const ROUNDS = 6
const CHAINS = 9

const MAJOR = Number(process.versions.node.split('.')[0])

interface Program {
  readonly rounds?: number
  /** As far as this V8's tables are believed at the most. */
  readonly level?: 'none' | 'lines'
  readonly flags?: readonly string[]
}

async function runChains(t: Test, { rounds = ROUNDS, level, flags = [] }: Program): Promise<Facts> {
  const args = [String(rounds), ...(level === undefined ? [] : [level])]
  const { stdout, stderr, code } = await runNode([
    '--single-threaded',
    ...flags,
    fixture('inlining.mjs'),
    ...args,
  ])
  t.equal(code, 0, stderr)
  t.comment(stdout.trim())
  return JSON.parse(stdout) as Facts
}

/** By how many standard errors a leaf has other ticks than it has time, at most; for each chain. */
function errorsOf(runs: readonly Facts[]): Map<string, number> {
  const errors = new Map<string, number>()
  for (const chain of Object.keys(runs[0]?.clock ?? {})) {
    const sum = (valueOf: (facts: Facts) => number | undefined): number =>
      runs.reduce((all, facts) => all + (valueOf(facts) ?? 0), 0)
    const ticks = sum((facts) => facts.ticks[chain]?.all)
    const micros = sum((facts) => (facts.clock[chain]?.[0] ?? 0) + (facts.clock[chain]?.[1] ?? 0))
    const errorOf = (leaf: string, kind: number): number => {
      const share = sum((facts) => facts.clock[chain]?.[kind]) / micros
      const got = sum((facts) => facts.ticks[chain]?.leaves[leaf])
      return Math.abs(got - ticks * share) / Math.sqrt(ticks * share * (1 - share))
    }
    errors.set(chain, Math.max(...LEAVES.map(errorOf)))
  }
  return errors
}

function isWithinNoise(errors: ReadonlyMap<string, number>): boolean {
  return errors.size === CHAINS && [...errors.values()].every((error) => error <= 3)
}

/** Of runs that fail once, there is a second one: a fault is the same fault again, and in twice the ticks it stands out more. */
async function checkChains(t: Test, program: Program): Promise<Facts> {
  const first = await runChains(t, program)
  let errors = errorsOf([first])
  if (!isWithinNoise(errors)) errors = errorsOf([first, await runChains(t, program)])
  for (const [chain, error] of errors) t.ok(error <= 3, `${chain}: ${error.toFixed(2)} standard errors`)
  t.equal(errors.size, CHAINS)
  t.strictSame(first.violations, {}, 'no frame has a wrong caller')
  const { all, inlined } = Object.values(first.ticks).reduce((sum, each) => ({
    all: sum.all + each.all,
    inlined: sum.inlined + each.inlined,
    leaves: {},
  }))
  t.ok(all >= 100, `${all} ticks`)
  t.ok(inlined >= all * 0.75, `${inlined} of them with functions that were inlined`)
  return first
}

t.test('leaves that were inlined have the ticks that they have of the time, and their callers', async (t) => {
  const { tiers, ticks } = await checkChains(t, {})
  const all = Object.values(ticks).reduce((sum, each) => sum + each.all, 0)
  t.ok((tiers['turbofan'] ?? 0) > all * 0.9, JSON.stringify(tiers))
})

// TurboFan compiles one function, without which there is no proof that tables are read well. Node 20 and 22 are built without Maglev.
t.test('the same of Maglev', { skip: MAJOR < 24 && 'no Maglev is built into this V8' }, async (t) => {
  const flags = ['--maglev', '--turbo-filter=provenByTurbofan']
  const { tiers, ticks } = await checkChains(t, { rounds: 3, flags })
  const all = Object.values(ticks).reduce((sum, each) => sum + each.all, 0)
  t.ok((tiers['maglev'] ?? 0) > all * 0.9, JSON.stringify(tiers))
})

t.test('without the tables of inlined functions, no chain passes', async (t) => {
  for (const level of ['none', 'lines'] as const) {
    const facts = await runChains(t, { rounds: 2, level })
    const errors = errorsOf([facts])
    t.equal(errors.size, CHAINS)
    for (const [chain, error] of errors)
      t.ok(error > 3, `${chain}, ${level}: ${error.toFixed(2)} standard errors`)
  }
})
