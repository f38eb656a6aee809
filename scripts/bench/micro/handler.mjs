// handler.mjs [--millis 1500] [--json] — what a tick costs in its handler: our whole walk, V8's walk of the same stack, and everything
// that the handler does; by depth and by what is running. Cycles of the processor's time stamp counter, median and p99.
// Needs the addon that does both walks for every tick; builds it. The two take turns at going first, so half of the ticks
// of each find the stack in the processor's cache; the last two columns are the ratios of those ticks alone that each walked
// first, and second. What both need of the leaf is not counted as V8's, but has been fetched before V8 walks.

import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { buildComparing } from '../../build-native.mjs'
import { median } from '../statistics.mjs'
import { print, row } from './rows.mjs'

const NO_OPTIMIZER = ['--no-opt', '--no-maglev']
const KINDS = {
  interpreted: { flags: [...NO_OPTIMIZER, '--no-sparkplug'], leaf: compute },
  baseline: { flags: [...NO_OPTIMIZER, '--always-sparkplug'], leaf: compute },
  optimized: { flags: ['--no-maglev', '--no-turbo-inlining'], leaf: compute },
  native: { flags: ['--no-maglev', '--no-turbo-inlining'], leaf: hash },
}
const DEPTHS = [10, 50, 250]
/** Calls that compile a recursion with all tiers. */
const HEATING_CALLS = 20_000

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { millis: { type: 'string', default: '1500' }, json: { type: 'boolean', default: false } },
})
const millis = Number(values.millis)

if (positionals.length > 0) console.log(JSON.stringify(await measure(positionals[0], Number(positionals[1]))))
else if (values.json) print(rowsOfAll())
else showAll()

function* runAll() {
  buildComparing()
  const env = { ...process.env }
  delete env.NODE_OPTIONS
  for (const [kind, { flags }] of Object.entries(KINDS)) {
    for (const depth of DEPTHS) {
      const args = [...flags, fileURLToPath(import.meta.url), '--millis', values.millis, kind, String(depth)]
      const measured = JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8', env }))
      yield { name: `${kind} ${depth}`, ...measured }
    }
  }
}

function showAll() {
  const columns = [
    'frames',
    'ticks',
    'ours',
    'of that VM state',
    "V8's",
    'handler',
    'ours / V8’s',
    'each first',
    'each second',
  ]
  console.log(`node ${process.version}; cycles, median (p99)\n${['', ...columns].join(' | ')}`)
  for (const each of runAll()) {
    const cells = [each.frames, each.ticks, each.own, each.vmState, each.v8, each.handler, ...each.ratios]
    console.log([each.name, ...cells].join(' | '))
  }
}

function rowsOfAll() {
  return [...runAll()].map(({ name, frames, ticks, own, v8, handler, ratios }) =>
    row(
      `handler, ${name}: cycles, p50 (p99)`,
      `all ${handler}, of that our walk ${own}; V8's walk ${v8}; ours / V8's ${ratios[0]} (${frames} frames, ${ticks} ticks)`,
    ),
  )
}

async function measure(kind, wantedFrames) {
  const { recordTicks } = await import('../../compare/ticks.mjs')
  const { leaf } = KINDS[kind]
  for (let i = 0; i < HEATING_CALLS; i++) descend(20, () => 1)
  const run = (depth, forMillis) => () => {
    const end = performance.now() + forMillis
    while (performance.now() < end) descend(depth, leaf)
  }
  // What is under the recursion differs by version.
  const { ticks: first } = await recordTicks(run(1, 200), { periodMicros: 4000 })
  const under = median(first.map(({ depth }) => depth))
  const { ticks } = await recordTicks(run(Math.max(1, wantedFrames - under), millis), { periodMicros: 4000 })
  // A collection is walked by us alone.
  const both = ticks.filter(
    ({ own, comparison: { vmState, outcome } }) => own !== null && vmState !== 'gc' && outcome === 'whole',
  )
  const of = (part) => both.map(({ comparison }) => comparison.cycles[part])
  const ofTurn = (part, v8First) =>
    both
      .filter(({ comparison }) => comparison.v8First === v8First)
      .map(({ comparison }) => comparison.cycles[part])
  return {
    frames: median(both.map(({ depth }) => depth)),
    ticks: both.length,
    own: show(of('own')),
    vmState: show(of('vmState')),
    v8: show(of('v8')),
    handler: show(of('handler')),
    ratios: [
      median(of('own')) / median(of('v8')),
      median(ofTurn('own', false)) / median(ofTurn('v8', true)),
      median(ofTurn('own', true)) / median(ofTurn('v8', false)),
    ].map((ratio) => ratio.toFixed(3)),
  }
}

function show(cycles) {
  const sorted = [...cycles].sort((a, b) => a - b)
  return `${Math.round(median(cycles))} (${sorted[Math.floor(sorted.length * 0.99)]})`
}

function descend(left, leaf) {
  return left === 0 ? leaf() : 1 + descend(left - 1, leaf)
}

function compute() {
  let sum = 0
  for (let i = 0; i < 200_000; i++) sum = (Math.imul(sum, 31) + i) | 0
  return sum & 1
}

function hash() {
  return createHash('sha256')
    .update((hash.data ??= Buffer.alloc(4 * 2 ** 20)))
    .digest()[0]
}
