import t from 'tap'
import { parseCodeName, parseWasmName } from '#lib/code-name.js'
import type { CodeName } from '#lib/code-name.js'
import { randomBelow } from './support/random.js'

t.test('a JavaScript function has a name, a script, and a place where it starts', async (t) => {
  t.strictSame(parseCodeName('JS:*parse /app/file.js:10:3'), {
    name: 'parse',
    url: '/app/file.js',
    line: 10,
    column: 3,
    kind: 'js',
    tier: 'turbofan',
    plumbing: false,
  })
  for (const tag of ['Function', 'Eval', 'LazyCompile', 'Script']) {
    t.equal(textOf(`${tag}:~f /a.js:2:3`), 'f | /a.js | 2:3', tag)
  }
})

t.test('the mark tells the tier', async (t) => {
  t.equal(parseCodeName('JS:~f /a.js:1:9').tier, 'interpreted')
  t.equal(parseCodeName('JS:^f /a.js:1:9').tier, 'baseline')
  t.equal(parseCodeName('JS:+f /a.js:1:9').tier, 'maglev')
  t.equal(parseCodeName('JS:*f /a.js:1:9').tier, 'turbofan')
  t.equal(parseCodeName('JS:f /a.js:1:9').tier, null)
})

t.test('marks of on-stack replacement and of specialized code are no part of the name', async (t) => {
  for (const mark of ['o*', "*'", "o*'", 'o+', "o+'"]) {
    t.equal(textOf(`JS:${mark}f /a.js:1:9`), 'f | /a.js | 1:9', mark)
  }
  t.equal(textOf('JS:~open /a.js:1:9'), 'open | /a.js | 1:9', 'a name may start with o')
  t.equal(parseCodeName('JS:o*f /a.js:1:9').tier, 'turbofan')
})

t.test('a name may hold spaces, colons and slashes', async (t) => {
  t.equal(textOf('JS:*get acc /app/a.js:4:5'), 'get acc | /app/a.js | 4:5')
  t.equal(textOf('JS:~set acc file:///app/a.mjs:4:5'), 'set acc | file:///app/a.mjs | 4:5')
  t.equal(textOf('JS:~a:b c /app/a.js:4:5'), 'a:b c | /app/a.js | 4:5')
  t.equal(textOf('JS:~x:1:2 /app/a.js:4:5'), 'x:1:2 | /app/a.js | 4:5')
  t.equal(textOf('JS:~does a thing: well /app/a.js:4:5'), 'does a thing: well | /app/a.js | 4:5')
  t.equal(textOf('JS:~a / b node:fs:4:5'), 'a / b | node:fs | 4:5')
  t.equal(
    textOf('JS:~Id[name = /^(to|from)$/].key /app/my src/a.js:4:5'),
    'Id[name = /^(to|from)$/].key | /app/my src/a.js | 4:5',
  )
  t.equal(textOf('JS:~get ns:key file:///a.mjs:4:5'), 'get ns:key | file:///a.mjs | 4:5')
  t.equal(textOf('JS:~#größe /app/é.js:4:5'), '#größe | /app/é.js | 4:5')
})

t.test('a script may be anything that Node runs', async (t) => {
  for (const url of [
    '/my app/a b.js',
    '/app/a:1:2.js',
    'file:///my%20app/a.mjs',
    'file:///app/a.mjs?x=1 2',
    'node:internal/modules/cjs/loader',
    'node:fs',
    'evalmachine.<anonymous>',
    '[eval]',
    '[eval]-wrapper',
    '[eval1]',
    '[worker eval]',
    '[stdin]',
    'data:text/javascript,f( 1 / 2 )',
    'https://example.org/a.js',
    'virtual:module',
    'relative.js',
  ]) {
    t.equal(textOf(`JS:~f ${url}:7:8`), `f | ${url} | 7:8`)
    t.equal(textOf(`JS:~ ${url}:7:8`), `(anonymous) | ${url} | 7:8`)
  }
})

t.test('a function need not have a script', async (t) => {
  t.equal(textOf('JS:~f :3:4'), 'f |  | 3:4')
  t.equal(textOf('JS:~get acc :3:4'), 'get acc |  | 3:4')
  t.equal(textOf('JS:~ :3:4'), '(anonymous) |  | 3:4')
  t.equal(textOf('JS:~ :1:1'), '(top level) |  | 1:1')
  t.equal(textOf('JS:*'), '(anonymous) |  | 0:0')
})

t.test('what has no name and starts with its file is the top level', async (t) => {
  t.equal(textOf('JS:~ /app/a.js:1:1'), '(top level) | /app/a.js | 1:1')
  t.equal(textOf('Function:~ node:fs:1:1'), '(top level) | node:fs | 1:1')
  t.equal(textOf('Script:~ /app/a.js:1:1'), '(top level) | /app/a.js | 1:1')
  t.equal(textOf('Script:~ /app/a.js'), '(top level) | /app/a.js | 1:1')
  t.equal(
    textOf('JS:~ /app/a.js:1:2'),
    '(anonymous) | /app/a.js | 1:2',
    'an arrow function in the first line',
  )
  t.equal(textOf('JS:~f /app/a.js:1:1'), 'f | /app/a.js | 1:1', 'a named function that starts the file')
})

t.test("a builtin of V8's has the name, without what pads it", async (t) => {
  const nowhere = { url: '', line: 0, column: 0, tier: null, plumbing: false }
  t.strictSame(parseCodeName('Builtin:ArrayMap      '), { ...nowhere, name: 'ArrayMap', kind: 'builtin' })
  t.strictSame(parseCodeName('Builtin:   '), { ...nowhere, name: '(builtin)', kind: 'builtin' })
  t.strictSame(parseCodeName('RegExp:(a|b):c'), { ...nowhere, name: 'RegExp: (a|b):c', kind: 'runtime' })
  t.strictSame(parseCodeName('Stub:Thing'), { ...nowhere, name: 'Thing', kind: 'builtin' })
})

t.test('a regular expression is called by its source, in the form of every version of V8', async (t) => {
  for (const text of [
    'RegExp:^(?:a+)+$',
    "RegExp.> src: '^(?:a+)+$' flags: ''",
    "RegExp.< src: '^(?:a+)+$' flags: 'giu'",
  ]) {
    t.match(parseCodeName(text), { name: 'RegExp: ^(?:a+)+$', kind: 'runtime', plumbing: false }, text)
  }
  t.equal(parseCodeName("RegExp.> src: 'a' flags: 'b' flags: ''").name, "RegExp: a' flags: 'b")
  t.equal(parseCodeName("RegExp.> src: ':' flags: 'g'").name, 'RegExp: :')
})

t.test('WebAssembly has the name of its function, without index and compiler', async (t) => {
  const wasm = { url: '', line: 0, column: 0, tier: null, kind: 'wasm', plumbing: false }
  t.strictSame(parseWasmName('JS:spin-0-liftoff'), { ...wasm, name: 'spin' })
  t.strictSame(parseWasmName('JS:a-b: c-12-turbofan'), { ...wasm, name: 'a-b: c' })
  t.strictSame(parseWasmName('JS:wasm-function[7]-7-turbofan'), { ...wasm, name: 'wasm-function[7]' })
  t.strictSame(parseWasmName('JS:-3-liftoff'), { ...wasm, name: 'wasm-function[3]' })
  t.strictSame(parseWasmName(''), { ...wasm, name: '(unknown code)' })
})

t.test('what leads into WebAssembly and out of it is plumbing', async (t) => {
  for (const text of ['Stub:js-to-wasm:i:i', 'JS:js-to-wasm:i:i wasm://wasm/68d3b33a:1:36']) {
    t.equal(parseCodeName(text).plumbing, true, text)
  }
  for (const text of ['JS:wasm-to-js:i:i-0-turbofan', 'JS:wasm-to-js-<anonymous>-none']) {
    t.equal(parseWasmName(text).plumbing, true, text)
  }
  t.equal(parseCodeName('JS:*js-to-wasm: /a.js:1:9').plumbing, false, "a program's own function of that name")
})

t.test('what only connects functions is marked as plumbing', async (t) => {
  for (const name of [
    'InterpreterEntryTrampoline',
    'InterpreterEntryTrampolineForProfiling',
    'InterpreterPushArgsThenCall_ReceiverIsAny',
    'BaselineOutOfLinePrologue',
    'JSEntry',
    'JSEntryTrampoline',
    'JSConstructEntry',
    'JSRunMicrotasksEntry',
    'CEntry_Return1_ArgvOnStack_NoBuiltinExit',
    'Call_ReceiverIsAny',
    'CallFunction_ReceiverIsNullOrUndefined',
    'CallWithSpread',
    'Construct',
    'FunctionPrototypeCall',
    'HandleApiCallOrConstruct',
    'CompileLazy',
    'RunMicrotasks',
    'ResumeGeneratorTrampoline   ',
  ]) {
    t.equal(parseCodeName(`Builtin:${name}`).plumbing, true, name)
  }
  t.equal(parseCodeName('BytecodeHandler:LdaZero').plumbing, true)
  for (const name of ['ArrayForEach', 'LoadIC', 'JSONStringify', 'StringPrototypeReplace', 'RegExpExec']) {
    t.equal(parseCodeName(`Builtin:${name}`).plumbing, false, name)
  }
  t.equal(parseCodeName('JS:*CompileLazy /a.js:1:9').plumbing, false, "a program's own function of that name")
})

t.test('a bytecode handler has a name, even if V8 gives none', async (t) => {
  t.equal(parseCodeName('BytecodeHandler:LdaZero').name, 'LdaZero')
  t.equal(parseCodeName('BytecodeHandler:').name, '(bytecode handler)')
  t.equal(parseCodeName('BytecodeHandler').name, '(bytecode handler)')
})

t.test('text that is none of this still gives a name', async (t) => {
  t.equal(textOf(''), '(unknown code) |  | 0:0')
  t.equal(textOf(':'), '(unknown code) |  | 0:0')
  t.equal(textOf('garbage'), 'garbage |  | 0:0')
  t.equal(textOf('JS:'), '(anonymous) |  | 0:0')
  t.equal(textOf('toString:'), 'toString |  | 0:0', 'nor is it looked up in an object')
})

t.test('any text gives a name that is not empty, and numbers that are', async (t) => {
  for (const seed of [1, 2, 3]) {
    const below = randomBelow(seed)
    const bad: string[] = []
    for (let i = 0; i < 20_000; i++) {
      const text = Array.from({ length: below(10) }, () => PIECES[below(PIECES.length)]).join('')
      if (!isSound(parseCodeName(text))) bad.push(text)
    }
    t.strictSame(bad, [], `seed ${seed}`)
  }
})

const PIECES = [
  ...[
    'JS',
    'Script',
    'Eval',
    'Builtin',
    'BytecodeHandler',
    'RegExp',
    ':',
    ':',
    ':',
    ' ',
    ' ',
    '~',
    '*',
    "o*'",
  ],
  ...[
    '/a.js',
    'file:///',
    'node:',
    '[eval',
    'evalmachine.<',
    '1',
    '20',
    ':3:4',
    'f',
    'get ',
    '\0',
    '\n',
    '%',
    '漢',
  ],
  ...['\ud800', '😀', '(', ')', 'JSEntry'],
]

function isSound({ name, line, column }: CodeName): boolean {
  return name !== '' && Number.isSafeInteger(line) && Number.isSafeInteger(column)
}

function textOf(text: string): string {
  const { name, url, line, column } = parseCodeName(text)
  return `${name} | ${url} | ${line}:${column}`
}

t.test('what JavaScript calls WebAssembly through, and the other way round, is plumbing', async (t) => {
  for (const name of ['JSToWasmWrapper', 'JSToWasmWrapperAsm', 'WasmToJsWrapperAsm'])
    t.equal(parseCodeName(`Builtin:${name}`).plumbing, true, name)
})
