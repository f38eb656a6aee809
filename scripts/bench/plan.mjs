// plan.mjs — what is run, and in which order: blocks of one workload at one rate, in which every peer has its turn beside a run without
// any. The order is turned around from round to round, so that what drifts with time falls on all alike.

import { PEERS } from './peers.mjs'
import { WORKLOADS } from './workloads.mjs'

// The default of nativeprof first, for a budget may end before the others' turn.
export const RATES = [100, 1000, 250]

/** Of words of any list, those that are peers, workloads and rates; of a list that no word is of, all. Throws on others. */
export function selectionOf(words) {
  // An option whose value begins with dashes has to be typed with an equals sign, which nobody guesses.
  const only = words.map((word) => (word === 'cpu-prof' ? '--cpu-prof' : word))
  const known = { peers: Object.keys(PEERS), workloads: Object.keys(WORKLOADS), rates: RATES.map(String) }
  for (const word of only) {
    if (!Object.values(known).some((list) => list.includes(word))) {
      throw new Error(`there is no ${word}; there are ${Object.values(known).flat().join(', ')}`)
    }
  }
  const chosen = (list) =>
    only.some((word) => list.includes(word)) ? list.filter((x) => only.includes(x)) : list
  return {
    // Nothing can be said without a run without.
    peers: [...new Set(['none', ...chosen(known.peers)])],
    workloads: chosen(known.workloads),
    rates: chosen(known.rates).map(Number),
  }
}

/** The blocks of one round, as `{ workload, hz, peers }`; the peers in the order of their turns. */
export function roundOf(round, { peers, workloads, rates }) {
  return rates.flatMap((hz, i) =>
    workloads.map((workload) => {
      // 0x takes several times as long as all others, for it draws; it has its turn at one rate of a round.
      const taking = peers.filter((peer) => peer !== '0x' || round % rates.length === i)
      const turned = taking.map((_, place) => taking[(place + round) % taking.length])
      return { workload, hz, peers: round % 2 === 0 ? turned : turned.reverse() }
    }),
  )
}
