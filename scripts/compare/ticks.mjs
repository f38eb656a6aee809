// ticks.mjs — records of an addon that compares walks → ticks with both stacks symbolized. Loads that addon into this
// process, so whoever imports this has built it (build-native.mjs --compare-walks).

import { join } from 'node:path'
import process from 'node:process'
import { openBinding } from '#lib/binding.js'
import { NativeFrames } from '#lib/native-frames.js'
import { decodeRecords } from '#lib/records.js'
import { NO_STACK, StackTable } from '#lib/stack-table.js'
import { Symbolizer } from '#lib/symbolize.js'
import { COMPARING_FOLDER } from '../build-native.mjs'

const ADDON = join(COMPARING_FOLDER, 'build/Release/nativeprof.node')
const SLICE_WORDS = 8192
const BUFFER_BYTES = 64 * 2 ** 20

/**
 * Has `work` run while this process is sampled. Resolves to `{ ticks, counters }`, a tick being
 * `{ comparison, own, v8, brokenAt }`: the record, both stacks root-first as `{ name, kind, tier, place }` (`own` null if
 * there is no sample), and the name of the function where our walk came to no end, '' if it did.
 */
export async function recordTicks(work, { periodMicros = 4000, maxDepth = 512 } = {}) {
  const binding = openBinding(ADDON)
  const [code, reason] = binding.start({
    timer: 'process',
    mayMoveTimer: false,
    periodNanos: periodMicros * 1000,
    maxDepth,
    bufferBytes: BUFFER_BYTES,
    onDrain: () => {},
  })
  if (code !== '') throw new Error(`the sampler did not start: ${code} ${reason}`)
  let drained
  try {
    await work()
  } finally {
    binding.stop()
    drained = binding.drain(SLICE_WORDS, true)
    binding.release()
  }
  return { ticks: symbolizeTicks(binding, drained), counters: countersOf(drained) }
}

function symbolizeTicks(binding, { records, threads }) {
  const thread = threads.find(({ workerId }) => workerId === 0)
  const table = new StackTable()
  const symbolizer = new Symbolizer({
    table,
    nativeFrames: new NativeFrames(table, (addresses) => binding.nativeSymbols(addresses)),
    ownUrl: 'nothing:',
    ownModule: ADDON,
    codeRanges: thread.codeRanges,
    findCode: () => new ArrayBuffer(0),
  })
  symbolizer.addCodeEvents(Buffer.from(thread.codeEvents))
  const stackOf = (raw) => framesOf(table, symbolizer.stackOf(raw))
  const ticks = []
  let sample
  for (const record of decodeRecords(Buffer.from(records))) {
    if (record.kind === 'sample') sample = record
    if (record.kind !== 'comparison' || record.tid !== process.pid) continue
    const isSampled = sample?.timeNanos === record.timeNanos
    const { sequence } = sample ?? { sequence: 0 }
    const { brokenAt } = record
    ticks.push({
      comparison: record,
      own: isSampled ? stackOf(sample) : null,
      v8: stackOf({ ...record, sequence }),
      brokenAt:
        brokenAt === 0
          ? ''
          : (stackOf({ ...record, sequence, addresses: Float64Array.of(brokenAt) }).at(-1)?.name ??
            '(hidden)'),
      depth: isSampled ? sample.addresses.length : 0,
    })
  }
  return ticks
}

function framesOf(table, stackId) {
  const frames = []
  for (let id = stackId; id !== NO_STACK; id = table.stacks[id].parentId) {
    const { functionId, kind, tier } = table.frames[table.stacks[id].frameId]
    const { name, url, line, column } = table.functions[functionId]
    frames.push({ name, kind, tier, place: `${name} ${url}:${line}:${column}` })
  }
  return frames.reverse()
}

function countersOf({ counters, consistent }) {
  const { ticks, samples, dropped, notWalkable, truncated, walkedByV8 } = counters
  return { ticks, samples, dropped, notWalkable, truncated, walkedByV8, consistent }
}
