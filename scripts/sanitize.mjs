// sanitize.mjs [--only <part of a name>] — builds the addon under AddressSanitizer and UndefinedBehaviorSanitizer, loads it into this
// node, which is not built so, and profiles programs that put it under load. Ends with 1 if a sanitizer has something to say, a
// program ends in another way than by itself, or its ticks do not add up.
// What ThreadSanitizer would need, a node that is built with it, there is not; the C++ tests run under it.

import { execFileSync, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { buildSanitized } from './build-native.mjs'
import { ROOT } from './native-build.mjs'

const { values } = parseArgs({ options: { only: { type: 'string', default: '' } } })

const PROGRAMS = [
  ['load/rates.mjs', 'process', '1000', '1500'],
  ['load/rates.mjs', 'thread', '1000', '1500'],
  ['load/rates.mjs', 'perf', '10000', '1500'],
  ['load/rates.mjs', 'wall', '1000', '1500'],
  ['load/cycles.mjs', '100', 'process'],
  ['load/recursion.mjs', '500'],
  ['load/storm.mjs', '3000'],
  ['load/wasm.mjs', '1000'],
  ['load/live-functions.mjs', '10000'],
  ['stress.mjs', '8000'],
  ['worker-churn.mjs', '60', '7', 'sampled'],
].filter(([name]) => name.includes(values.only))

const folder = buildSanitized('address,undefined')
const preloads = ['libasan.so', 'libubsan.so'].map((name) =>
  execFileSync(process.env.CXX ?? 'g++', [`-print-file-name=${name}`], { encoding: 'utf8' }).trim(),
)
const env = {
  ...process.env,
  NATIVEPROF_PREBUILD: folder,
  LD_PRELOAD: preloads.join(':'),
  // V8 never gives its heap back at the end, and reads past a stack's end are what the profiler's walk is checked for elsewhere.
  ASAN_OPTIONS: 'detect_leaks=0:abort_on_error=1:detect_odr_violation=0',
  UBSAN_OPTIONS: 'halt_on_error=1:print_stacktrace=1',
}
delete env.NODE_OPTIONS

for (const [name, ...args] of PROGRAMS) {
  const all = ['--expose-gc', join(ROOT, 'test/fixtures', name), ...args]
  const options = { env, encoding: 'utf8', timeout: 600_000, maxBuffer: 2 ** 26 }
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, all, options)
  const told = stderr.trim() === '' ? '' : `\n${stderr.slice(0, 6000)}`
  const problem =
    status !== 0 || told !== '' ? `${signal ?? `exit code ${status}`}${told}` : problemOf(stdout)
  if (problem !== null) process.exitCode = 1
  console.log(
    `${problem === null ? 'ok' : 'NOT OK'}: ${[name, ...args].join(' ')}${problem === null ? '' : `: ${problem}`}`,
  )
}

function problemOf(stdout) {
  const { counters, wrong = 0 } = JSON.parse(stdout)
  const { ticks, samples, dropped, notWalkable } = counters
  if (ticks === samples + dropped + notWalkable && ticks > 0 && wrong === 0) return null
  return JSON.stringify({ counters, wrong })
}
