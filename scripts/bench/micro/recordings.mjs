// recordings.mjs — recordings that are fed by hand, with samples of a real program or made up ones.

import process from 'node:process'
import { loadBinding } from '../../../dist/binding.js'
import { toCollapsed } from '../../../dist/index.js'
import { Recording } from '../../../dist/recording.js'
import { codeAdded, sampleRecord } from './raw-bytes.mjs'

const CODE = 0x7f12_0000_0000
const CODE_BYTES = 100
const COUNTERS = {
  ticks: 0,
  samples: 0,
  dropped: 0,
  notWalkable: 0,
  truncated: 0,
  walkedByV8: 0,
  forwarded: 0,
  handlerNanos: 0,
  codeEventNanos: 0,
  scannerNanos: 0,
  listeningNanos: 0,
  refusedThreads: 0,
}

/** What a drain gives, of these records (a Buffer) and threads. */
export function drainOf(records, threads = [], more = {}) {
  return {
    records: Uint8Array.from(records).buffer,
    threads,
    counters: COUNTERS,
    timer: 'process',
    tables: 'none',
    whyNoTables: '',
    whyNotMoved: '',
    consistent: false,
    ...more,
  }
}

/** A recording; native names are asked of the addon, or made up with `isMadeUp`. */
export function newRecording({ isMadeUp }) {
  const binding = loadBinding()
  return new Recording({
    timer: 'process',
    periodMicros: 10_000,
    startTimeMillis: 0,
    startNanos: 0,
    mainTid: process.pid,
    ownUrl: 'nothing:',
    ownModule: 'nothing',
    findCode: () => Buffer.alloc(0),
    nativeSymbols: isMadeUp
      ? (addresses) => [...addresses].flatMap((address) => ['made-up', `native ${address}`])
      : (addresses) => binding.nativeSymbols(addresses),
    labelText: () => '',
    process: { pid: 1, command: [], nodeVersion: '', v8Version: '', platform: 'linux', arch: 'x64' },
  })
}

/** What comes of it: the profile, and its collapsed text. */
export function finish(recording) {
  const profile = recording.toProfile({ durationNanos: 1e9, cpuNanos: 1e9, notes: [] })
  return { profile, text: toCollapsed(profile) }
}

/** The main thread with `count` functions of JavaScript. */
export function threadWith(count) {
  const events = []
  for (let i = 0; i < count; i++) {
    events.push(
      codeAdded({
        name: `JS:*f${i} /app/file${i % 100}.js:${1 + (i % 1000)}:9`,
        start: BigInt(CODE + i * CODE_BYTES),
        sizeBytes: BigInt(CODE_BYTES),
      }),
    )
  }
  return {
    number: 1,
    tid: process.pid,
    workerId: 0,
    name: '',
    codeRanges: Float64Array.of(CODE, Math.max(2 ** 20, count * CODE_BYTES)),
    unknownLayout: '',
    codeEvents: Uint8Array.from(Buffer.concat(events)).buffer,
    hasEnded: false,
  }
}

/**
 * Records of `samples` samples, `depth` frames each, in functions of `functions`: the callers change less the nearer they are to the
 * root, as in programs.
 */
export function madeUpRecords({ samples, functions, depth }) {
  const records = []
  let random = 1
  const next = () => (random = (Math.imul(random, 1_664_525) + 1_013_904_223) >>> 0)
  const path = Array.from({ length: depth }, (_, i) => i % functions)
  for (let sample = 0; sample < samples; sample++) {
    const changed = Math.min(depth, 1 + Math.floor(-Math.log2((next() + 1) / 2 ** 32) * 4))
    for (let i = 0; i < changed; i++) path[i] = next() % functions
    records.push(
      sampleRecord({
        timeNanos: BigInt(sample) * 10_000_000n,
        sequence: 1n,
        threadNumber: 1n,
        tid: BigInt(process.pid),
        addresses: path.map((each) => BigInt(CODE + each * CODE_BYTES + 50)),
      }),
    )
  }
  return Buffer.concat(records)
}
