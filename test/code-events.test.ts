import t from 'tap'
import { inlinedCallsOf, inlinedFunctionsOf, nameOfCode } from '#lib/code-added.js'
import { decodeCodeEvents, lineEndsOf, sourceMapUrlOf } from '#lib/code-events.js'
import type { CodeAdded } from '#lib/code-added.js'
import type { CodeEvent } from '#lib/code-events.js'
import { codeAdded, codeMoved, positionBytes, scriptTold, words } from './support/raw-bytes.js'

function addedOf(event: CodeEvent | undefined): CodeAdded {
  if (event?.kind !== 'added') throw new Error(`no code was added, but ${event?.kind ?? 'nothing'} came`)
  return event
}

const RICH = codeAdded({
  name: 'JS:*größe /app/main.js:2:9',
  sequence: 7n,
  start: 0x7f12_3456_7890n,
  sizeBytes: 4096n,
  scriptId: 12n,
  literalId: 3n,
  positions: positionBytes([[0, 10, -1]]),
  calls: [
    [20, -1, 0],
    [-1, 0, -1],
  ],
  functions: [[13, 4]],
})

t.test('code that was added has its place, its function, and its tables', async (t) => {
  const [event, second, ...rest] = decodeCodeEvents(
    Buffer.concat([RICH, codeAdded({ name: 'Builtin:Abort' })]),
  )
  const added = addedOf(event)
  t.match(added, { sequence: 7, start: 0x7f12_3456_7890, sizeBytes: 4096, scriptId: 12, literalId: 3 })
  t.match(added, { isCallableBuiltin: false, isWasm: false })
  t.equal(nameOfCode(added), 'JS:*größe /app/main.js:2:9')
  t.strictSame(inlinedCallsOf(added), [
    { scriptOffset: 20, parent: -1, function: 0 },
    { scriptOffset: -1, parent: 0, function: -1 },
  ])
  t.strictSame(inlinedFunctionsOf(added), [{ scriptId: 13, literalId: 4 }])
  t.strictSame(
    added.positions.bytes.subarray(added.positions.start, added.positions.end),
    positionBytes([[0, 10, -1]]),
  )

  const bare = addedOf(second)
  t.equal(nameOfCode(bare), 'Builtin:Abort')
  t.match(bare, { scriptId: 0, literalId: -1 })
  t.equal(bare.positions.start, bare.positions.end)
  t.strictSame(inlinedCallsOf(bare), [])
  t.strictSame(inlinedFunctionsOf(bare), [])
  t.strictSame(rest, [])
})

t.test('a script has its lines, its place in a file, its source map, and who evaluated it', async (t) => {
  const [file, evaluated] = decodeCodeEvents(
    Buffer.concat([
      scriptTold({ scriptId: 5, lineOffset: -2, columnOffset: 14, lineEnds: [3, 9, 70_000] }),
      scriptTold({ scriptId: 6, sequence: 9n, evaluatedIn: [5, 2, 40], sourceMapUrl: 'größe.js.map' }),
    ]),
  )
  t.match(file, {
    kind: 'script',
    scriptId: 5,
    sequence: 0,
    lineOffset: -2,
    columnOffset: 14,
    evaluatedIn: null,
  })
  t.match(evaluated, {
    kind: 'script',
    sequence: 9,
    evaluatedIn: { function: { scriptId: 5, literalId: 2 }, scriptOffset: 40 },
  })
  if (file?.kind !== 'script' || evaluated?.kind !== 'script') return
  t.strictSame([...lineEndsOf(file.lineEnds)], [3, 9, 70_000])
  t.equal(sourceMapUrlOf(file), '')
  t.equal(sourceMapUrlOf(evaluated), 'größe.js.map')
})

t.test('moves are pairs of addresses', async (t) => {
  const [moved] = decodeCodeEvents(codeMoved(4n, [0x7f00_0000_1000n, 0x10n, 1n, 2n]))
  t.match(moved, { kind: 'moved', sequence: 4 })
  t.strictSame(moved?.kind === 'moved' && [...moved.moves], [0x7f00_0000_1000, 0x10, 1, 2])
})

t.test('events that are cut off anywhere are refused', async (t) => {
  const script = scriptTold({ scriptId: 5, lineEnds: [3, 9], sourceMapUrl: 'a.map' })
  for (const bytes of [RICH, script, codeMoved(1n, [1n, 2n])]) {
    // The zeroes at the end, up to a multiple of 8, may be missing: they say nothing.
    let end = bytes.length
    while (bytes[end - 1] === 0 && bytes.length - end < 7) end--
    for (let length = 1; length < end; length++) {
      t.throws(
        () => decodeCodeEvents(bytes.subarray(0, length)),
        RangeError,
        `${length} of ${bytes.length} bytes`,
      )
    }
    t.equal(decodeCodeEvents(bytes).length, 1)
  }
})

t.test('lengths that are longer than the bytes, and kinds that are none, are refused', async (t) => {
  for (const at of [28, 36, 40, 44]) {
    const bytes = Buffer.from(RICH)
    bytes.writeUInt32LE(0xffff_ffff, at)
    t.throws(() => decodeCodeEvents(bytes), { name: 'RangeError', message: /impossible length/ }, `at ${at}`)
  }
  t.throws(() => decodeCodeEvents(words(2n, 2n ** 62n)), { name: 'RangeError', message: /impossible length/ })
  for (const kind of [0n, 6n, 255n]) {
    t.throws(() => decodeCodeEvents(words(kind, 0n)), {
      name: 'RangeError',
      message: `code event at byte 0 is of an unknown kind, ${kind}`,
    })
  }
  t.strictSame(decodeCodeEvents(Buffer.alloc(0)), [])
})
