// always-on.mjs [--pairs 4] [--requests 600000] — Fastify under autocannon, sampled all the time at 100 Hz with labels by route and the
// pull handler, which is asked for one window after the other; and the same server without, in turns. Prints the cost by direct
// accounting, once it has warmed up for half as many requests, and throughput and latency as ratios with their 95 % intervals.

import process from 'node:process'
import { setTimeout as delay } from 'node:timers/promises'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { measureChild } from './children.mjs'
import { installDependencies } from './install.mjs'
import { askServer } from './load.mjs'
import { HERE } from './places.mjs'
import { median, ratioInterval, showRatio } from './statistics.mjs'

/** Grafana Alloy asks for 14 at a time, `go tool pprof` for 30. */
const WINDOW_SECONDS = 10

const { values } = parseArgs({
  options: { pairs: { type: 'string', default: '4' }, requests: { type: 'string', default: '600000' } },
})
const requests = Number(values.requests)
const pairs = Number(values.pairs)

for (const problem of installDependencies()) console.log(problem)
const folder = mkdtempSync(join(tmpdir(), 'nativeprof-bench-'))
const runs = []
try {
  for (let pair = 0; pair < pairs; pair++) {
    const order = pair % 2 === 0 ? [false, true] : [true, false]
    const both = {}
    for (const isOn of order) both[isOn ? 'on' : 'off'] = await measure(isOn)
    runs.push(both)
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
report()

async function measure(isOn) {
  const { stdout, answer, cpuSeconds } = await measureChild([join(HERE, 'programs/server.mjs')], {
    env: isOn ? { ALWAYS_ON: '1' } : {},
    folder,
    meanwhile: async (said) => {
      const isDone = new AbortController()
      const pulling = isOn ? pull(said, isDone.signal) : Promise.resolve(0)
      await askServer(said, Math.ceil(requests / 2), { ends: false })
      await fetch(`http://127.0.0.1:${/port (\d+)/.exec(said)[1]}/warm`)
      const begin = performance.now()
      const latencies = await askServer(said, requests)
      const seconds = (performance.now() - begin) / 1000
      isDone.abort()
      return { ...latencies, perSecond: requests / seconds, windows: await pulling }
    },
  })
  const facts = isOn ? JSON.parse(stdout.split('\n').find((line) => line.startsWith('{'))) : null
  return { ...answer, cpuSeconds, facts }
}

/** How many windows came before `signal`. */
async function pull(said, signal) {
  const url = `http://127.0.0.1:${/port (\d+)/.exec(said)[1]}/debug/pprof/profile`
  let windows = 0
  while (!signal.aborted) {
    // The first one, in which names are looked for in the sources, belongs to getting going.
    const seconds = windows === 0 ? 1 : WINDOW_SECONDS
    try {
      const response = await fetch(`${url}?seconds=${seconds}`, { signal })
      if (response.ok && (await response.arrayBuffer()).byteLength > 0) windows++
    } catch {
      // The server has been told to end, or is about to.
      await delay(50)
    }
  }
  return windows
}

function report() {
  const ratio = (valueOf) => showRatio(ratioInterval(runs.map(({ on, off }) => valueOf(on) / valueOf(off))))
  const partOf = (names) =>
    runs.map(({ on: { facts } }) => {
      // Draining is in what its own samples say of nativeprof, and so is writing what was pulled.
      const costs = { ...facts.cost, ownNanos: facts.ownNanos }
      const nanos = names.reduce((sum, name) => sum + costs[name], 0)
      return (nanos / facts.durationNanos) * 100
    })
  const parts = ['handlerNanos', 'codeEventNanos', 'scannerNanos', 'ownNanos']
  const shares = partOf(parts)
  const windows = runs.reduce((sum, { on }) => sum + on.windows, 0)
  console.log(`node ${process.version}, ${pairs} pairs of ${requests} requests, ${windows} windows pulled`)
  console.log(
    `direct accounting   ${median(shares).toFixed(2)} % of a core (median; most ${Math.max(...shares).toFixed(2)} %)`,
  )
  for (const part of parts)
    console.log(`  ${part.replace('Nanos', '').padEnd(18)}${median(partOf([part])).toFixed(2)} %`)
  console.log(`requests per second ${ratio(({ perSecond }) => perSecond)}`)
  console.log(`p50                 ${ratio(({ p50Millis }) => p50Millis)}`)
  console.log(`p99                 ${ratio(({ p99Millis }) => p99Millis)}`)
  console.log(`CPU time            ${ratio(({ cpuSeconds }) => cpuSeconds)}`)
}
