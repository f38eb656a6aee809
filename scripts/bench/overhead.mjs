// overhead.mjs — what it costs to be profiled at 100 Hz. Two answers:
//   - by direct accounting, which is exact: ticks x (delivery + handler) + code events + drains, over the CPU time;
//   - by comparison, which is what a user sees and is noisy: CPU time with and without, in alternating windows inside one
//     process, and in alternating pairs of processes, each ratio with its 95 % interval; memory from the pairs.
// Usage: node scripts/bench/overhead.mjs [--seconds 60] [--pairs 7] [--hz 100]     Linux, needs python3 for the pairs.

import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { startSampler } from 'nativeprof'
import { median, ratioInterval, showRatio } from './statistics.mjs'
import { WORKLOADS } from './workloads.mjs'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    pairs: { type: 'string', default: '7' },
    hz: { type: 'string', default: '100' },
  },
})
const hz = Number(values.hz)
const WINDOW_MILLIS = 1000
const root = fileURLToPath(new URL('../..', import.meta.url))

console.log(`node ${process.version}, ${hz} Hz`)
const deliveryNanos = measureDelivery()
console.log(
  `delivery of a signal, kernel and an idle handler: ${(deliveryNanos / 1000).toFixed(2)} us (upper bound)\n`,
)
for (const [name, work] of Object.entries(WORKLOADS)) await measureWindows(name, work)
measureProcesses()

// A signal to oneself, minus the system call that sends it. The handler finds no tick of ours and forwards to nobody.
function measureDelivery() {
  const rounds = 20_000
  const sampler = startSampler({ hz: 1 })
  const time = (signal) => {
    const start = process.hrtime.bigint()
    for (let i = 0; i < rounds; i++) process.kill(process.pid, signal)
    return Number(process.hrtime.bigint() - start) / rounds
  }
  const best = Array.from({ length: 5 }, () => time('SIGPROF') - time(0)).sort((a, b) => a - b)[0]
  sampler.stop()
  return best
}

async function measureWindows(name, work) {
  const turn = () => new Promise((done) => setImmediate(done))
  const cpuPerRound = async () => {
    const until = performance.now() + WINDOW_MILLIS
    const before = process.cpuUsage()
    let rounds = 0
    for (; performance.now() < until; rounds++) {
      work()
      await turn()
    }
    const { user, system } = process.cpuUsage(before)
    return (user + system) / rounds
  }
  await cpuPerRound() // until the compiler is done
  const ratios = []
  const shares = []
  for (let pair = 0; pair < Number(values.seconds) / 2; pair++) {
    let off = 0
    let on = 0
    const measureOn = async () => {
      const sampler = startSampler({ hz })
      const first = sampler.snapshot()
      on = await cpuPerRound()
      const last = sampler.stop()
      shares.push(accountFor(first, last))
    }
    if (pair % 2 === 0) off = await cpuPerRound()
    await measureOn()
    if (pair % 2 === 1) off = await cpuPerRound()
    ratios.push(on / off)
  }
  const of = (key) => median(shares.map((share) => share[key]))
  console.log(`${name}, windows in one process`)
  console.log(`  CPU time on / off        ${showRatio(ratioInterval(ratios))}`)
  console.log(
    `  direct accounting        ${of('total').toFixed(3)} % of a core (median of ${shares.length} windows)`,
  )
  console.log(
    `    of that: delivery ${of('delivery').toFixed(3)}, handler ${of('handler').toFixed(3)}, ` +
      `code events ${of('codeEvents').toFixed(3)}, drains ${of('drains').toFixed(3)}`,
  )
  console.log(`    handler ${of('handlerMicros').toFixed(1)} us a tick, ${of('ticks')} ticks a window\n`)
}

// Between two snapshots of one recording, so that the listing of existing code at the start is not in it.
function accountFor(first, last) {
  const ticks = last.counters.ticks - first.counters.ticks
  const share = (nanos) => (100 * nanos) / (last.cpuNanos - first.cpuNanos)
  const handlerNanos = last.cost.handlerNanos - first.cost.handlerNanos
  const parts = {
    delivery: share(ticks * deliveryNanos),
    handler: share(handlerNanos),
    codeEvents: share(last.cost.codeEventNanos - first.cost.codeEventNanos),
    drains: share(last.cost.drainNanos - first.cost.drainNanos),
  }
  const total = Object.values(parts).reduce((sum, part) => sum + part, 0)
  return { ...parts, total, ticks, handlerMicros: handlerNanos / ticks / 1000 }
}

function measureProcesses() {
  const tsc = [
    join(root, 'node_modules/typescript/bin/tsc'),
    '--noEmit',
    '--skipLibCheck',
    'false',
    '-p',
    root,
  ]
  const auto = fileURLToPath(import.meta.resolve('nativeprof/auto'))
  const folder = mkdtempSync(join(tmpdir(), 'nativeprof-bench-'))
  const on = () =>
    measured(['-r', auto, ...tsc], {
      NATIVEPROF_OUT: `${folder}/`,
      NATIVEPROF_QUIET: '1',
      NATIVEPROF_HZ: String(hz),
    })
  const off = () => measured(tsc, {})
  const pairs = Array.from({ length: Number(values.pairs) }, (_, i) => {
    if (i % 2 === 1) return { on: on(), off: off() }
    const without = off()
    return { on: on(), off: without }
  })
  rmSync(folder, { recursive: true })
  console.log('type-checking with TypeScript, process against process, start to end, report written')
  console.log(
    `  CPU time on / off        ${showRatio(ratioInterval(pairs.map((pair) => pair.on.cpu / pair.off.cpu)))}`,
  )
  const extra = pairs.map((pair) => (pair.on.maxRssKib - pair.off.maxRssKib) / 1024)
  console.log(
    `  peak memory, on - off    ${median(extra).toFixed(1)} MiB (median; ${extra.map((mib) => mib.toFixed(0)).join(' ')})`,
  )
}

// CPU time and peak memory of a child, which only wait4() tells.
function measured(args, env) {
  const script = `
import json, os, resource, subprocess, sys
code = subprocess.call(sys.argv[1:], stdout=subprocess.DEVNULL)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps({"cpu": used.ru_utime + used.ru_stime, "maxRssKib": used.ru_maxrss}))`
  const output = execFileSync('python3', ['-c', script, process.execPath, ...args], {
    env: { ...process.env, ...env },
    cwd: dirname(root),
  })
  return JSON.parse(output.toString())
}
