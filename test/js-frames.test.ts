import t from 'tap'
import type { TablesLevel } from '#lib/binding.js'
import { decodeCodeEvents } from '#lib/code-events.js'
import { JsFrames } from '#lib/js-frames.js'
import { StackTable } from '#lib/stack-table.js'
import { codeAdded, positionBytes, scriptTold } from './support/raw-bytes.js'
import type { CodeFields } from './support/raw-bytes.js'
import { OWN_URL } from './support/symbolizing.js'

const START = 0x7f12_0000_1000

/** Lines of ten characters. */
const LINES = Array.from({ length: 40 }, (_, i) => 10 * i + 9)

const OUTER = 'JS:*outer /app/main.js:2:9'

/** outer() at line 3 calls middle() of another script, which at its line 5 calls inner(), of the first one. */
const CHAIN: CodeFields = {
  name: OUTER,
  scriptId: 1n,
  literalId: 1n,
  positions: positionBytes([
    [4, 15, -1],
    [10, 301, 1],
    [20, 55, 0],
    [30, 41, -1],
  ]),
  calls: [
    [25, -1, 0],
    [47, 0, 1],
  ],
  functions: [
    [2, 7],
    [1, 2],
  ],
}

const KNOWN = [
  scriptTold({ scriptId: 1, lineEnds: LINES }),
  scriptTold({ scriptId: 2, lineEnds: LINES }),
  codeAdded({ name: 'JS:~outer /app/main.js:2:9', scriptId: 1n, literalId: 1n }),
  codeAdded({ name: 'JS:~inner /app/main.js:31:1', scriptId: 1n, literalId: 2n }),
  codeAdded({ name: 'JS:~middle /app/other.js:4:1', scriptId: 2n, literalId: 7n }),
]

/** What the frames at offsets of a piece of code are, as `name:line:column`; `+` before those that were inlined. */
function makeFrames(fields: CodeFields, { known = KNOWN }: { known?: readonly Buffer[] } = {}) {
  const table = new StackTable()
  const frames = new JsFrames(table, OWN_URL)
  for (const event of decodeCodeEvents(Buffer.concat(known))) {
    if (event.kind === 'added') frames.functions.addCode(event)
    if (event.kind === 'script') frames.functions.addScript(event)
  }
  const [added] = decodeCodeEvents(codeAdded({ start: BigInt(START), sizeBytes: 100n, ...fields }))
  if (added?.kind !== 'added') throw new Error('no code')
  const range = { start: START, end: START + 100, value: added, order: 0 }
  const at = (
    offset: number,
    { level = 'lines-and-inlining', isLeaf = true }: { level?: TablesLevel; isLeaf?: boolean } = {},
  ): string | null => {
    frames.tables = level
    const ids = frames.of(range, START + offset, isLeaf)
    if (ids === null) return null
    return ids
      .map((id) => {
        const frame = table.frames[id]
        const name = table.functions[frame?.functionId ?? -1]?.name ?? '?'
        return `${frame?.inlined ? '+' : ''}${name}:${frame?.line}:${frame?.column}`
      })
      .join(' ')
  }
  return { table, at }
}

t.test('what was inlined is under its callers, each at the line of its call', async (t) => {
  const { table, at } = makeFrames(CHAIN)
  t.equal(at(11), 'outer:3:6 +middle:5:8 +inner:31:2')
  t.equal(at(25), 'outer:3:6 +middle:6:6')
  t.equal(at(31), 'outer:5:2')
  t.strictSame(
    table.frames.map(({ kind, tier }) => `${kind} ${tier}`),
    table.frames.map(() => 'js turbofan'),
    'all of it is what the compiler made',
  )
})

t.test('an instruction of optimized code is that before it, for leaves and callers alike', async (t) => {
  const { at } = makeFrames(CHAIN)
  for (const isLeaf of [true, false]) {
    t.equal(at(4, { isLeaf }), 'outer:2:9', 'where nothing has begun, the function is at its start')
    t.equal(at(5, { isLeaf }), 'outer:2:6')
    t.equal(at(10, { isLeaf }), 'outer:2:6')
  }
})

t.test('a bytecode is where it begins; baseline code is there as a leaf, but behind its calls', async (t) => {
  const { at: interpreted } = makeFrames({
    ...CHAIN,
    name: 'JS:~outer /app/main.js:2:9',
    calls: [],
    functions: [],
  })
  t.equal(interpreted(4), 'outer:2:6')
  t.equal(interpreted(4, { isLeaf: false }), 'outer:2:6')
  t.equal(interpreted(3), 'outer:2:9')
  t.equal(interpreted(-1), 'outer:2:9', 'the byte in front of it, while it is entered')
  const { at: baseline } = makeFrames({
    ...CHAIN,
    name: 'JS:^outer /app/main.js:2:9',
    calls: [],
    functions: [],
  })
  t.equal(baseline(4), 'outer:2:6')
  t.equal(baseline(30), 'outer:5:2')
  t.equal(baseline(4, { isLeaf: false }), 'outer:2:9')
  t.equal(baseline(5, { isLeaf: false }), 'outer:2:6')
})

t.test('as long as tables are not believed, nothing of them is shown; and then all of it', async (t) => {
  const { at } = makeFrames(CHAIN)
  t.equal(at(11, { level: 'none' }), 'outer:0:0')
  t.equal(at(31, { level: 'none' }), 'outer:0:0')
  t.equal(at(11, { level: 'lines' }), 'outer:0:0', 'in what was inlined, the line is not known')
  t.equal(at(31, { level: 'lines' }), 'outer:5:2')
  t.equal(at(11), 'outer:3:6 +middle:5:8 +inner:31:2')
  t.equal(at(31, { level: 'none' }), 'outer:0:0', 'and nothing again')
})

t.test('code without a table has no line', async (t) => {
  const { at } = makeFrames({ name: OUTER, scriptId: 1n, literalId: 1n })
  t.equal(at(11), 'outer:0:0')
})

t.test('a function that was inlined into itself is there twice', async (t) => {
  const { at } = makeFrames({
    ...CHAIN,
    calls: [
      [25, -1, -1],
      [35, 0, -1],
    ],
    functions: [],
  })
  t.equal(at(11), 'outer:3:6 +outer:4:6 +outer:31:2')
  const { at: byNumber } = makeFrames({
    ...CHAIN,
    calls: [
      [25, -1, 0],
      [35, 0, 0],
    ],
    functions: [[1, 1]],
  })
  t.equal(byNumber(11), 'outer:3:6 +outer:4:6 +outer:31:2')
})

t.test('a call from nowhere in the script has no line', async (t) => {
  const { at } = makeFrames({
    ...CHAIN,
    calls: [
      [-1, -1, 0],
      [47, 0, 1],
    ],
  })
  t.equal(at(11), 'outer:0:0 +middle:5:8 +inner:31:2')
})

t.test('if one of the functions is not known, none is guessed', async (t) => {
  const { at } = makeFrames(CHAIN, { known: KNOWN.slice(0, -1) })
  t.equal(at(11), 'outer:0:0')
  t.equal(at(25), 'outer:0:0')
  t.equal(at(31), 'outer:5:2')
})

t.test('tables that contradict themselves name no functions', async (t) => {
  for (const [what, calls] of [
    [
      'a call in itself',
      [
        [25, -1, 0],
        [47, 1, 1],
      ],
    ],
    [
      'a call in a later one',
      [
        [25, 1, 0],
        [47, 0, 1],
      ],
    ],
    [
      'a function that is not there',
      [
        [25, -1, 2],
        [47, 0, 1],
      ],
    ],
    ['a call that is not there', [[25, -1, 0]]],
  ] as const) {
    t.equal(makeFrames({ ...CHAIN, calls }).at(11), 'outer:0:0', what)
  }
})

t.test("nativeprof's own code is told, also where it was inlined", async (t) => {
  const own = [
    ...KNOWN.slice(0, -1),
    codeAdded({ name: `JS:~drain ${OWN_URL}sampler.js:4:1`, scriptId: 2n, literalId: 7n }),
  ]
  const { at } = makeFrames(CHAIN, { known: own })
  t.equal(at(11), null)
  t.equal(at(25), null)
  t.equal(at(31), 'outer:5:2')
  t.equal(at(11, { level: 'none' }), 'outer:0:0')
  t.equal(makeFrames({ ...CHAIN, name: `JS:*drain ${OWN_URL}sampler.js:4:1` }).at(31), null)
})

t.test("V8's plumbing is not shown, and its builtins have no lines", async (t) => {
  t.equal(makeFrames({ name: 'Builtin:InterpreterEntryTrampoline' }).at(11), '')
  t.equal(makeFrames({ name: 'Builtin:ArrayMap', callable: true }).at(11), 'ArrayMap:0:0')
})
