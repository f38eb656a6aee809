// break-layout.mjs [--quick] [--json] — breaks what is known of V8's heap, one number after the other, and runs a program on each:
// does anything crash, or show a chain of functions that cannot be? `--quick`: three faults a number instead of six.
// Fails if something does. Needs the addon that can be broken, which it builds (native/heap/layout.cc).

import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { COMPARING_FOLDER, buildComparing } from './build-native.mjs'
import { ROOT } from './native-build.mjs'

const PROGRAM = join(ROOT, 'test/fixtures/broken-layout.mjs')
const DEADLINE_MILLIS = 60_000
// The version, which the layout is found by.
const NOT_BROKEN = ['v8_major', 'v8_minor']

const { values: options } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, json: { type: 'boolean', default: false } },
})

buildComparing()
const members = [
  ...readFileSync(join(ROOT, 'native/heap/layout.h'), 'utf8').matchAll(/^ {2}int (\w+);/gm),
].map(([, name]) => name)
const faults = members.flatMap((name, i) => {
  if (NOT_BROKEN.includes(name)) return []
  const added = options.quick ? [8, i % 2 === 0 ? 1 : -1] : [8, -8, 1, -1, 16]
  const swapped = i + 1 < members.length ? [`${i}=${i + 1}`] : []
  return [...added.map((value) => `${i}:${value}`), ...swapped].map((how) => ({ name, how }))
})
const whole = await run({ name: 'nothing', how: '' })
const results = [whole]
await Promise.all(
  Array.from({ length: Math.min(2, availableParallelism()) }, async () => {
    for (let fault; (fault = faults.shift()) !== undefined;) results.push(await run(fault))
  }),
)
const isBad = ({ ending, wrong }) => ending !== 0 || Object.keys(wrong).length > 0
const bad = results.filter(isBad)
if (bad.length > 0 || whole.chains === 0) process.exitCode = 1
if (options.json) {
  console.log(JSON.stringify(results))
} else {
  for (const { name, how, tables, whyNoTables, chains } of results) {
    console.log(`${name} ${how}: ${tables}${whyNoTables && `, ${whyNoTables}`}; ${chains} chains`)
  }
  for (const result of bad) console.log('BAD', JSON.stringify(result))
  console.log(`${results.length} runs, ${bad.length} bad`)
}

/** Whatever becomes of it. */
async function run({ name, how }) {
  const env = { ...process.env, NATIVEPROF_PREBUILD: COMPARING_FOLDER, NATIVEPROF_BREAK_LAYOUT: how }
  delete env.NODE_OPTIONS // the test runner's own
  const args = ['--allow-natives-syntax', PROGRAM]
  const child = spawn(process.execPath, args, { env, timeout: DEADLINE_MILLIS, killSignal: 'SIGKILL' })
  let [stdout, stderr] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text) => (stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text))
  const [code, signal] = await new Promise((done) => child.on('close', (...ending) => done(ending)))
  const ending = signal ?? code
  const told = ending === 0 ? JSON.parse(stdout) : { wrong: {}, stderr: stderr.slice(-2000) }
  return { name, how, ending, ...told }
}
