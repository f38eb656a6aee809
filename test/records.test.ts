import t from 'tap'
import { nameOfCode } from '#lib/code-added.js'
import { decodeCodeEvents } from '#lib/code-events.js'
import { FRAMES_LEFT_OUT, VM_STATES, decodeRecords } from '#lib/records.js'
import { codeAdded, codeMoved, nativeAddress, overflowRecord, recordHeader } from './support/raw-bytes.js'
import { sampleRecord, threadRecord, words } from './support/raw-bytes.js'

// The layouts are those of native/record.h and native/code_log.cc. All words are little-endian and of 64 bits.

const SAMPLE = 1n
const OVERFLOW = 2n
const THREAD = 4n
const ADDED = 1n
const MOVED = 2n

t.test('a sample is read as it was written', async (t) => {
  const bytes = words(
    recordHeader(SAMPLE, { length: 7n, state: 6n }),
    1_234_567_890_123_456n,
    (7n << 32n) | 99n,
    (4321n << 32n) | 3n,
    0x8000_5555_0000_1001n,
    0x7fff_ffff_fff9n,
    0x8000_7fff_ffff_fff9n,
  )
  t.strictSame(decodeRecords(bytes), [
    {
      kind: 'sample',
      timeNanos: 1_234_567_890_123_456,
      sequence: 99,
      threadNumber: 7,
      tid: 4321,
      labelNumber: 0,
      codeIsMoving: false,
      ticks: 3,
      vmState: 'external',
      addresses: Float64Array.of(-0x5555_0000_1001, 0x7fff_ffff_fff9, -0x7fff_ffff_fff9),
    },
  ])
})

t.test('a sample that was taken while code moved says so, beside the state', async (t) => {
  const [moving, still] = [(1n << 8n) | 1n, 1n].map((state) => decodeRecords(sampleRecord({ state }))[0])
  t.match(moving, { vmState: 'gc', codeIsMoving: true })
  t.match(still, { vmState: 'gc', codeIsMoving: false })
})

t.test('a sample may bear the number of a set of labels, before its addresses', async (t) => {
  const [sample] = decodeRecords(
    sampleRecord({ state: 1n, labelNumber: 0x3fff_ffffn, addresses: [0x1000n, 0x2000n] }),
  )
  t.match(sample, { labelNumber: 0x3fff_ffff, vmState: 'gc' })
  t.strictSame(sample?.kind === 'sample' && [...sample.addresses], [0x1000, 0x2000])
  const none = sampleRecord({ addresses: [] })
  none.writeUInt8(2, 3)
  t.throws(() => decodeRecords(none), RangeError, 'and has to have room for it')
})

t.test("addresses outside V8's code are negative, exact at 53 bits", async (t) => {
  const addressesOf = (...addresses: bigint[]) => {
    const [record] = decodeRecords(sampleRecord({ addresses }))
    return record?.kind === 'sample' ? [...record.addresses] : []
  }
  t.strictSame(addressesOf(nativeAddress(1), 1n), [-1, 1])
  t.strictSame(addressesOf(nativeAddress(0xffff_ffff), 0xffff_ffffn), [-0xffff_ffff, 0xffff_ffff])
  t.strictSame(addressesOf(nativeAddress(2n ** 53n - 1n), 2n ** 53n - 1n), [
    -Number.MAX_SAFE_INTEGER,
    Number.MAX_SAFE_INTEGER,
  ])
})

t.test('a zero among the addresses stands for frames that were left out', async (t) => {
  const [record] = decodeRecords(sampleRecord({ addresses: [3n, 0n, nativeAddress(5)] }))
  t.strictSame(record?.kind === 'sample' && [...record.addresses], [3, FRAMES_LEFT_OUT, -5])
})

t.test('the state of the virtual machine is named in the order of v8::StateTag', async (t) => {
  const stateOf = (state: bigint) => {
    const [record] = decodeRecords(sampleRecord({ state }))
    return record?.kind === 'sample' ? record.vmState : ''
  }
  t.strictSame(
    VM_STATES.map((_, state) => stateOf(BigInt(state))),
    VM_STATES,
  )
  t.strictSame([0n, 1n, 2n, 3n, 4n].map(stateOf), ['js', 'gc', 'parser', 'bytecode-compiler', 'compiler'])
  t.equal(stateOf(0xfdffn), 'other', 'one that is new')
})

t.test('a sample may have no addresses', async (t) => {
  const [record] = decodeRecords(sampleRecord({}))
  t.strictSame(record?.kind === 'sample' && record.addresses, new Float64Array(0))
})

t.test('numbers of all 32 bits are positive', async (t) => {
  const bytes = words(
    recordHeader(SAMPLE, { length: 4n }),
    0n,
    0xffff_fffe_ffff_fffdn,
    0xffff_fffc_ffff_fffbn,
  )
  const [record] = decodeRecords(bytes)
  t.match(record, {
    sequence: 0xffff_fffd,
    threadNumber: 0xffff_fffe,
    ticks: 0xffff_fffb,
    tid: 0xffff_fffc,
  })
})

t.test('an overflow tells how many ticks found no room', async (t) => {
  const bytes = words(recordHeader(OVERFLOW, { length: 3n }), 5_000_000_000n, 17n)
  t.strictSame(decodeRecords(bytes), [{ kind: 'overflow', timeNanos: 5_000_000_000, ticks: 17 }])
})

t.test('a thread without JavaScript is announced with the name that the kernel has for it', async (t) => {
  const bytes = words(
    recordHeader(THREAD, { length: 5n }),
    6_000_000_000n,
    0xffff_fffen,
    0x6f57_7375_426f_6976n, // "vioBusWo"
    0x0000_0000_7265_6b72n, // "rker"
  )
  t.strictSame(decodeRecords(bytes), [
    { kind: 'thread', timeNanos: 6_000_000_000, tid: 0xffff_fffe, name: 'vioBusWorker' },
  ])
  const namesOf = (...names: string[]) =>
    decodeRecords(Buffer.concat(names.map((name) => threadRecord({ tid: 1n, name })))).map(
      (record) => record.kind === 'thread' && record.name,
    )
  t.strictSame(namesOf('', 'fifteen letters', 'größe'), ['', 'fifteen letters', 'größe'])
  t.strictSame(
    namesOf('two\0parts', 'two\nlines\0x'),
    ['two', 'two\nlines'],
    'what is behind the zero is no name',
  )
  t.strictSame(namesOf('exactly 16 bytes'), ['exactly 16 bytes'], 'no zero is needed')
})

t.test('records follow each other in order, wherever in memory they begin', async (t) => {
  const records = Buffer.concat([
    sampleRecord({ addresses: [1n, 2n, 3n] }),
    overflowRecord(8n, 9n),
    threadRecord({ tid: 5n, name: 'a thread' }),
    sampleRecord({ addresses: [4n] }),
  ])
  const shifted = Buffer.concat([Buffer.alloc(3, 0xff), records]).subarray(3)
  t.strictSame(decodeRecords(shifted), decodeRecords(records))
  t.strictSame(
    decodeRecords(shifted).map((record) => {
      if (record.kind === 'thread') return record.name
      if (record.kind === 'sample') return [...record.addresses]
      return record.kind === 'overflow' ? record.ticks : record.kind
    }),
    [[1, 2, 3], 9, 'a thread', [4]],
  )
})

t.test('no bytes are no records and no code events', async (t) => {
  t.strictSame(decodeRecords(Buffer.alloc(0)), [])
  t.strictSame(decodeCodeEvents(Buffer.alloc(0)), [])
})

t.test('bytes that are no records are refused', async (t) => {
  const refused: [string, Buffer][] = [
    ['length 0', words(recordHeader(SAMPLE, { length: 0n }), 0n, 0n, 0n)],
    ['an overflow of length 0', words(recordHeader(OVERFLOW, { length: 0n }), 0n, 0n)],
    ['length beyond the end', words(recordHeader(SAMPLE, { length: 5n }), 0n, 0n, 0n)],
    ['length far beyond the end', words(recordHeader(OVERFLOW, { length: 0xffff_ffffn }), 0n, 0n)],
    ['a sample that is too short', words(recordHeader(SAMPLE, { length: 3n }), 0n, 0n)],
    ['an overflow that is too short', words(recordHeader(OVERFLOW, { length: 1n }))],
    [
      'a sample that is too short, before another',
      Buffer.concat([words(recordHeader(SAMPLE, { length: 3n }), 0n, 0n), sampleRecord({})]),
    ],
    [
      'an overflow that is too short, before another',
      Buffer.concat([words(recordHeader(OVERFLOW, { length: 2n }), 0n), sampleRecord({})]),
    ],
    ['a thread that is too short', words(recordHeader(THREAD, { length: 4n }), 0n, 1n, 0n)],
    ['kind 0', words(recordHeader(0n, { length: 1n }))],
    ['a thread of length 0', words(recordHeader(THREAD, { length: 0n }), 0n, 1n, 0n, 0n)],
    ['padding', words(recordHeader(3n, { length: 1n }))],
    ['kind 255', words(recordHeader(255n, { length: 1n }))],
    ['half a word', words(recordHeader(SAMPLE, { length: 4n })).subarray(0, 4)],
    ['half a word after a record', Buffer.concat([sampleRecord({}), Buffer.alloc(4, 1)])],
  ]
  for (const [what, bytes] of refused) t.throws(() => decodeRecords(bytes), RangeError, what)
})

t.test('code that was added is read as it was written', async (t) => {
  const bytes = codeAdded({
    sequence: 7n,
    start: 0x7f12_3456_7898n,
    sizeBytes: 640n,
    scriptId: 42n,
    name: 'JS:*f /a.js:1:9',
  })
  const [event, ...others] = decodeCodeEvents(bytes)
  t.strictSame(others, [])
  t.match(event, {
    kind: 'added',
    sequence: 7,
    start: 0x7f12_3456_7898,
    sizeBytes: 640,
    scriptId: 42,
    isCallableBuiltin: false,
  })
  t.equal(event?.kind === 'added' && nameOfCode(event), 'JS:*f /a.js:1:9')
})

t.test('code may be marked as a builtin that JavaScript can call, whatever its code type', async (t) => {
  const events = decodeCodeEvents(
    Buffer.concat([
      codeAdded({ name: 'Builtin:ArrayMap', callable: true }),
      codeAdded({ name: 'Builtin:LoadIC', callable: false, codeType: 1n }),
    ]),
  )
  t.strictSame(
    events.map((event) => event.kind === 'added' && event.isCallableBuiltin),
    [true, false],
  )
})

t.test('code that was compiled from WebAssembly is told by its code type', async (t) => {
  const types = [0n, 1n, 2n].map((codeType) => codeAdded({ name: 'JS:f-0-liftoff', codeType }))
  t.strictSame(
    decodeCodeEvents(Buffer.concat(types)).map((event) => event.kind === 'added' && event.isWasm),
    [false, false, true],
  )
})

t.test('names are UTF-8 of any length, padded to whole words', async (t) => {
  const names = ['', 'a', 'seven b', 'eight by', 'nine byte', 'JS:~größe /漢字/😀.js:1:9']
  const bytes = Buffer.concat(names.map((name) => codeAdded({ name })))
  const shifted = Buffer.concat([Buffer.alloc(5), bytes]).subarray(5)
  const events = decodeCodeEvents(shifted)
  t.strictSame(
    events.map((event) => event.kind === 'added' && nameOfCode(event)),
    names,
  )
})

t.test('moves are pairs of old and new start, exact at 47 bits', async (t) => {
  const bytes = words(
    MOVED | (8n << 32n),
    2n,
    0x7fff_ffff_fff9n,
    0x7fff_ffff_fffbn,
    0x1001n,
    0x7f00_0000_0001n,
  )
  t.strictSame(decodeCodeEvents(Buffer.concat([bytes, codeAdded({ sequence: 9n, name: 'f' })])).slice(0, 1), [
    {
      kind: 'moved',
      sequence: 8,
      moves: Float64Array.of(0x7fff_ffff_fff9, 0x7fff_ffff_fffb, 0x1001, 0x7f00_0000_0001),
    },
  ])
  t.strictSame(decodeCodeEvents(codeMoved(3n, [])), [
    { kind: 'moved', sequence: 3, moves: new Float64Array(0) },
  ])
})

t.test('bytes that are no code events are refused', async (t) => {
  const whole = codeAdded({ name: 'JS:*f /a.js:1:9' })
  const refused: [string, Buffer][] = [
    ['kind 0', words(0n, 0n)],
    ['kind 3', words(3n, 0n)],
    ['kind 255', words(255n, 0n)],
    ['a name beyond the end', whole.subarray(0, 40)],
    ['a name far beyond the end', words(ADDED, 0n, 0n, 0xffff_ffffn << 32n)],
    ['half of what comes before the name', whole.subarray(0, 16)],
    ['moves beyond the end', words(MOVED, 2n, 1n, 2n)],
    ['moves far beyond the end', words(MOVED, 1n << 60n)],
    ['half a word', whole.subarray(0, 4)],
  ]
  for (const [what, bytes] of refused) t.throws(() => decodeCodeEvents(bytes), RangeError, what)
})
