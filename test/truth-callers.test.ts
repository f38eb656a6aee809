// Is every caller true? Functions whose callers can be read off their names, compiled, heated, deoptimized, dropped and
// collected without end, so that memory of dead code is used again all the time.

import t from 'tap'
import { fixture, runNode } from './support/run-program.js'

const SEED = 20

t.test('in 2,000 samples of chains that can only be one way, no frame has a wrong parent', async (t) => {
  const { stdout, stderr, code } = await runNode([fixture('callers.mjs'), '10', String(SEED)])
  t.equal(code, 0, stderr)
  const { generations, jsSamples, counters, violations } = JSON.parse(stdout) as {
    generations: number
    jsSamples: number
    counters: { ticks: number; samples: number; dropped: number; notWalkable: number }
    violations: Record<string, number>
  }
  t.comment(`${generations} generations, ${jsSamples} samples with JavaScript, ${JSON.stringify(counters)}`)
  t.ok(jsSamples >= 2000, `${jsSamples} samples with JavaScript`)
  t.strictSame(violations, {})
  t.equal(counters.dropped, 0)
  t.ok(
    counters.notWalkable <= counters.ticks / 100,
    `${counters.notWalkable} of ${counters.ticks} not walkable`,
  )
})

t.test('the same records give wrong parents if code that was overwritten is not forgotten', async (t) => {
  const { stdout, stderr, code } = await runNode([fixture('callers-replay.mjs'), '8', String(SEED)])
  t.equal(code, 0, stderr)
  const { samples, wrong, wrongUnforgetting } = JSON.parse(stdout) as {
    samples: number
    wrong: number
    wrongUnforgetting: number
  }
  t.comment(`${samples} samples: ${wrong} wrong, ${wrongUnforgetting} wrong with a map that forgets nothing`)
  t.equal(wrong, 0)
  // Node 22 puts new code where dead code was soon enough for this to be sure to show.
  if (process.versions.node.startsWith('22.')) t.ok(wrongUnforgetting > 0)
})
