import t from 'tap'
import { spellingOfCallable } from '#lib/callable-spelling.js'

// V8's names, of Node 20 to 26.
const SPELLINGS: Readonly<Record<string, string>> = {
  ArrayMap: 'Array.prototype.map',
  ArrayForEach: 'Array.prototype.forEach',
  ArrayPrototypeFlatMap: 'Array.prototype.flatMap',
  ArrayIsArray: 'Array.isArray',
  ArrayFrom: 'Array.from',
  TypedArrayPrototypeMap: 'TypedArray.prototype.map',
  MapPrototypeGet: 'Map.prototype.get',
  MapConstructor: 'new Map',
  StringConstructor: 'String',
  MathMax: 'Math.max',
  GlobalIsNaN: 'isNaN',
  PromisePrototypeThen: 'Promise.prototype.then',
  StringPrototypeToLowerCaseIntl: 'String.prototype.toLowerCase',
}

for (const [name, spelling] of Object.entries(SPELLINGS))
  t.test(`${name} is ${spelling}`, async (t) => {
    t.equal(spellingOfCallable(name), spelling)
  })

t.test('what no program calls by a name keeps the one that V8 has', async (t) => {
  for (const name of [
    'ArrayForEachLoopContinuation',
    'GeneratorPrototypeNext',
    'RegExpReplace',
    'TypedArraySort',
    'constructor',
    'toString',
    '',
  ])
    t.equal(spellingOfCallable(name), name)
})

t.test('no getter is called to find out', async (t) => {
  let calls = 0
  Object.defineProperty(Math, 'probe', {
    configurable: true,
    get: () => {
      calls++
      return () => 0
    },
  })
  t.teardown(() => Reflect.deleteProperty(Math, 'probe'))
  t.equal(spellingOfCallable('MathProbe'), 'Math.probe')
  t.equal(calls, 0)
})
