// run-program.mjs <program> <seconds> <seed> — runs a program of programs.mjs under both walks and prints, as JSON, how they
// differ: for compare-walks.mjs, which gives each one a process of its own.

import process from 'node:process'
import { violationsOf } from '../../test/fixtures/chain-rules.mjs'
import { differenceOf } from './differences.mjs'
import { PROGRAMS } from './programs.mjs'
import { recordTicks } from './ticks.mjs'

const [name, seconds, seed] = process.argv.slice(2)
const { run, hasRules } = PROGRAMS[name]
const { ticks, counters } = await recordTicks(() => run(Number(seconds), Number(seed)))

const differences = {}
const broken = {}
const wrong = {}
let compared = 0
let agreeing = 0
for (const tick of ticks) {
  const { comparison, own, v8, brokenAt } = tick
  if (comparison.brokenAt !== 0 || comparison.outcome !== 'whole') {
    const where = `${comparison.outcome} at ${brokenAt || '(leaf)'}`
    broken[where] = (broken[where] ?? 0) + 1
  }
  if (own === null) continue
  // Where our walk came to no end, V8's has taken its place, and there is nothing to compare.
  if (comparison.outcome !== 'whole') continue
  const ownJs = own.filter(isJavaScript)
  const v8Js = v8.filter(isJavaScript)
  const ownWrong = hasRules ? violationsOf(own) : []
  for (const violation of ownWrong) {
    const found = (wrong[violation] ??= {
      count: 0,
      example: { own: describe(own), v8: describe(v8), comparison },
    })
    found.count++
  }
  if (ownJs.length + v8Js.length === 0) continue
  compared++
  const difference = differenceOf(
    ownJs.map(({ place }) => place),
    v8Js.map(({ place }) => place),
    comparison,
  )
  if (difference === null) {
    agreeing++
    continue
  }
  const found = (differences[difference] ??= {
    count: 0,
    ownRight: 0,
    v8Right: 0,
    bothRight: 0,
    neitherRight: 0,
    example: null,
  })
  found.count++
  if (hasRules) found[verdictOf(ownWrong.length === 0, violationsOf(v8).length === 0)]++
  found.example ??= { own: describe(own), v8: describe(v8), vmState: comparison.vmState }
}
console.log(JSON.stringify({ name, hasRules, counters, compared, agreeing, differences, broken, wrong }))

function isJavaScript({ kind }) {
  return kind === 'js'
}

function verdictOf(ownIsRight, v8IsRight) {
  if (ownIsRight) return v8IsRight ? 'bothRight' : 'ownRight'
  return v8IsRight ? 'v8Right' : 'neitherRight'
}

// The leaf end, which is where they differ.
function describe(frames) {
  return frames.slice(-6).map(({ name, kind, tier }) => `${name} [${tier ?? kind}]`)
}
