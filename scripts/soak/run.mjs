// run.mjs [--list] [--only <part of a name>] — the profiler under load for as long as it takes to trust it: each program of the load
// tests at its full size, then memory under code churn for ten minutes. One line each; ends with 1 if one goes wrong. About half an
// hour on two quiet cores.

import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { ROOT } from '../native-build.mjs'

const DEADLINE_MILLIS = 3_600_000

const { values } = parseArgs({
  options: { list: { type: 'boolean', default: false }, only: { type: 'string', default: '' } },
})

const STORM_FLAGS = [
  [],
  ['--jitless'],
  ['--no-opt'],
  ['--interpreted-frames-native-stack'],
  ['--always-sparkplug', '--stress-flush-code'],
  ['--stress-compaction'],
  ['--gc-interval=100'],
  ['--single-threaded', '--no-lazy'],
  ['--lite-mode'],
  ['--perf-basic-prof'],
  ['--max-semi-space-size=1'],
]
const scratch = mkdtempSync(join(tmpdir(), 'nativeprof-soak-'))
const flood = join(scratch, 'flood')
const RUNS = [
  ...['process', 'thread', 'perf', 'wall'].map((timer) =>
    load('rates', timer, timer === 'perf' ? 10_000 : 1000, 20_000),
  ),
  load('cycles', 10_000, 'process'),
  load('cycles', 2000, 'thread'),
  load('cycles', 2000, 'wall'),
  load('recursion', 20_000),
  load('live-functions', 200_000),
  load('wasm', 20_000),
  ...STORM_FLAGS.map((flags) => ({ ...load('storm', 20_000), flags })),
  ...['process', 'thread', 'wall'].map((timer) => load('flood', flood, 20_000, timer)),
  { file: 'test/fixtures/worker-churn.mjs', args: [1000, 7, 'sampled'], flags: [] },
  { file: 'test/fixtures/stress.mjs', args: [120_000], flags: [] },
  { file: 'scripts/soak/memory.mjs', args: [], flags: [], isScript: true },
].filter((run) => nameOf(run).includes(values.only))

try {
  if (values.list) for (const run of RUNS) console.log(nameOf(run))
  else await runAll()
} finally {
  rmSync(scratch, { recursive: true, force: true })
}

async function runAll() {
  execFileSync(process.env.CC ?? 'cc', ['-O1', '-o', flood, join(ROOT, 'test/support/flood.c')])
  for (const run of RUNS) {
    const started = performance.now()
    const problem = await problemOf(run)
    const seconds = ((performance.now() - started) / 1000).toFixed(0)
    console.log(
      `${problem === null ? 'ok' : 'NOT OK'}: ${nameOf(run)}, ${seconds} s${problem === null ? '' : `: ${problem}`}`,
    )
    if (problem !== null) process.exitCode = 1
  }
}

function load(name, ...args) {
  return { file: `test/fixtures/load/${name}.mjs`, args, flags: [] }
}

function nameOf({ file, args, flags }) {
  return [...flags, file.replace(/^.*\/(?=[^/]+$)/, ''), ...args].join(' ').replace(`${scratch}/`, '')
}

/** Null if all is well. */
async function problemOf({ file, args, flags, isScript = false }) {
  const env = { ...process.env }
  delete env.NODE_OPTIONS
  const all = ['--expose-gc', ...flags, join(ROOT, file), ...args.map(String)]
  const child = spawn(process.execPath, all, {
    env,
    cwd: scratch,
    stdio: ['ignore', isScript ? 'inherit' : 'pipe', 'pipe'],
    timeout: DEADLINE_MILLIS,
    killSignal: 'SIGKILL',
  })
  let [stdout, stderr] = ['', '']
  child.stdout?.setEncoding('utf8').on('data', (text) => (stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text))
  const [code, signal] = await new Promise((done) => child.on('close', (...ending) => done(ending)))
  const told = stderr.replace(/^Warning: disabling flag .*\n/gm, '')
  if (code !== 0 || told !== '') return `${signal ?? `exit code ${code}`} ${told.slice(0, 2000)}`
  return isScript ? null : wrongIn(JSON.parse(stdout))
}

function wrongIn({ counters, totalTicks, wrong = 0, before, after }) {
  const { ticks, samples, dropped, notWalkable } = counters
  const isWhole = ticks === samples + dropped + notWalkable && ticks > 0 && totalTicks === samples
  const isGrown =
    after !== undefined && (after.files > before.files || after.rss > before.rss + 100 * 2 ** 20)
  const isGood = isWhole && wrong === 0 && !isGrown && notWalkable <= 5 + ticks / 50
  return isGood ? null : JSON.stringify({ counters, totalTicks, wrong, before, after })
}
