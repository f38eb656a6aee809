// tick.mjs [--quick] — what a tick takes of the program that it interrupts, the kernel's delivery included: a program that reads the
// clock without end, 50 frames deep, sees a gap where the tick's own time stamp lies. Against the gap of a signal whose handler
// does nothing (signal.cc), by the same clock and timer. What other programs do to the machine is in both.

import process from 'node:process'
import { decodeRecords } from '../../../dist/records.js'
import { runCompiled } from './compiled.mjs'
import { drainsOf } from './raw-drains.mjs'
import { median, quantile } from '../statistics.mjs'
import { isQuick, print, row } from './rows.mjs'

const HZ = 100
const FRAMES = 50
const MOST_TIMES_EMPTY = 3
const MOST_P99_MICROS = 25
const WINDOWS = isQuick() ? 3 : 10
const WINDOW_MILLIS = 1000
const LEAST_GAP_NANOS = 1000

const own = []
const empty = []
// In turn, so that both have the same neighbours.
for (let window = 0; window < WINDOWS; window++) {
  empty.push(...runCompiled('signal', WINDOW_MILLIS, 1e6 / HZ))
  own.push(...ownGaps())
}
const micros = (nanos) => `${(nanos / 1000).toFixed(1)} µs`
const text = (gaps) =>
  `p50 ${micros(median(gaps))}, p99 ${micros(quantile(gaps, 0.99))}, ${gaps.length} ticks`
print([
  row('an empty signal, delivery and interrupt included', text(empty)),
  row(
    `a tick at ${FRAMES} frames, all included`,
    `${text(own)}; ${(median(own) / median(empty)).toFixed(2)} times an empty signal`,
    `≤ ${MOST_TIMES_EMPTY} times`,
    median(own) <= MOST_TIMES_EMPTY * median(empty),
  ),
  row(
    `the same, p99`,
    micros(quantile(own, 0.99)),
    `≤ ${MOST_P99_MICROS} µs`,
    quantile(own, 0.99) <= MOST_P99_MICROS * 1000,
  ),
])

function ownGaps() {
  const offset = monotonicOffset()
  let gaps = []
  const drains = drainsOf({ hz: HZ, timer: 'process' }, () => {
    gaps = descend(FRAMES, () => gapsFor(WINDOW_MILLIS))
  })
  const ticks = drains
    .flatMap(({ records }) => decodeRecords(Buffer.from(records)))
    .filter(
      ({ kind, tid, addresses }) => kind === 'sample' && tid === process.pid && addresses.length > FRAMES,
    )
  return ticks.flatMap(({ timeNanos }) => {
    const at = timeNanos - offset
    const gap = gaps.find(({ from, to }) => from <= at && at <= to)
    return gap === undefined ? [] : [gap.to - gap.from]
  })
}

// What the clock of performance.now(), in nanoseconds, is behind that of ticks: from the two readings that are closest.
function monotonicOffset() {
  let best = { width: Infinity, offset: 0 }
  for (let i = 0; i < 2000; i++) {
    const before = Number(process.hrtime.bigint())
    const now = nanosNow()
    const width = Number(process.hrtime.bigint()) - before
    if (width < best.width) best = { width, offset: before + width / 2 - now }
  }
  return best.offset
}

function nanosNow() {
  return performance.now() * 1e6
}

function descend(left, leaf) {
  if (left === 0) return leaf()
  const result = descend(left - 1, leaf)
  return result
}

// All gaps between two readings that are longer than a reading takes.
function gapsFor(millis) {
  const gaps = []
  let before = nanosNow()
  for (const end = before + millis * 1e6; before < end;) {
    const now = nanosNow()
    if (now - before > LEAST_GAP_NANOS) gaps.push({ from: before, to: now })
    before = now
  }
  return gaps
}
