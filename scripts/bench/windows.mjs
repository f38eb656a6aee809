// windows.mjs [--seconds 60] [--hz 100] [--json] — what it costs to be profiled, within one process. Two answers:
//   - by direct accounting, which is exact: ticks x (delivery + handler) + code events + drains, over the CPU time;
//   - by comparison, which is what a user sees and is noisy: CPU time with and without, in alternating windows of a second, the ratio
//     with its 95 % interval.
// `npm run bench:overhead`; a part of `npm run bench`, which reads its JSON. Neighbour: run.mjs (process against process).

import process from 'node:process'
import { parseArgs } from 'node:util'
import { startSampler } from '../../dist/index.js'
import { median, ratioInterval, showRatio } from './statistics.mjs'
import { WINDOW_WORK } from './window-work.mjs'

const WINDOW_MILLIS = 1000

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    hz: { type: 'string', default: '100' },
    json: { type: 'boolean', default: false },
  },
})
const hz = Number(values.hz)
// At least two pairs, for one has no interval.
const pairs = Math.max(2, Math.round(Number(values.seconds) / 2))

const deliveryNanos = measureDelivery()
const windows = []
for (const [name, work] of Object.entries(WINDOW_WORK)) windows.push(await measureWindows(name, work))
if (values.json) console.log(JSON.stringify({ hz, deliveryNanos, windows }))
else show()

// A signal to oneself, minus the system call that sends it. The handler finds no tick of ours and forwards to nobody.
function measureDelivery() {
  const rounds = 20_000
  const sampler = startSampler({ hz: 1 })
  const time = (signal) => {
    const start = process.hrtime.bigint()
    for (let i = 0; i < rounds; i++) process.kill(process.pid, signal)
    return Number(process.hrtime.bigint() - start) / rounds
  }
  const best = Math.min(...Array.from({ length: 5 }, () => time('SIGPROF') - time(0)))
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
  for (let pair = 0; pair < pairs; pair++) {
    let off = 0
    if (pair % 2 === 0) off = await cpuPerRound()
    const sampler = startSampler({ hz })
    const first = sampler.snapshot()
    const on = await cpuPerRound()
    shares.push(accountFor(first, sampler.stop()))
    if (pair % 2 === 1) off = await cpuPerRound()
    ratios.push(on / off)
  }
  const middle = Object.fromEntries(
    Object.keys(shares[0]).map((key) => [key, median(shares.map((share) => share[key]))]),
  )
  return { name, ratios, percent: middle }
}

// Between two snapshots of one recording, so that the listing of existing code at the start is not in it. Percent of the CPU time.
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

function show() {
  console.log(`node ${process.version}, ${hz} Hz`)
  console.log(
    `delivery of a signal, kernel and an idle handler: ${(deliveryNanos / 1000).toFixed(2)} us (upper bound)\n`,
  )
  for (const { name, ratios, percent } of windows) {
    const of = (key) => percent[key].toFixed(3)
    console.log(`${name}, windows in one process`)
    console.log(`  CPU time on / off        ${showRatio(ratioInterval(ratios))}`)
    console.log(
      `  direct accounting        ${of('total')} % of a core (median of ${ratios.length} windows)\n` +
        `    of that: delivery ${of('delivery')}, handler ${of('handler')}, ` +
        `code events ${of('codeEvents')}, drains ${of('drains')}\n` +
        `    handler ${percent.handlerMicros.toFixed(1)} us a tick, ${percent.ticks} ticks a window\n`,
    )
  }
}
