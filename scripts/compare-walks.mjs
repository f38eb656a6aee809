// compare-walks.mjs [--seconds 10] [--seed 1] [--json] [program…] — how our own walk and V8's differ, tick by tick, in an addon
// that does both for every tick (native/walk_comparison.h). Each program of compare/programs.mjs runs in a process of its
// own. Only JavaScript frames are compared: V8 has no others. Which of two that differ is right is known for `chains` alone.
// Fails if our walk is wrong there once.

import { execFileSync } from 'node:child_process'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { buildComparing } from './build-native.mjs'
import { PROGRAMS } from './compare/programs.mjs'

const RUN = fileURLToPath(new URL('compare/run-program.mjs', import.meta.url))

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: 'string', default: '10' },
    seed: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
  },
})
const names = positionals.length > 0 ? positionals : Object.keys(PROGRAMS)

try {
  const unknown = names.filter((name) => !Object.hasOwn(PROGRAMS, name))
  if (unknown.length > 0) throw new Error(`no program ${unknown}; there are ${Object.keys(PROGRAMS)}`)
  buildComparing()
  const results = names.map((name) => compare(name))
  if (values.json) console.log(JSON.stringify(results))
  else for (const result of results) show(result)
  if (results.some(({ wrong }) => Object.keys(wrong).length > 0)) process.exitCode = 1
} catch (error) {
  console.error(`compare-walks: ${error.message}`)
  process.exitCode = 1
}

function compare(name) {
  const env = { ...process.env }
  delete env.NODE_OPTIONS // the test runner's own
  const output = execFileSync(process.execPath, [RUN, name, values.seconds, values.seed], {
    encoding: 'utf8',
    env,
  })
  return JSON.parse(output)
}

function show({ name, hasRules, counters, compared, agreeing, differences, broken, wrong }) {
  const { ticks, notWalkable, walkedByV8 } = counters
  console.log(
    `${name}: ${ticks} ticks; with JavaScript in one of the walks ${compared}, equal ${percent(agreeing, compared)}`,
  )
  for (const [kind, found] of Object.entries(differences).sort(([, a], [, b]) => b.count - a.count)) {
    const { count, ownRight, v8Right, bothRight, neitherRight, example } = found
    console.log(`  ${String(count).padStart(6)}  ${kind}`)
    if (hasRules) {
      console.log(
        `          right: ours ${ownRight}, V8's ${v8Right}, both ${bothRight}, neither ${neitherRight}`,
      )
    }
    console.log(`          ours: … ${example.own.join(' → ')}\n          V8's: … ${example.v8.join(' → ')}`)
  }
  console.log(
    `  came to no end: ${percent(walkedByV8, ticks)} walked by V8, ${percent(notWalkable, ticks)} not walkable`,
  )
  for (const [where, count] of Object.entries(broken).sort(([, a], [, b]) => b - a)) {
    console.log(`  ${String(count).padStart(6)}  ${where}`)
  }
  for (const [violation, { count, example }] of Object.entries(wrong)) {
    console.log(`  WRONG ${count}  ${violation}`)
    console.log(`          ours: … ${example.own.join(' → ')}\n          V8's: … ${example.v8.join(' → ')}`)
  }
}

function percent(part, whole) {
  return whole === 0 ? 'none' : `${((part / whole) * 100).toFixed(2)} % (${part})`
}
