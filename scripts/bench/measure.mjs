// measure.mjs — one run of one workload under one peer, and all that is known of it afterwards.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { measureChild } from './children.mjs'
import { askServer } from './load.mjs'
import { factsIn, misplacedShare, outputOf } from './outputs.mjs'
import { PEERS } from './peers.mjs'
import { WORKLOADS } from './workloads.mjs'

/**
 * Resolves to the facts of the run, in the units of their names; what the peer does not tell is not there. A run that went wrong is
 * `{ failure }`, with the reason.
 */
export async function measureRun({ workload, peer, hz }) {
  const folder = mkdtempSync(join(tmpdir(), 'nativeprof-bench-'))
  const profiles = mkdtempSync(join(tmpdir(), 'nativeprof-bench-'))
  const { args, requests, hasClock = false } = WORKLOADS[workload]
  try {
    const around = PEERS[peer].around(args(folder), hz, profiles)
    const meanwhile = requests === undefined ? undefined : (said) => askServer(said, requests)
    const { stdout, answer, ...usage } = await measureChild(around.args, {
      env: around.env,
      folder,
      meanwhile,
    })
    if (peer === 'none') return { ...usage, ...answer }
    const output = await outputOf(profiles)
    if (output.bytes === 0) throw new Error('it left no profile')
    const clock = hasClock ? JSON.parse(stdout.split('\n').find((line) => line.startsWith('{'))).clock : null
    return {
      ...usage,
      ...answer,
      bytes: output.bytes,
      ...ticksOf(output.profiles, hz),
      ...(clock === null || output.profiles.length === 0
        ? {}
        : misplacedShare(output.profiles[0].profile, clock)),
      ...toldBy(factsIn(profiles), hz),
    }
  } catch (error) {
    return { failure: error.message }
  } finally {
    rmSync(folder, { recursive: true, force: true })
    rmSync(profiles, { recursive: true, force: true })
  }
}

// Peers that tick by the wall clock tick in each thread that they sample, as long as they sample it.
function ticksOf(profiles, hz) {
  if (profiles.length === 0) return {}
  const ticks = profiles.reduce((sum, each) => sum + each.ticks, 0)
  const seconds = profiles.reduce((sum, { profile }) => sum + profile.durationNanos / 1e9, 0)
  return { ticks, askedTicks: seconds * hz }
}

function toldBy(facts, hz) {
  if (facts.length === 0) return {}
  const most = (key) => Math.max(...facts.map((fact) => fact[key]))
  const pauses = { stopMillis: most('stopMillis'), encodeMillis: most('encodeMillis') }
  const own = facts.find((fact) => fact.counters !== undefined)
  if (own === undefined) return pauses
  const { counters, cost, cpuNanos, coverage, timer } = own
  return {
    ...pauses,
    ticks: counters.ticks,
    askedTicks: (cpuNanos / 1e9) * hz,
    dropped: counters.dropped,
    notWalkable: counters.notWalkable,
    coverage,
    timer,
    cpuNanos,
    cost,
  }
}
