// churn.mjs <seconds> sampled|plain — a program whose code never stays the same. Prints its memory every ten seconds, after a full
// collection, as a line of JSON. What it keeps itself is bounded, so whatever grows is the profiler's.

import process from 'node:process'
import vm from 'node:vm'
import { startSampler } from 'nativeprof'

const EVALUATIONS_PER_ROUND = 31

const [seconds, how] = [Number(process.argv[2]), process.argv[3]]
const kept = []
let sink = 0

/** New functions, some hot enough to be optimized. One in a hundred lives on for a while, between those that die. */
function evaluate(round) {
  for (let i = 1; i < EVALUATIONS_PER_ROUND; i++) {
    const body = `let sum = ${round}; for (let i = 0; i < n; i++) sum = (sum * 31 + i) % ${1000 + i}; return sum`
    const made = new Function('n', `const f${round}_${i} = (n) => { ${body} }\nreturn f${round}_${i}(n)`)
    sink += made(i % 10 === 0 ? 20_000 : 100)
    if (i === 1 && round % 3 === 0) kept[round % 1000] = made
  }
  const source = `(function script${round}(n) { return [...Array(n).keys()].map((x) => x * ${round}).length })(200)`
  sink += new vm.Script(source, { filename: `script-${round}.js` }).runInThisContext()
  if (round % 50 === 0) sink += vm.runInNewContext(`(function inContext${round}() { return ${round} })()`)
}

function match(round) {
  const text = `key${round}=value; `.repeat(50)
  sink += [...text.matchAll(new RegExp(`(${round}|k)e?y(\\d+)=`, 'g'))].length
}

let round = 0

function report(sampler, elapsed) {
  const ticks = sampler?.snapshot().counters.ticks ?? 0
  globalThis.gc()
  const { rss, heapUsed, external } = process.memoryUsage()
  const evaluations = round * EVALUATIONS_PER_ROUND
  console.log(JSON.stringify({ elapsed, rssBytes: rss, usedBytes: heapUsed + external, ticks, evaluations }))
}

const sampler = how === 'sampled' ? startSampler({ hz: 1000 }) : null
const start = performance.now()
let next = 10
while (performance.now() - start < seconds * 1000) {
  for (const end = performance.now() + 100; performance.now() < end; round++) {
    evaluate(round)
    match(round)
  }
  await new Promise(setImmediate)
  const elapsed = (performance.now() - start) / 1000
  if (elapsed < next) continue
  next += 10
  report(sampler, Math.round(elapsed))
}
const profile = sampler?.stop()
if (Number.isNaN(sink)) throw new Error('the work came to nothing')
const lengthOf = (key) => profile?.[key].length
const sizes = { stacks: lengthOf('stacks'), functions: lengthOf('functions'), scripts: lengthOf('scripts') }
console.log(JSON.stringify({ counters: profile?.counters, sizes, notes: profile?.notes }))
