// large-profile.mjs — writes a pprof file of about 100 MB uncompressed, as a service with deep stacks makes in hours: some
// 750,000 distinct stacks, 20 to 90 frames deep, that share their upper parts, of 20,000 functions.
// node scripts/bench/large-profile.mjs OUT.pb.gz [--seed N] [--megabytes N]. Files of different seeds have the same functions, in other stacks.

import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { gzipSync } from 'node:zlib'
import { Function as Fn, Location, Profile, StringTable, ValueType } from 'pprof-format'
import { isMain } from '../is-main.mjs'

const FUNCTIONS = 20_000
const CALLEES = 12

/** Repeatable, 0 ≤ n < 1: mulberry32. */
function randomOf(seed) {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let bits = Math.imul(state ^ (state >>> 15), state | 1)
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61)
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32
  }
}

/** The bytes of a profile, without gzip. */
export function largeProfile({ seed = 1, megabytes = 100 } = {}) {
  const strings = new StringTable()
  const text = (words) => strings.dedup(words)
  const functions = []
  const locations = []
  for (let id = 1; id <= FUNCTIONS; id++) {
    const name = text(`method${id % 977}Of${Math.floor(id / 7)}`)
    const filename = text(`/srv/app/node_modules/package-${id % 311}/lib/module-${id % 1999}.js`)
    functions.push(new Fn({ id, name, systemName: name, filename, startLine: (id % 900) + 1 }))
    locations.push(new Location({ id, mappingId: 0, line: [{ functionId: id, line: (id % 900) + 3 }] }))
  }
  const type = (name, unit) => new ValueType({ type: text(name), unit: text(unit) })
  const head = new Profile({
    stringTable: strings,
    sampleType: [type('samples', 'count'), type('cpu', 'nanoseconds')],
    function: functions,
    location: locations,
    periodType: type('cpu', 'nanoseconds'),
    period: 10_000_000,
    timeNanos: 1_700_000_000_000_000_000n + BigInt(seed) * 3_600_000_000_000n,
    durationNanos: 3_600_000_000_000,
  }).encode()
  return Buffer.concat([head, samplesOf(randomOf(seed), megabytes * 1e6 - head.length)])
}

// Each stack keeps the greater part of the one before, and calls on from there: a walk over a fixed graph of calls.
function samplesOf(random, byteLength) {
  const bytes = Buffer.allocUnsafe(byteLength + 4096)
  let length = 0
  const varint = (number) => {
    let rest = number
    for (; rest > 127; rest = Math.floor(rest / 128)) bytes[length++] = (rest & 127) | 128
    bytes[length++] = rest
  }
  const sizeOf = (number) =>
    number < 128 ? 1 : number < 16384 ? 2 : number < 2 ** 21 ? 3 : number < 2 ** 28 ? 4 : 5
  const stack = [1]
  while (length < byteLength) {
    const kept = Math.max(1, stack.length - Math.floor(-8 * Math.log(1 - random())))
    stack.length = kept
    const depth = Math.max(kept + 1, 20 + Math.floor((random() + random()) * 35))
    while (stack.length < depth) {
      // Of the callees the first are called most.
      const callee = Math.floor(CALLEES * random() ** 3)
      stack.push(1 + ((stack.at(-1) * 31 + callee * 7919 + 17) % FUNCTIONS))
    }
    const ticks = 1 + Math.floor(random() ** 4 * 20)
    const nanos = ticks * 10_000_000
    const locationsSize = stack.reduce((sum, id) => sum + sizeOf(id), 0)
    const valuesSize = sizeOf(ticks) + sizeOf(nanos)
    bytes[length++] = 0x12
    varint(1 + sizeOf(locationsSize) + locationsSize + 2 + valuesSize)
    bytes[length++] = 0x0a
    varint(locationsSize)
    for (let index = stack.length - 1; index >= 0; index--) varint(stack[index])
    bytes[length++] = 0x12
    varint(valuesSize)
    varint(ticks)
    varint(nanos)
  }
  return bytes.subarray(0, length)
}

if (isMain(import.meta.url)) {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { seed: { type: 'string' }, megabytes: { type: 'string' } },
  })
  const [out] = positionals
  if (out === undefined) throw new Error('where to? node scripts/bench/large-profile.mjs OUT.pb.gz')
  const bytes = largeProfile({ seed: Number(values.seed ?? 1), megabytes: Number(values.megabytes ?? 100) })
  writeFileSync(out, gzipSync(bytes, { level: 1 }))
  process.stdout.write(`${out}: ${(bytes.length / 1e6).toFixed(1)} MB uncompressed\n`)
}
