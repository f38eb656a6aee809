// always-on.mjs [--pairs 10] [--requests 40000] — Fastify under autocannon, sampled all the time at 100 Hz with labels by route and the
// pull handler, which is asked for one window after the other; and the same server without, in turns. Prints the cost by direct
// accounting, and throughput and latency as ratios with their 95 % intervals.

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

const WINDOW_SECONDS = 2

const { values } = parseArgs({
  options: { pairs: { type: 'string', default: '10' }, requests: { type: 'string', default: '40000' } },
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
  const url = `http://127.0.0.1:${/port (\d+)/.exec(said)[1]}/debug/pprof/profile?seconds=${WINDOW_SECONDS}`
  let windows = 0
  while (!signal.aborted) {
    try {
      const response = await fetch(url, { signal })
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
  const shares = runs.map(({ on: { facts } }) => {
    const { handlerNanos, codeEventNanos, scannerNanos, drainNanos } = facts.cost
    return ((handlerNanos + codeEventNanos + scannerNanos + drainNanos) / facts.durationNanos) * 100
  })
  const windows = runs.reduce((sum, { on }) => sum + on.windows, 0)
  console.log(`node ${process.version}, ${pairs} pairs of ${requests} requests, ${windows} windows pulled`)
  console.log(
    `direct accounting   ${median(shares).toFixed(2)} % of a core (median; most ${Math.max(...shares).toFixed(2)} %)`,
  )
  console.log(`requests per second ${ratio(({ perSecond }) => perSecond)}`)
  console.log(`p50                 ${ratio(({ p50Millis }) => p50Millis)}`)
  console.log(`p99                 ${ratio(({ p99Millis }) => p99Millis)}`)
  console.log(`CPU time            ${ratio(({ cpuSeconds }) => cpuSeconds)}`)
}
