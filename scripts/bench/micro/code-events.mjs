// code-events.mjs — what V8's announcements of code cost: how many a second can be taken down, and decoded. The code is that of
// functions that are made, and called once, so that V8 compiles them.

import { decodeCodeEvents } from '../../../dist/code-events.js'
import { drainsOf } from './raw-drains.mjs'
import { bestMillis, grouped, isQuick, print, row } from './rows.mjs'

const COUNT = isQuick() ? 5000 : 20_000

let made = 0
const makeFunctions = (count) => {
  for (let i = 0; i < count; i++) {
    made++
    Function(
      'x',
      `let s = ${made}; for (let j = 0; j < 3; j++) s += x * j; return function f${made}() { return s }`,
    )(2)()
  }
}
makeFunctions(2000) // until the compiler is done with this

// Without and with, in turn; the second reading of the pair is what the events cost.
const cpuMicrosOf = (work) => {
  const before = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(before)
  return user + system
}
const without = cpuMicrosOf(() => makeFunctions(COUNT))
let withThem = 0
const drains = drainsOf({ hz: 1, timer: 'process' }, (drain) => {
  drain() // the listing of what is there
  withThem = cpuMicrosOf(() => makeFunctions(COUNT))
})
const nanosAt = (i) => drains.at(i).counters.codeEventNanos
const bytes = drains
  .slice(1)
  .flatMap(({ threads }) => threads.map(({ codeEvents }) => Buffer.from(codeEvents)))
const events = bytes.reduce((sum, each) => sum + decodeCodeEvents(each).length, 0)
const nanos = nanosAt(-1) - nanosAt(0)
const listed = drains[0].threads.flatMap(({ codeEvents }) => decodeCodeEvents(Buffer.from(codeEvents)))
const decodeMillis = bestMillis(5, () => bytes.forEach((each) => decodeCodeEvents(each)))

print([
  row(
    'taking a code event down',
    `${grouped(nanos / events)} ns each, ${grouped((events / nanos) * 1e9)} a second (${grouped(events)} events)`,
  ),
  row(
    `making ${grouped(COUNT)} functions, CPU time without and with`,
    `${(without / 1000).toFixed(0)} ms, ${(withThem / 1000).toFixed(0)} ms`,
  ),
  row('decoding code events', `${grouped((events / decodeMillis) * 1000)} a second`),
  row(
    'listing the code that is there',
    `${(nanosAt(0) / 1e6).toFixed(1)} ms for ${grouped(listed.length)} events`,
    '≤ 60 ms',
    nanosAt(0) <= 60e6,
  ),
])
