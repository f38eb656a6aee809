import t from 'tap'
import { decodeCodeEvents } from '#lib/code-events.js'
import type { CodeAdded } from '#lib/code-added.js'
import type { ScriptTold } from '#lib/code-events.js'
import { JsFunctions } from '#lib/js-functions.js'
import { StackTable } from '#lib/stack-table.js'
import { codeAdded, scriptTold } from './support/raw-bytes.js'
import type { CodeFields, ScriptFields } from './support/raw-bytes.js'

function codeOf(fields: CodeFields): CodeAdded {
  const [event] = decodeCodeEvents(codeAdded(fields))
  if (event?.kind !== 'added') throw new Error('no code')
  return event
}

function scriptOf(fields: ScriptFields): ScriptTold {
  const [event] = decodeCodeEvents(scriptTold(fields))
  if (event?.kind !== 'script') throw new Error('no script')
  return event
}

/** A script with as many bytes of line ends as wanted. */
function scriptOfLines(scriptId: number, lineBytes: number): ScriptTold {
  const { lineEnds, ...rest } = scriptOf({ scriptId })
  return { ...rest, lineEnds: { ...lineEnds, end: lineEnds.start + lineBytes } }
}

const table = new StackTable()

t.test('a place is the line whose end is not before it', async (t) => {
  const functions = new JsFunctions(table)
  functions.addScript(scriptOf({ scriptId: 1, lineEnds: [3, 4, 20] }))
  for (const [offset, line, column] of [
    [0, 1, 1],
    [3, 1, 4], // the line feed
    [4, 2, 1], // an empty line
    [5, 3, 1],
    [20, 3, 16],
    [21, 0, 0], // behind the end
    [-1, 0, 0],
  ] as const) {
    t.strictSame(functions.placeOf(1, offset), { line, column }, `offset ${offset}`)
  }
  t.strictSame(functions.placeOf(2, 0), { line: 0, column: 0 }, 'a script that is not known')
})

t.test(
  'a script may begin anywhere in its file: all lines count from there, columns of the first one',
  async (t) => {
    const functions = new JsFunctions(table)
    functions.addScript(scriptOf({ scriptId: 1, lineEnds: [3, 9], lineOffset: 40, columnOffset: 7 }))
    t.strictSame(functions.placeOf(1, 2), { line: 41, column: 10 })
    t.strictSame(functions.placeOf(1, 6), { line: 42, column: 3 })
  },
)

t.test('a function is found by its number in its script, whatever code has told of it', async (t) => {
  const functions = new JsFunctions(table)
  functions.addCode(codeOf({ name: 'JS:~a /app/a.js:2:9', scriptId: 1n, literalId: 1n }))
  functions.addCode(codeOf({ name: 'JS:*b /app/b.js:3:9', scriptId: 2n, literalId: 1n }))
  functions.addCode(codeOf({ name: 'JS:^b /app/b.js:3:9', scriptId: 2n, literalId: 1n }))
  functions.addCode(codeOf({ name: 'JS:~none /app/b.js:9:9', scriptId: 2n })) // without a number
  functions.addCode(codeOf({ name: 'Builtin:ArrayMap', scriptId: 3n, literalId: 1n }))
  t.match(functions.find({ scriptId: 1, literalId: 1 }), { name: 'a', url: '/app/a.js', line: 2, column: 9 })
  t.match(functions.find({ scriptId: 2, literalId: 1 }), { name: 'b', scriptId: -1 })
  t.equal(functions.find({ scriptId: 2, literalId: 0 }), undefined)
  t.equal(functions.find({ scriptId: 2, literalId: -1 }), undefined)
  t.equal(functions.find({ scriptId: 3, literalId: 1 }), undefined, 'no JavaScript')
})

t.test('a number that two functions have is that of none', async (t) => {
  const functions = new JsFunctions(table)
  const key = { scriptId: 1, literalId: 1 }
  const tell = (name: string): void => {
    functions.addCode(codeOf({ name, scriptId: 1n, literalId: 1n }))
  }
  for (const mark of ['~', '^', '+', "+'", '*', "*'", 'o*', 'o+']) {
    tell(`JS:${mark}once /app/a.js:2:9`)
    t.equal(functions.find(key)?.name, 'once', mark)
  }
  tell('JS:~other /app/a.js:7:9')
  t.equal(functions.find(key), undefined)
  tell('JS:~other /app/a.js:7:9')
  t.equal(functions.find(key), undefined, 'from then on')
})

t.test('a script is in the profile once a function of it is', async (t) => {
  const own = new StackTable()
  const functions = new JsFunctions(own)
  functions.addScript(scriptOf({ scriptId: 8, sourceMapUrl: 'a.js.map' }))
  functions.addScript(scriptOf({ scriptId: 9 }))
  functions.addCode(codeOf({ name: 'JS:~a /app/a.js:2:9', scriptId: 8n, literalId: 1n }))
  functions.addCode(codeOf({ name: 'JS:~b /app/a.js:3:9', scriptId: 8n, literalId: 2n }))
  t.strictSame(own.scripts, [])
  t.equal(functions.find({ scriptId: 8, literalId: 1 })?.scriptId, 0)
  t.equal(functions.find({ scriptId: 8, literalId: 2 })?.scriptId, 0)
  t.strictSame(own.scripts, [{ url: '/app/a.js', sourceMapUrl: 'a.js.map', origin: '' }])
})

t.test('evaluated code says where it was evaluated, as far as that is known', async (t) => {
  const own = new StackTable()
  const functions = new JsFunctions(own)
  functions.addScript(scriptOf({ scriptId: 1, lineEnds: [30, 60, 90] }))
  functions.addCode(codeOf({ name: 'JS:~make /app/a.js:1:9', scriptId: 1n, literalId: 4n }))
  const origins = (
    [
      [1, 4, 65],
      [1, 4, -1],
      [1, 5, 65],
    ] as const
  ).map((evaluatedIn, i) => {
    functions.addScript(scriptOf({ scriptId: 10 + i, evaluatedIn }))
    functions.describe(
      { name: 'f', url: '', line: 1, column: 1, kind: 'js', tier: null, plumbing: false },
      10 + i,
    )
    return own.scripts.at(-1)?.origin
  })
  t.strictSame(origins, ['make /app/a.js:3:5', 'make /app/a.js:1:9', ''])
})

t.test('beyond 131,072 functions, those that were told of longest ago are forgotten', async (t) => {
  const functions = new JsFunctions(table)
  const tell = (literalId: number): void => {
    functions.addCode(codeOf({ name: 'JS:~a /app/a.js:2:9', scriptId: 1n, literalId: BigInt(literalId) }))
  }
  for (let literalId = 0; literalId < 131_072; literalId++) tell(literalId)
  const isKnown = (literalId: number): boolean => functions.find({ scriptId: 1, literalId }) !== undefined
  t.ok(isKnown(0))
  tell(0) // again
  tell(131_072)
  t.ok(isKnown(0), 'the latest but one')
  t.notOk(isKnown(1))
  t.ok(isKnown(2))
  t.ok(isKnown(131_072))
})

t.test('scripts are forgotten beyond ten million lines, and beyond 32,768 of them', async (t) => {
  const functions = new JsFunctions(table)
  functions.addScript(scriptOf({ scriptId: 1, lineEnds: [5] }))
  functions.addScript(scriptOf({ scriptId: 2, lineEnds: [5] }))
  const isKnown = (scriptId: number): boolean => functions.placeOf(scriptId, 0).line === 1
  functions.addScript(scriptOfLines(3, 9_999_998))
  t.ok(isKnown(1), 'ten million are not beyond it')
  functions.addScript(scriptOfLines(3, 9_999_998))
  t.ok(isKnown(1), 'nor are those of a script that is told again')
  functions.addScript(scriptOf({ scriptId: 4, lineEnds: [5] }))
  t.notOk(isKnown(1))
  t.ok(isKnown(2))
  t.ok(isKnown(4))
  functions.addScript(scriptOfLines(5, 10_000_001))
  t.notOk(isKnown(4), 'one that is too long takes all others with it')
  functions.addScript(scriptOf({ scriptId: 6, lineEnds: [5] }))
  t.ok(isKnown(6), 'but those that come after it')
  for (let scriptId = 7; scriptId < 32_768 + 6; scriptId++) functions.addScript(scriptOfLines(scriptId, 0))
  t.ok(isKnown(6))
  functions.addScript(scriptOfLines(40_000, 0))
  t.notOk(isKnown(6))
})
