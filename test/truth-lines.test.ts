// Are lines true? A function with a cheap line and a costly one, in each of V8's tiers, held against the time that the program
// itself measured for each.

import { readFileSync } from 'node:fs'
import t from 'tap'
import { fixture, runNode } from './support/run-program.js'

interface Facts {
  readonly clock: { cheap: number; costly: number }
  /** By the lines of three functions, callers first. */
  readonly ticks: Record<string, number>
  readonly tiers: Record<string, number>
  readonly all: number
  readonly notes: readonly string[]
}

const MAJOR = Number(process.versions.node.split('.')[0])
const HAS_MAGLEV = MAJOR >= 24

/**
 * Lines of bytecode V8 announces, and what it announces of TurboFan's code is the proof for Maglev's. Maglev gives all but the
 * first round of a loop that it has peeled the loop's own line; its tables have no better one.
 */
const TIERS: Readonly<Record<string, readonly string[]>> = {
  interpreted: ['--no-opt', '--no-sparkplug', ...(HAS_MAGLEV ? ['--no-maglev'] : [])],
  baseline: ['--no-opt', '--always-sparkplug', ...(HAS_MAGLEV ? ['--no-maglev'] : [])],
  ...(HAS_MAGLEV ? { maglev: ['--turbo-filter=provenByTurbofan', '--no-maglev-loop-peeling'] } : {}),
  turbofan: HAS_MAGLEV ? ['--no-maglev'] : [],
}

const FIXTURE = readFileSync(fixture('lines.mjs'), 'utf8').split('\n')

function lineCalled(name: string): number {
  const index = FIXTURE.findIndex((text) => text.endsWith(`// line: ${name}`))
  if (index < 0) throw new Error(`no line is called ${name}`)
  return index + 1
}

for (const [tier, flags] of Object.entries(TIERS)) {
  t.test(`${tier}: a line has the share of the ticks that it has of the time`, async (t) => {
    const { stdout, stderr, code } = await runNode(['--single-threaded', ...flags, fixture('lines.mjs')])
    t.equal(code, 0, stderr)
    t.comment(stdout.trim())
    const { clock, ticks, tiers } = JSON.parse(stdout) as Facts
    const sumOf = (...places: readonly string[]): number =>
      places.reduce((sum, place) => sum + (ticks[place] ?? 0), 0)
    const placeOf = (kind: string): string =>
      [lineCalled('call of the caller'), lineCalled(`call ${kind}`), lineCalled(kind)].join(' ')
    const all = sumOf(...Object.keys(ticks))
    t.ok(all >= 150, `${all} ticks`)
    t.ok((tiers[tier] ?? 0) >= all * 0.98, JSON.stringify(tiers))

    const share = clock.costly / (clock.cheap + clock.costly)
    const error = Math.sqrt(all * share * (1 - share))
    for (const [kind, wanted] of [
      ['costly', all * share],
      ['cheap', all * (1 - share)],
    ] as const) {
      const got = sumOf(placeOf(kind))
      t.ok(
        Math.abs(got - wanted) <= 3 * error,
        `${kind}: ${got} ticks for ${wanted.toFixed(1)}, standard error ${error.toFixed(1)}`,
      )
    }
    // What a call costs itself is at its first line, at its last one, or between.
    const elsewhere = all - sumOf(placeOf('cheap'), placeOf('costly'))
    t.ok(elsewhere <= 3 + all * 0.02, `${elsewhere} of ${all} ticks are at other lines, or under other calls`)
  })
}
