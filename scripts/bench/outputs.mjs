// outputs.mjs — what a peer left in its folder: how large, how many ticks, and how it shares the CPU time out among phases.
// Read by the readers of nativeprof, which are tested against what these tools write.

import { readFileSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { framesRootFirst, functionOf, readProfile } from '../../dist/index.js'

const IS_PROFILE = /\.(pb\.gz|cpuprofile)$/
/** What the benchmark itself puts there. */
const IS_OURS = /^(facts-\d+|usage)\.json$/

/** Bytes of all files together, and the profiles among them as `{ profile, ticks }`; none where no reader of ours knows the format. */
export async function outputOf(folder) {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !IS_OURS.test(entry.name))
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
  const bytes = files.reduce((sum, file) => sum + statSync(file).size, 0)
  const profiles = []
  for (const file of files.filter((each) => IS_PROFILE.test(each))) profiles.push(await read(file))
  return { bytes, profiles }
}

async function read(file) {
  const bytes = readFileSync(file)
  // Every sample with the time since the one before it, which the reader's own ticks leave out where V8 was idle.
  const sampleCount = file.endsWith('.cpuprofile') ? JSON.parse(bytes.toString()).samples.length : null
  const profile = await readProfile(bytes)
  return { profile, ticks: sampleCount ?? profile.counters.ticks }
}

/** What the peer told of itself when it stopped, thread by thread; empty for peers that are not started from within. */
export function factsIn(folder) {
  return readdirSync(folder)
    .filter((name) => name.startsWith('facts-'))
    .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')))
}

/**
 * How much of the CPU time of the phases the profile gives to another phase, 0 to 1, and how much of that chance alone would give
 * with as many ticks. `clock`: microseconds of each phase, by the program's own clock.
 */
export function misplacedShare(profile, clock) {
  const phases = Object.keys(clock)
  const weights = Object.fromEntries(phases.map((name) => [name, 0]))
  let ticks = 0
  for (const { stackId, weightNanos, ticks: count } of profile.totals) {
    const names = framesRootFirst(profile, stackId).map((frame) => functionOf(profile, frame).name)
    const phase = names.find((name) => Object.hasOwn(weights, name))
    if (phase === undefined) continue
    weights[phase] += weightNanos
    ticks += count
  }
  const sumOf = (values) => Object.values(values).reduce((sum, value) => sum + value, 0)
  const shareIn = (values, name) => values[name] / sumOf(values)
  const misplaced = phases.map((name) => Math.abs(shareIn(weights, name) - shareIn(clock, name)) / 2)
  // The mean of the distance of a normal value from its mean is √(2/π) standard deviations.
  const byChance = phases.map((name) => {
    const share = shareIn(clock, name)
    return (Math.sqrt(2 / Math.PI) * Math.sqrt((share * (1 - share)) / ticks)) / 2
  })
  const sum = (values) => values.reduce((all, value) => all + value, 0)
  return { misplaced: sum(misplaced), byChance: sum(byChance), ticks }
}
