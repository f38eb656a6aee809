// run.mjs [--pairs 7 | --minutes N] [--quick] [--only WORD]… [--append] — nativeprof beside what users would otherwise take, on real
// programs: `npm run bench`. Every run is paired with one without a profiler, taken minutes apart at most, in an order that is turned
// around from round to round. Writes docs/benchmarks.md and docs/benchmarks.json, of what there is when the time is over or Ctrl-C comes.
//
//   --pairs N     rounds, and so pairs for every figure; 7 without
//   --minutes N   as many rounds as the time allows; the rates in the order 100, 1000, 250 Hz
//   --quick       two rounds of three workloads at 100 Hz: shows that it works, and no more
//   --only WORD   a workload, a peer or a rate; several times for several
//   --append      adds to the runs of the last time (build/bench/runs.json), if machine, versions and commit are the same

import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { installDependencies } from './install.mjs'
import { describeMachine } from './machine.mjs'
import { measureRun } from './measure.mjs'
import { PEERS } from './peers.mjs'
import { HERE, KEPT, ROOT } from './places.mjs'
import { roundOf, selectionOf } from './plan.mjs'
import { reportOf } from './report.mjs'
import { summarize } from './summary.mjs'

const RUNS_FILE = join(KEPT, 'runs.json')
const QUICK = ['json', 'server', 'phases', '100']
const PAUSE_PEERS = ['nativeprof', 'inspector', '@datadog/pprof', 'v8-profiler-next']
/** Of the time, for what is not a run of a workload. */
const SHARE_OF_WINDOWS = 0.15

const { values } = parseArgs({
  options: {
    pairs: { type: 'string', default: '7' },
    minutes: { type: 'string' },
    quick: { type: 'boolean', default: false },
    only: { type: 'string', multiple: true, default: [] },
    append: { type: 'boolean', default: false },
  },
})

const startedAt = performance.now()
const budgetSeconds = values.minutes === undefined ? Infinity : Number(values.minutes) * 60
const secondsLeft = () => budgetSeconds - (performance.now() - startedAt) / 1000
let isInterrupted = false
process.once('SIGINT', () => {
  isInterrupted = true
  console.log('\nwriting what there is; once more to end at once')
})

const problems = installDependencies()
const selection = selectionOf(values.only.length > 0 || !values.quick ? values.only : QUICK)
const whyNot = {}
for (const peer of selection.peers) {
  const why = PEERS[peer].why()
  if (why !== '') whyNot[peer] = [why, ...problems.filter((each) => each.startsWith(peer))].join('; ')
}
const able = { ...selection, peers: selection.peers.filter((peer) => !(peer in whyNot)) }
const machine = describeMachine()
const measured = startingPoint()
if (selection.rates.includes(100)) measureWithin()
await measureRounds()
write()

function startingPoint() {
  const nothing = { machine, whyNot, runs: [], windows: [], pauses: [], rounds: 0 }
  if (!values.append || !existsSync(RUNS_FILE)) return nothing
  const before = JSON.parse(readFileSync(RUNS_FILE, 'utf8'))
  const same = ({ date: _date, loadBefore: _load, ...rest }) => JSON.stringify(rest)
  if (same(before.machine) !== same(machine)) {
    throw new Error('--append: the runs of the last time are of another machine, version or commit')
  }
  return { ...before, whyNot: { ...before.whyNot, ...whyNot } }
}

// On and off within one process, and pauses of a program with much code.
function measureWithin() {
  const seconds = values.quick ? 8 : Math.max(20, Math.min(120, (budgetSeconds * SHARE_OF_WINDOWS) / 3))
  const node = (...args) =>
    execFileSync(process.execPath, ['--no-warnings', ...args], { cwd: HERE, encoding: 'utf8' })
  measured.windows.push(JSON.parse(node('windows.mjs', '--json', '--seconds', String(Math.round(seconds)))))
  console.log('windows within one process: measured')
  const times = values.quick ? 2 : Math.max(2, Math.min(7, Math.floor(seconds / 20) + 1))
  for (let time = 0; time < times; time++) {
    for (const peer of PAUSE_PEERS.filter((each) => each === 'inspector' || able.peers.includes(each))) {
      measured.pauses.push({ peer, ...JSON.parse(node('pauses.mjs', peer)) })
    }
  }
  console.log('pauses: measured')
}

async function measureRounds() {
  const pairs = values.quick ? 2 : Number(values.pairs)
  const blockSeconds = new Map()
  const first = measured.rounds
  for (let round = first; round < first + (budgetSeconds === Infinity ? pairs : Infinity); round++) {
    for (const { workload, hz, peers } of roundOf(round, able)) {
      const needed = blockSeconds.get(workload) ?? 0
      if (isInterrupted || secondsLeft() < needed) return
      const before = performance.now()
      for (const peer of peers) {
        const run = { round, workload, hz, peer, ...(await measureRun({ workload, peer, hz })) }
        measured.runs.push(run)
        if (run.failure !== undefined) console.log(`${workload} ${hz} Hz ${peer}: ${run.failure}`)
      }
      blockSeconds.set(workload, (performance.now() - before) / 1000)
      console.log(`round ${round + 1}, ${hz} Hz, ${workload}: ${blockSeconds.get(workload).toFixed(1)} s`)
    }
    measured.rounds = round + 1
  }
}

function write() {
  mkdirSync(KEPT, { recursive: true })
  writeFileSync(RUNS_FILE, JSON.stringify(measured))
  const summary = summarize(measured)
  writeFileSync(join(ROOT, 'docs/benchmarks.json'), `${JSON.stringify(summary, null, 1)}\n`)
  writeFileSync(join(ROOT, 'docs/benchmarks.md'), reportOf(summary))
  console.log('docs/benchmarks.md and docs/benchmarks.json are written')
}
