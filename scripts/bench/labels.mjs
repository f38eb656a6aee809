// labels.mjs [--windows 9] — what labels cost: a call of withLabels(), an await under labels, and a tick in the handler, each with
// and without, in windows inside one process: medians, and of the handler, by the wall clock, the best window. The hooks that older versions of node need are there for
// good once labels have been used, so what is without labels is measured before.

import process from 'node:process'
import { parseArgs } from 'node:util'
import { startSampler, subtract, withLabels } from '../../dist/index.js'
import { median } from './statistics.mjs'

const { values } = parseArgs({ options: { windows: { type: 'string', default: '9' } } })
const windows = Number(values.windows)
const AWAITS = 200_000
const CALLS = 200_000
const WINDOW_MILLIS = 500
const ROUTES = ['/a', '/b', '/c', '/d']

const plain = (_, fn) => fn()
const labelled = (i, fn) => withLabels({ route: ROUTES[i % ROUTES.length] }, fn)

async function awaits(run) {
  const work = async () => {
    for (let i = 0; i < AWAITS / ROUTES.length; i++) await null
  }
  await Promise.all(ROUTES.map((_, i) => run(i, work)))
}

function calls(run) {
  let count = 0
  for (let i = 0; i < CALLS; i++) run(i, () => count++)
}

async function nanosEach(work, count) {
  await work()
  const nanos = []
  for (let i = 0; i < windows; i++) {
    const before = process.cpuUsage()
    await work()
    const { user, system } = process.cpuUsage(before)
    nanos.push(((user + system) * 1000) / count)
  }
  return Math.round(median(nanos))
}

function spin() {
  const end = performance.now() + WINDOW_MILLIS
  let sum = 0
  while (performance.now() < end) sum = (Math.imul(sum, 31) + 1) | 0
  return sum
}

function handlerMicros() {
  const sampler = startSampler({ hz: 250 })
  const micros = { plain: [], labelled: [] }
  for (let i = 0; i < 2 * windows; i++) {
    const [name, run] = i % 2 === 0 ? ['plain', plain] : ['labelled', labelled]
    const before = sampler.snapshot()
    run(i, spin)
    const { cost, counters } = subtract(sampler.snapshot(), before)
    micros[name].push(cost.handlerNanos / counters.ticks / 1000)
  }
  sampler.stop()
  return [micros.plain, micros.labelled].map((each) => Math.min(...each).toFixed(2))
}

const plainAwait = await nanosEach(() => awaits(plain), AWAITS)
const plainCall = await nanosEach(() => calls(plain), CALLS)
const labelledAwait = await nanosEach(() => awaits(labelled), AWAITS)
const labelledCall = await nanosEach(() => calls(labelled), CALLS)
const [plainTick, labelledTick] = handlerMicros()
console.log(`node ${process.version}; without and with labels
await      ${plainAwait} ns, ${labelledAwait} ns of CPU time
call       ${plainCall} ns, ${labelledCall} ns
handler    ${plainTick} us, ${labelledTick} us a tick`)
