// A process that waits is left alone: no tick, no wake-up.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { fixture, run, scratchFolder } from './support/run-program.js'
import { STRACE } from './support/tools.js'

const SETTLE_SECONDS = 2
const IDLE_SECONDS = 15
// V8 wakes up now and then by itself, to give memory back or to run what it put off: not the same number of times in two
// runs. A timer of ours of once a second would come to 15.
const ALLOWED_MORE = 3

interface Idle {
  readonly wakeUps: number
  readonly stdout: string
}

// How often a thread came back from waiting, from SETTLE_SECONDS to IDLE_SECONDS more after the server listened.
async function idle(folder: string, mode: string): Promise<Idle> {
  const trace = join(folder, mode)
  const program = [process.execPath, fixture('idle-server.mjs'), mode]
  const script = `"$@" & pid=$!; sleep ${SETTLE_SECONDS + IDLE_SECONDS + 1}; pkill -TERM -P $pid; wait $pid`
  const strace = [STRACE.path, '-f', '-ttt', '-o', trace, ...program]
  const { stdout } = await run('/bin/sh', ['-c', script, 'sh', ...strace])
  const lines = readFileSync(trace, 'utf8').split('\n')
  const timeOf = (line: string): number => Number(line.trim().split(/\s+/)[1])
  const listening = timeOf(lines.find((line) => line.includes('listening\\n')) ?? '')
  assert(Number.isFinite(listening), 'the trace has the moment when the server listens')
  const from = listening + SETTLE_SECONDS
  const woken = lines.filter((line) => line.includes('epoll_pwait') && !line.includes('<unfinished'))
  const inTime = woken.filter((line) => timeOf(line) > from && timeOf(line) < from + IDLE_SECONDS)
  // A wait of no time at all is no waiting.
  return { wakeUps: inTime.filter((line) => !line.includes(', 0, NULL')).length, stdout }
}

t.test(
  'an idle server is not woken more often because it is sampled, and has no tick',
  { skip: STRACE.skip },
  async (t) => {
    const folder = scratchFolder(t)
    const [plain, sampled] = await Promise.all([idle(folder, 'plain'), idle(folder, 'sampled')])
    t.ok(
      sampled.wakeUps <= plain.wakeUps + ALLOWED_MORE,
      `${sampled.wakeUps} wake-ups, ${plain.wakeUps} without`,
    )
    const { counters, table } = JSON.parse(sampled.stdout.replace('listening\n', '')) as {
      counters: { ticks: number }
      table: string
    }
    // What V8 does when it wakes up costs CPU time, under strace a few ticks of it.
    t.ok(counters.ticks <= 10, `${counters.ticks} ticks`)
    if (counters.ticks === 0) t.match(table, /no CPU/)
  },
)
