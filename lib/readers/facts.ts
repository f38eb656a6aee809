// facts.ts — the field `nativeprof` of files of JSON that we wrote → what it says. The way back from formats/facts.ts; a
// file of others has no such field, and says nothing here. Pure.

import type { Profile, SavedAs } from '../profile.js'
import { isObject, numberOr, textIn } from './json-values.js'
import type { Json } from './json-values.js'
import type { DraftFacts } from './profile-draft.js'
import { timerOf, viewOf } from './said-names.js'

/** What the file says of the whole, and the view that it has. */
export function readFacts(file: Json): Omit<DraftFacts, 'savedAs'> & { readonly view: SavedAs['view'] } {
  const facts = file['nativeprof']
  if (!isObject(facts)) return { view: null }
  const timer = timerOf(textIn(facts['timer']))
  const notes = Array.isArray(facts['notes']) ? facts['notes'].filter((note) => typeof note === 'string') : []
  return {
    view: viewOf(textIn(facts['view'])),
    startTimeMillis: numberOr(facts['startTimeMillis'], NaN),
    durationNanos: numberOr(facts['durationNanos'], NaN),
    cpuNanos: numberOr(facts['cpuNanos'], NaN),
    sampledNanos: numberOr(facts['sampledNanos'], NaN),
    periodMicros: numberOr(facts['periodMicros'], NaN),
    coverage: numberOr(facts['coverage'], NaN),
    weightScale: numberOr(facts['weightScale'], 1),
    ...(timer !== null && { timer }),
    counters: countersOf(facts['counters']),
    ...(isObject(facts['process']) && { process: processOf(facts['process']) }),
    notes,
  }
}

function countersOf(value: unknown): Profile['counters'] | null {
  if (!isObject(value)) return null
  const [ticks, samples, dropped] = [value['ticks'], value['samples'], value['dropped']].map((each) =>
    numberOr(each, NaN),
  ) as [number, number, number]
  const notWalkable = numberOr(value['notWalkable'], NaN)
  if (ticks !== samples + dropped + notWalkable) return null
  return {
    ticks,
    samples,
    dropped,
    notWalkable,
    truncated: numberOr(value['truncated'], 0),
    walkedByV8: numberOr(value['walkedByV8'], 0),
    forwarded: numberOr(value['forwarded'], 0),
  }
}

function processOf(value: Json): Profile['process'] {
  const command = Array.isArray(value['command'])
    ? value['command'].filter((word) => typeof word === 'string')
    : []
  return {
    pid: numberOr(value['pid'], 0),
    command,
    nodeVersion: textIn(value['nodeVersion']),
    v8Version: textIn(value['v8Version']),
    platform: textIn(value['platform']),
    arch: textIn(value['arch']),
  }
}
