// report.mjs — the summary as docs/benchmarks.md. Pure. A ratio is printed with its interval, and without a number of its own where
// the interval has 1 in it: then the noise hides what there is.

import { machineText } from './machine.mjs'
import { targetsOf } from './targets.mjs'
import { WORKLOADS } from './workloads.mjs'

const MEBIBYTE = 2 ** 20

/** The whole page. */
export function reportOf(summary) {
  const { machine, cells, whyNot, rounds } = summary
  const versions = Object.entries(machine.versions).map(([name, version]) => `${name} ${version}`)
  const workloads = [...new Set(cells.map(({ workload }) => workload))]
  return `${[
    '# Benchmarks',
    'Written by `npm run bench`; do not edit. The same as data: [benchmarks.json](benchmarks.json).',
    `${machineText(machine)} ${rounds} whole rounds. ${versions.join(', ')}.`,
    HOW_TO_READ,
    ...Object.entries(whyNot).map(([peer, why]) => `${peer} was not measured: it ${why}.`),
    '## Targets',
    table(['target', 'measured', ''], targetsOf(summary)),
    ...pausesText(summary),
    ...windowsText(summary),
    ...workloads.flatMap((workload) => [
      `## ${WORKLOADS[workload]?.title ?? workload}`,
      cellsText(cells.filter((cell) => cell.workload === workload)),
    ]),
  ].join('\n\n')}\n`
}

const HOW_TO_READ = `Each run is a process of its own, from its start to its end, with the profile written, beside one without a profiler in the same
round; the order is turned around from round to round. **CPU** and **wall** are ratios to the run without (geometric mean of the
pairs, 95 % interval by Student's t on the logarithms, number of pairs); \`~\` with the interval alone means that it has 1 in it, so
that nothing is claimed but its bounds. **Memory** is the peak of the process above that of the run without, **stop** what stopping
takes of the event loop, **encode** what making the file takes then: of nativeprof as pprof, with names read from the program's source
files; all medians. **Ticks** are those that arrived, with the share of those that were asked for: nativeprof ticks by
CPU time, the others by the wall clock, in each thread that they know. **Dropped**: only nativeprof tells. **µs a tick**: all the CPU
time that the run took more, over its ticks. **By its own account**: the kernel's delivery of each tick, the handler, code events, drains and timers, over the CPU time of
the recording, the once-only listing of code and the first drain included; most of it by the wall clock, so that on a busy machine other programs are in it. 0x starts node with \`--prof\`, and its CPU time includes the drawing of its flame graph.`

function cellsText(cells) {
  const has = (key) => cells.some((cell) => cell[key] !== null && cell[key] !== undefined)
  const columns = [
    ['Hz', ({ hz }) => hz],
    ['', ({ peer, timers = [] }) => (timers.includes('perf') ? `${peer} (perf timer)` : peer)],
    ['CPU', (cell) => (cell.peer === 'none' ? seconds(cell.cpuSeconds) : ratioText(cell.cpu))],
    ['wall', (cell) => (cell.peer === 'none' ? seconds(cell.wallSeconds) : ratioText(cell.wall))],
    ...(has('p50Millis')
      ? [
          ['p50', ({ p50Millis }) => millis(p50Millis)],
          ['p99', ({ p99Millis }) => millis(p99Millis)],
        ]
      : []),
    ['memory', memoryText],
    ['stop', ({ stopMillis }) => millis(stopMillis)],
    ['encode', ({ encodeMillis }) => millis(encodeMillis)],
    ['output', ({ outputBytes }) => (isKnown(outputBytes) ? `${(outputBytes / 1024).toFixed(0)} KiB` : '')],
    ['ticks', ticksText],
    ['dropped', ({ dropped }) => (isKnown(dropped) ? dropped : '')],
    ['µs a tick', ({ microsPerTick }) => differenceText(microsPerTick)],
    ['by its own account', ({ direct }) => (direct ? `${direct.total.toFixed(2)} %` : '')],
    ...(has('misplaced') ? [['charged to a wrong phase', misplacedText]] : []),
  ]
  const sorted = [...cells].sort((a, b) => a.hz - b.hz)
  const rows = sorted.map((cell) =>
    cell.runs === 0
      ? [cell.hz, cell.peer, `failed: ${cell.failures.join('; ')}`, ...columns.slice(3).map(() => '')]
      : columns.map(([, textOf]) => textOf(cell)),
  )
  return table(
    columns.map(([title]) => title),
    rows,
  )
}

function pausesText({ pauses }) {
  if (pauses.length === 0) return []
  return [
    '## Pauses of a program with much code',
    'TypeScript, webpack and Fastify loaded and at work; 3 s sampled at 100 Hz; `encode` makes the file. `inspector` is what `--cpu-prof` is made of.',
    table(
      ['', 'start', 'stop', 'encode', 'processes'],
      pauses.map(({ peer, startMillis, stopMillis, encodeMillis, processes }) => [
        peer,
        millis(startMillis),
        millis(stopMillis),
        millis(encodeMillis),
        processes,
      ]),
    ),
  ]
}

function windowsText({ windows, deliveryNanos }) {
  if (windows.length === 0) return []
  return [
    '## On and off within one process',
    `100 Hz, windows of a second; the listing of the code that is there at the start is not in them. The kernel's delivery of a signal: ${(deliveryNanos / 1000).toFixed(2)} µs.`,
    table(
      ['', 'CPU on / off', 'by its own account', 'handler'],
      windows.map(({ name, cpu, directPercent, handlerMicros }) => [
        name,
        ratioText(cpu),
        `${directPercent.toFixed(2)} % of a core`,
        `${handlerMicros.toFixed(1)} µs a tick`,
      ]),
    ),
  ]
}

/** `1.04 [1.01, 1.07] (7)`; `~ [0.97, 1.06] (7)` where 1 is in the interval. */
export function ratioText(interval) {
  if (!interval) return ''
  const { ratio, low, high, pairs } = interval
  if (!Number.isFinite(high) || high === null) return `one pair: ${ratio.toFixed(2)}`
  const isHidden = low <= 1 && high >= 1
  return `${isHidden ? '~' : ratio.toFixed(3)} [${low.toFixed(3)}, ${high.toFixed(3)}] (${pairs})`
}

function differenceText(interval) {
  if (!interval || !Number.isFinite(interval.high)) return ''
  const { mean, low, high } = interval
  const isHidden = low <= 0 && high >= 0
  return `${isHidden ? '~' : mean.toFixed(0)} [${low.toFixed(0)}, ${high.toFixed(0)}]`
}

function memoryText({ peer, peakBytes, morePeakBytes }) {
  if (peer === 'none') return `${(peakBytes / MEBIBYTE).toFixed(0)} MiB`
  if (!isKnown(morePeakBytes)) return ''
  return `${morePeakBytes < 0 ? '−' : '+'}${Math.abs(morePeakBytes / MEBIBYTE).toFixed(1)}`
}

function ticksText({ ticks, tickShare }) {
  if (!isKnown(ticks)) return ''
  return `${Math.round(ticks)} (${isKnown(tickShare) ? `${(100 * tickShare).toFixed(0)} %` : '?'})`
}

function misplacedText({ misplaced, misplacedByChance }) {
  if (!isKnown(misplaced)) return ''
  return `${(100 * misplaced).toFixed(1)} % (chance alone: ${(100 * misplacedByChance).toFixed(1)} %)`
}

function seconds(value) {
  return isKnown(value) ? `${value.toFixed(2)} s` : ''
}

function millis(value) {
  return isKnown(value) ? `${value.toFixed(value < 10 ? 2 : 0)} ms` : ''
}

function isKnown(value) {
  return value !== null && value !== undefined
}

function table(titles, rows) {
  const line = (cells) => `| ${cells.map((cell) => String(cell).replaceAll('|', '\\|')).join(' | ')} |`
  return [line(titles), line(titles.map(() => '---')), ...rows.map(line)].join('\n')
}
