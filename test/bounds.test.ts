// What a recording keeps is bounded, and what it forgets is said: no tick is lost by it, and nobody gets another's name.

import t from 'tap'
import { decodeCodeEvents } from '#lib/code-events.js'
import type { CodeAdded } from '#lib/code-added.js'
import { CodeMap } from '#lib/code-map.js'
import { JsFunctions } from '#lib/js-functions.js'
import type { ProfileFunction } from '#lib/profile.js'
import { NO_SCRIPT, NO_STACK, StackTable } from '#lib/stack-table.js'
import { ThreadTable } from '#lib/thread-table.js'
import { codeAdded, codeLost, listing, scriptTold } from './support/raw-bytes.js'
import { add, fn, makeSymbolizer, textOf } from './support/symbolizing.js'

const ROOM = { stacks: 4, frames: 3, scripts: 2 }

function functionOf(name: string): ProfileFunction {
  return { name, url: '/app/a.js', line: 1, column: 1, scriptId: NO_SCRIPT }
}

t.test('in a full table, a stack is that of its nearest caller that is known', async (t) => {
  const table = new StackTable({ ...ROOM, frames: 100 })
  const frame = (name: string) => table.frame({ function: functionOf(name), kind: 'js', tier: null })
  const [a, b, c] = [frame('a'), frame('b'), frame('c')]
  const ab = table.push(table.push(NO_STACK, a), b)
  const abc = table.push(ab, c)
  const abca = table.push(abc, a)
  t.equal(textOf(table, abca), 'a;b;c;a')
  t.notOk(table.isFull)
  t.equal(table.push(abca, b), abca, 'its time is its caller’s')
  t.ok(table.isFull)
  t.equal(table.push(ab, c), abc, 'what is known stays')
  t.equal(textOf(table, table.push(NO_STACK, b)), 'b', 'there is always room for a root')
})

t.test('in a full table, further functions are one', async (t) => {
  const table = new StackTable(ROOM)
  const frame = (name: string) => table.frame({ function: functionOf(name), kind: 'js', tier: null })
  for (const name of ['a', 'b', 'c']) frame(name)
  t.notOk(table.isFull)
  const more = [frame('d'), frame('e')]
  t.ok(table.isFull)
  t.equal(more[0], more[1])
  t.equal(textOf(table, table.push(NO_STACK, more[0] ?? -1)), '(more functions)')
  t.equal(frame('b'), 1, 'what is known stays')
  t.equal(table.functions.length, 4)
  t.equal(table.frames.length, 4)
})

t.test('a full table takes no more scripts', async (t) => {
  const table = new StackTable(ROOM)
  const script = { url: '/app/a.js', sourceMapUrl: '', origin: '' }
  t.strictSame([table.script(script), table.script(script), table.script(script)], [0, 1, NO_SCRIPT])
})

t.test('beyond the most threads, further ones share an entry', async (t) => {
  const table = new ThreadTable(100, 3)
  t.strictSame([table.idOf(100), table.idOf(101), table.idOf(102)], [0, 1, 2])
  t.strictSame([table.idOf(103), table.idOf(104)], [3, 3])
  table.nameOther(103, 'uv')
  table.nameWorker(104, 7, '')
  t.equal(table.idOf(101), 1)
  t.strictSame(
    table.threads.map(({ name }) => name),
    ['main', '', '', '(more threads)'],
  )
})

t.test('a worker that has the number of one that is gone is another', async (t) => {
  const table = new ThreadTable(100)
  table.nameWorker(101, 1, '')
  const first = table.idOf(101)
  table.nameWorker(101, 2, '')
  t.not(table.idOf(101), first)
  t.equal(table.threads[first]?.name, '1')
  t.equal(table.threads[table.idOf(101)]?.name, '2')
})

t.test('a code map forgets what is older, but for what is renewed', async (t) => {
  const map = new CodeMap<string>()
  map.add(1000, 3000, 'old')
  map.add(5000, 10, 'old but used')
  const order = map.nextOrder
  map.add(8000, 10, 'new')
  map.forgetBefore(order, (value) => (value === 'old' ? undefined : `${value}, renewed`))
  t.equal(map.find(1500), undefined)
  t.equal(map.find(5005)?.value, 'old but used, renewed')
  t.equal(map.find(8005)?.value, 'new')
  t.equal(map.size, 2)
  map.add(1000, 7500, 'over all of it')
  t.equal(map.size, 1)
  map.clear()
  t.equal(map.find(1500), undefined)
  t.equal(map.size, 0)
})

t.test(
  'code that V8 no longer lists is forgotten, unless it was sampled since the listing before',
  async (t) => {
    const { symbolizer, stackOf } = makeSymbolizer(listing(0n, false), listing(0n, true))
    symbolizer.addCodeEvents(
      Buffer.concat([add(1, 0, fn('gone')), add(2, 200, fn('sampled')), add(3, 400, fn('alive'))]),
    )
    t.equal(stackOf([450, 250], { sequence: 3 }), 'sampled;alive')
    t.equal(symbolizer.knownCode, 3)
    const again = (sequence: number) =>
      Buffer.concat([
        listing(BigInt(sequence), false),
        add(sequence + 1, 400, fn('alive')),
        listing(BigInt(sequence + 1), true),
      ])
    symbolizer.addCodeEvents(again(3))
    t.equal(stackOf([450, 250], { sequence: 4 }), 'sampled;alive')
    t.equal(stackOf([50], { sequence: 4 }), '(unknown code)', 'and not by the name of what is gone')
    t.equal(symbolizer.knownCode, 2)
    symbolizer.addCodeEvents(Buffer.concat([again(4), again(5)]))
    t.equal(stackOf([450], { sequence: 6 }), 'alive')
    t.equal(symbolizer.knownCode, 1)
  },
)

t.test('where there was no room for code events, code is unknown until it is listed again', async (t) => {
  const { symbolizer, stackOf } = makeSymbolizer(
    listing(0n, false),
    listing(0n, true),
    add(1, 0, fn('before')),
  )
  t.equal(stackOf([50], { sequence: 1 }), 'before')
  symbolizer.addCodeEvents(Buffer.concat([codeLost(2n)]))
  t.notOk(symbolizer.hasLost)
  t.equal(stackOf([50], { sequence: 1 }), 'before')
  t.equal(stackOf([50], { sequence: 2 }), '(unknown code)')
  t.ok(symbolizer.hasLost)
  symbolizer.addCodeEvents(Buffer.concat([listing(2n, false), add(3, 0, fn('after')), listing(3n, true)]))
  t.equal(stackOf([50], { sequence: 3 }), 'after')
})

function codeOf(literalId: bigint, name: string): CodeAdded {
  const [event] = decodeCodeEvents(codeAdded({ name, scriptId: 1n, literalId }))
  if (event?.kind !== 'added') throw new Error('no code')
  return event
}

t.test(
  'functions that V8 tells of in neither of two listings are forgotten, but for those in use',
  async (t) => {
    const functions = new JsFunctions(new StackTable())
    const nameOf = (literalId: number) => functions.nameOf({ scriptId: 1, literalId })?.name
    functions.addCode(codeOf(1n, 'JS:~used /app/a.js:1:1'))
    functions.addCode(codeOf(2n, 'JS:~gone /app/a.js:2:1'))
    functions.addCode(codeOf(3n, 'JS:~listed /app/a.js:3:1'))
    functions.forgetUnlisted()
    t.equal(nameOf(1), 'used')
    functions.addCode(codeOf(3n, 'JS:~listed /app/a.js:3:1'))
    functions.forgetUnlisted()
    t.strictSame([nameOf(1), nameOf(2), nameOf(3)], ['used', undefined, 'listed'])
  },
)

t.test('source maps inside of scripts are kept up to 64 MiB, the latest ones', async (t) => {
  const table = new StackTable()
  const functions = new JsFunctions(table)
  const map = `data:,${'x'.repeat(24 * 2 ** 20)}`
  for (const scriptId of [1, 2, 3]) {
    const [event] = decodeCodeEvents(scriptTold({ scriptId, sourceMapUrl: map }))
    if (event?.kind === 'script') functions.addScript(event)
  }
  const name = { name: 'f', line: 1, column: 1, kind: 'js', tier: null, plumbing: false } as const
  for (const scriptId of [1, 2, 3]) functions.describe({ ...name, url: `/app/${scriptId}.js` }, scriptId)
  t.strictSame(
    table.scripts.map(({ sourceMapUrl }) => sourceMapUrl.length),
    [0, 0, map.length],
  )
})
