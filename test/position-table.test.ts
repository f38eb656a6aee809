import t from 'tap'
import { PositionTable } from '#lib/position-table.js'
import { positionBytes } from './support/raw-bytes.js'

function tableOf(bytes: Buffer, start = 0, end = bytes.length): PositionTable {
  return new PositionTable({ bytes, start, end })
}

t.test('an instruction is at the last entry that begins before its end', async (t) => {
  const table = tableOf(
    positionBytes([
      [0, 100, -1],
      [10, 50, 0],
      [10, 60, 2],
      [40, 5000, -1],
    ]),
  )
  t.equal(table.before(0), undefined, 'nothing ends at the beginning')
  t.strictSame(table.before(1), { scriptOffset: 100, inlinedCall: -1 })
  t.strictSame(table.before(10), { scriptOffset: 100, inlinedCall: -1 })
  t.strictSame(table.before(11), { scriptOffset: 60, inlinedCall: 2 }, 'of two entries, the second')
  t.strictSame(table.before(40), { scriptOffset: 60, inlinedCall: 2 })
  t.strictSame(table.before(41), { scriptOffset: 5000, inlinedCall: -1 })
  t.strictSame(table.before(1e9), { scriptOffset: 5000, inlinedCall: -1 })
})

t.test('numbers of any size, forward and back', async (t) => {
  const entries: [number, number, number][] = [
    [0x7f, 0x3fff_fffe, 0],
    [0x80, 0, 0xfffe],
    [0x4000, -1, 127],
    [0x3fff_ffff, 63, -1],
    [0x4000_0000, 64, 128],
  ]
  const table = tableOf(positionBytes(entries))
  for (const [codeOffset, scriptOffset, inlinedCall] of entries) {
    t.strictSame(table.before(codeOffset + 1), { scriptOffset, inlinedCall })
  }
})

t.test('only its own part of the bytes is read', async (t) => {
  const own = positionBytes([[3, 30, -1]])
  const bytes = Buffer.concat([Buffer.from([0xff, 0x01]), own, positionBytes([[1, 1, 1]])])
  const table = tableOf(bytes, 2, 2 + own.length)
  t.strictSame(table.before(1000), { scriptOffset: 30, inlinedCall: -1 })
})

t.test('of bytes that end too soon, the whole entries count', async (t) => {
  const first = positionBytes([[1, 300, -1]])
  const bytes = positionBytes([
    [1, 300, -1],
    [500, 400, 300],
  ])
  for (let length = first.length; length < bytes.length; length++) {
    const table = tableOf(bytes.subarray(0, length))
    t.strictSame(table.before(1e9), { scriptOffset: 300, inlinedCall: -1 }, `${length} bytes`)
  }
  for (let length = 0; length < first.length; length++) {
    t.equal(tableOf(bytes.subarray(0, length)).before(1e9), undefined, `${length} bytes`)
  }
})
