// Whatever bytes a reader of the addon's gets: it reads them, or refuses them with the one error it is said to throw. And
// whatever a profile is, folding it loses no tick. The generator has fixed seeds.

import t from 'tap'
import { inlinedCallsOf, inlinedFunctionsOf } from '#lib/code-added.js'
import { decodeCodeEvents, lineEndsOf } from '#lib/code-events.js'
import { nameOfCode } from '#lib/code-added.js'
import { fold } from '#lib/fold.js'
import { PositionTable } from '#lib/position-table.js'
import { decodeRecords } from '#lib/records.js'
import { buildProfile, js, native, runtime } from './support/profile-builder.js'
import { randomBelow } from './support/random.js'
import { codeAdded, codeMoved, listing, positionBytes, scriptTold } from './support/raw-bytes.js'

const ROUNDS = 3000

/** A few good items with some bytes changed, cut short, or repeated. */
function damaged(good: readonly Buffer[], below: (limit: number) => number): Buffer {
  const items = Array.from({ length: 1 + below(4) }, () => good[below(good.length)] ?? Buffer.alloc(0))
  const bytes = Buffer.from(Buffer.concat(items))
  for (let i = below(4); i > 0 && bytes.length > 0; i--) {
    const at = below(bytes.length)
    const value = below(3) === 0 ? 0xff : below(256)
    bytes[at] = value
  }
  return below(4) === 0 ? bytes.subarray(0, below(bytes.length + 1)) : bytes
}

/** What became of the rounds; throws what no reader should. */
function tryAll(good: readonly Buffer[], seed: number, read: (bytes: Buffer) => void) {
  const below = randomBelow(seed)
  let [readable, refused] = [0, 0]
  for (let round = 0; round < ROUNDS; round++) {
    const bytes = damaged(good, below)
    try {
      read(bytes)
      readable++
    } catch (error) {
      if (!(error instanceof RangeError) || !/^(record|code event) at byte \d+/.test(error.message))
        throw error
      refused++
    }
  }
  return { readable, refused }
}

function words(...list: readonly bigint[]): Buffer {
  return Buffer.from(BigUint64Array.from(list).buffer)
}

t.test('records of any bytes are read, or refused with a RangeError', async (t) => {
  const header = (kind: number, length: number) => BigInt(kind) | (BigInt(length) << 32n)
  const good = [
    words(header(1, 6), 1000n, 5n | (1n << 32n), 1n | (77n << 32n), 0x7f12_0000_0000n, (1n << 63n) | 0x5555n),
    words(header(2, 3), 1000n, 9n),
    words(header(4, 5), 1000n, 78n, 0x6b726f77n, 0n),
    words(header(5, 8), 1n, 2n, 3n, 4n, 5n, 6n, 7n),
  ]
  for (const seed of [1, 2, 3]) {
    const { readable, refused } = tryAll(good, seed, (bytes) => {
      const whole = bytes.subarray(0, bytes.length - (bytes.length % 8))
      for (const record of decodeRecords(whole)) {
        if (record.kind === 'sample' && record.addresses.length > whole.length / 8)
          throw new Error('more than there is')
      }
    })
    t.ok(
      readable > ROUNDS / 10 && refused > ROUNDS / 10,
      `seed ${seed}: ${readable} read, ${refused} refused`,
    )
  }
})

t.test('code events of any bytes are read, or refused with a RangeError', async (t) => {
  const positions = positionBytes([
    [0, 5, -1],
    [4, 2, 0],
  ])
  const good = [
    codeAdded({
      name: 'JS:*f /app/a.js:1:1',
      positions,
      calls: [[1, -1, 0]],
      functions: [[1, 2]],
      literalId: 1n,
    }),
    scriptTold({ scriptId: 1, lineEnds: [3, 9], sourceMapUrl: 'a.js.map' }),
    codeMoved(3n, [0x1000n, 0x2000n]),
    listing(4n, false),
  ]
  for (const seed of [1, 2, 3]) {
    const { readable, refused } = tryAll(good, seed, (bytes) => {
      for (const event of decodeCodeEvents(bytes)) {
        if (event.kind === 'script') lineEndsOf(event.lineEnds)
        if (event.kind !== 'added') continue
        nameOfCode(event)
        inlinedCallsOf(event)
        inlinedFunctionsOf(event)
        const table = new PositionTable(event.positions)
        for (const offset of [0, 1, 5, 1e6]) table.before(offset)
      }
    })
    t.ok(
      readable > ROUNDS / 10 && refused > ROUNDS / 10,
      `seed ${seed}: ${readable} read, ${refused} refused`,
    )
  }
})

t.test('whatever is folded in whatever way, the ticks are those of the totals', async (t) => {
  for (const seed of [1, 2, 3, 4, 5]) {
    const below = randomBelow(seed)
    const frameOf = () =>
      [js(`f${below(6)}`), native(`n${below(3)}`), runtime('JSON.parse')][below(3)] ?? js('f')
    const profile = buildProfile(
      Array.from({ length: 300 }, () => ({
        stack: Array.from({ length: 1 + below(8) }, frameOf),
        ticks: 1 + below(5),
      })),
    )
    const hidden = new Set([...profile.stacks.keys()].filter(() => below(3) === 0))
    const folded = new Map(
      fold(profile, {
        nameOf: (stackId) => (hidden.has(stackId) ? null : `s${(profile.stacks[stackId]?.frameId ?? 0) % 7}`),
        leafOf: (stackId) => (stackId % 5 === 0 ? '(leaf)' : null),
        rootOf: () => (seed % 2 === 0 ? 'main' : null),
        weightOf: ({ ticks }) => ticks,
      }),
    )
    const sum = [...folded.values()].reduce((ticks, one) => ticks + one, 0)
    t.equal(sum, profile.counters.samples, `seed ${seed}`)
    t.ok(folded.size < profile.totals.length, 'stacks became equal')
    const lines = Array.from(folded, ([stack, ticks]) => `${stack} ${ticks}\n`)
    t.strictSame(lines, [...lines].sort(), 'in the order of their lines')
  }
})
