// Functions get the names that the text around them gives. In the texts `@` stands where V8 says that a function starts.

import { readFileSync, readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import t from 'tap'
import { agreement, bareName, nameText } from '#lib/sources/named-function.js'
import { scanName } from '#lib/sources/scan-names.js'
import { namesNearby } from '#lib/sources/nearby-names.js'
import { namesBySyntax } from '#lib/sources/syntax-names.js'

function unmark(marked: string): { text: string; offset: number } {
  const offset = marked.indexOf('@')
  return { text: marked.slice(0, offset) + marked.slice(offset + 1), offset }
}

function bySyntax(marked: string): string {
  const { text, offset } = unmark(marked)
  const { functions, complete } = namesBySyntax(text, new Set([offset]))
  const named = functions.get(offset)
  if (!complete) return 'not understood'
  return named === undefined ? 'no function' : nameText(named) || '(anonymous)'
}

function byScan(marked: string): string {
  const { text, offset } = unmark(marked)
  const named = scanName(text, offset)
  return named === null ? 'no function' : nameText(named) || '(anonymous)'
}

// As V8 calls it: '' if it has no name.
function byStatement(marked: string, v8Name: string): string {
  const { text, offset } = unmark(marked)
  const named = namesNearby(text, new Map([[offset, v8Name]])).get(offset)
  return named === undefined ? 'not certain' : nameText(named) || '(anonymous)'
}

// What both find.
const PLAIN: Readonly<Record<string, string>> = {
  'function plain@(a) { return a }': 'plain',
  'async function later@(a) { return a }': 'later',
  'function* each@() { yield 1 }': 'each',
  'const arrow = @(a) => a': 'arrow',
  'const bare = @a => a': 'bare',
  'const arrow = @async (a) => a': 'arrow',
  'const value = function@(a) { return a }': 'value',
  'const outer = function inner@(a) { return a }': 'inner',
  'Module._compile = function@(a) { return a }': 'Module._compile',
  'Module.prototype.run = function@(a) { return a }': 'Module.run',
  'Parser.prototype.parse = function parse@() { return 1 }': 'Parser.parse',
  'exports.foo = @() => 1': 'exports.foo',
  'target.f ||= @(a) => a': 'target.f',
  'export default function@() { return 1 }': 'default',
  'export default @() => 1': 'default',
  'call(@(x) => x)': '(anonymous)',
  'call(function@(x) { return x })': '(anonymous)',
  ';(@() => 1)()': '(anonymous)',
  'function f(callback = @(x) => x) { return callback }': 'callback',
  'const handlers = {\n  onData: @(x) => x,\n}': 'handlers.onData',
  'const handlers = {\n  async onEnd@(x) { return x },\n}': 'handlers.onEnd',
  'class Parser {\n  parse@(x) { return x }\n}': 'Parser.parse',
  'class Parser {\n  static make@(x) { return x }\n}': 'Parser.make',
  'class Parser {\n  #secret@(x) { return x }\n}': 'Parser.#secret',
  'class Parser {\n  get value@() { return 1 }\n}': 'Parser.get value',
  'class Parser {\n  set value@(v) { this.v = v }\n}': 'Parser.set value',
  'class Parser {\n  async *each@() { yield 1 }\n}': 'Parser.each',
  'class Parser extends Base {\n  constructor@(x) { super(x) }\n}': 'Parser',
  'class Parser {\n  handle = @(x) => x\n}': 'Parser.handle',
  "class Parser {\n  'quoted name'@(x) { return x }\n}": 'Parser.quoted name',
  'const Named = class {\n  go@() { return 1 }\n}': 'Named.go',
}

// What the syntax alone tells.
const SYNTAX_ONLY: Readonly<Record<string, string>> = {
  'const value = test ? @(a) => a : null': 'value',
  'module.exports = { a: { deep: @() => 4 } }': 'module.exports.a.deep',
  'class A { [Symbol.iterator]@() { return this } }': 'A[Symbol.iterator]',
  "class A { ['a' + 1]@() { return this } }": 'A[computed]',
  'function /* ( */ spaced /* ( */ @(a) { return a }': 'spaced',
  '@class A extends B {}': 'A',
  'class A @{ x = 1 }': 'A.<instance_members_initializer>',
  'class A { @static { call() } }': 'A.<static_initializer>',
  'class A @{ x = 1; static y = 2 }': 'A.<initializer>',
  'export default class { run@() { return 1 } }': 'default.run',
  'function outer() { return class Inner { run@() { return () => 1 } } }': 'Inner.run',
  '#!/usr/bin/env node\nconst a = @() => 1': 'a',
  'if (await x) { const a = @() => import.meta.url }': 'a',
  'call@(1)': 'no function',
  'const x: number = @() => 1': 'not understood',
}

// TypeScript, and what else the parser does not take.
const SCAN_ONLY: Readonly<Record<string, string>> = {
  'export class Parser<T> extends Base {\n  private async parse<U extends T>@(x: U): Promise<T> { return x }\n}':
    'Parser.parse',
  'export class Parser\n  extends Base<string>\n  implements Other\n{\n  parse@(x: number): number { return x }\n}':
    'Parser.parse',
  'export const handle: Handler = @(x: number): number => x': 'handle',
  'export const handlers: Handlers = {\n  onData: @async (x: string) => x,\n}': 'handlers.onData',
  'function generic<T>@(x: T): T { return x }': 'generic',
  'return @(x) => x': '(anonymous)',
  'const x = call@(1)': 'no function',
}

t.test('by syntax', async (t) => {
  for (const [marked, name] of Object.entries({ ...PLAIN, ...SYNTAX_ONLY }))
    t.equal(bySyntax(marked), name, marked)
})

t.test('by the text before the function', async (t) => {
  for (const [marked, name] of Object.entries({ ...PLAIN, ...SCAN_ONLY }))
    t.equal(byScan(marked), name, marked)
})

t.test(
  "V8's name has to agree with a name that the syntax gives, not with one that V8 would have to infer",
  async (t) => {
    const named = (marked: string) => {
      const { text, offset } = unmark(marked)
      const found = namesBySyntax(text, new Set([offset])).functions.get(offset)
      if (found === undefined) throw new Error(`no function: ${marked}`)
      return found
    }
    t.equal(agreement(named('class A { parse@() {} }'), 'parse'), 'yes')
    t.equal(agreement(named('class A { parse@() {} }'), 'print'), 'no')
    t.equal(agreement(named('class A { parse@() {} }'), '(anonymous)'), 'no')
    t.equal(agreement(named('a.b.c = function@() {}'), 'b.c'), 'yes')
    t.equal(agreement(named('a.b.c = function@() {}'), '(anonymous)'), 'yes')
    t.equal(agreement(named('a.b.c = function@() {}'), 'd'), 'unsure')
    t.equal(agreement(named('@class A { x = 1 }'), '<instance_members_initializer>'), 'yes')
  },
)

// Bodies that nobody asked about are not parsed; where they end is seen by their indentation. These try to mislead it.
const MISLEADING: Readonly<Record<string, string>> = {
  'function before() {\n  return `\n}\nclass Not {\n`\n}\nclass Is {\n  run@() { return 1 }\n}': 'Is.run',
  'function before() {\n  /*\n}\nclass Not {\n  */\n}\nclass Is {\n  run@() { return 1 }\n}': 'Is.run',
  "function before() {\n  return 'a\\\n}\\\nclass Not {'\n}\nclass Is {\n  run@() { return 1 }\n}": 'Is.run',
  'function before() {\nif (x) {\n}\n}\nclass Is {\n  run@() { return 1 }\n}': 'Is.run',
  'class First {\n  a() {\n    b }\n}\nclass Is {\n  c() {\n  }\n  run@() { return 1 }\n}': 'Is.run',
  'class First {\n  a() {\n    b }\n  c() {\n  }\n  run@() { return 1 }\n}': 'First.run',
  'class First {\n\ta() {\n\t\tb }\n}\nclass Is {\n\tc() {\n\t}\n\trun@() { return 1 }\n}': 'Is.run',
  'function a() {\n  "use strict"\n}\nwith (x) {\n  y = @() => 1\n}': 'y',
  'function a() {\r\n  return 1\r\n}\r\nclass Is {\r\n  run@() { return 1 }\r\n}': 'Is.run',
  'function a() {\n  // it`s\n}\nclass Is {\n  run@() { return `${1}` }\n}': 'Is.run',
  'call(function () {\n  a()\n}, function () {\n  class Is {\n    run@() {}\n  }\n})': 'Is.run',
}

t.test('what is left out of the parsing does not change a name', async (t) => {
  for (const [marked, name] of Object.entries(MISLEADING)) t.equal(bySyntax(marked), name, marked)
})

// [marked text, V8's name, ours]
const STATEMENTS: readonly (readonly [string, string, string])[] = [
  ['function f() {\n  const a = @() => 1\n}', 'a', 'a'],
  ['function f() {\n  a.b.c = function@() {}\n}', 'a.b.c', 'a.b.c'],
  ['class A {\n  b() {\n    return c(@() => 1);\n  }\n}', '', '(anonymous)'],
  ['class A {\n  b@() {\n    return 1;\n  }\n}', 'b', 'A.b'],
  ['class A {\n  b = @() => 1\n}', 'b', 'A.b'],
  ['class A extends f(B) {\n  b = @() => 1\n}', 'b', 'A.b'],
  ['function f(\n  a\n) {\n  b = @() => 1\n}', 'b', 'b'],
  ['const a = {\n  b: {\n    c: @() => 1,\n  },\n}', 'c', 'a.b.c'],
  ['f({\n  b: @() => 1\n})', 'b', 'b'],
  ['if (x) {\n  const a =\n  @() => 1\n}', 'a', 'a'],
  ['if (x) {\n  a(1)\n  .then(@() => 1)\n}', '', '(anonymous)'],
  ['a = [\n  1,\n  @() => 1,\n]', '', '(anonymous)'],
  ['function f() {\n  // a =\n  b = @() => 1\n}', 'b', 'b'],
  ['function f() {\n  a() // b =\n  c = @() => 1\n}', 'c', 'c'],
  ['switch (a) {\n  case 1:\n    b = @() => 1\n}', 'b', 'b'],
  // The layout does not say.
  ['class A extends f(\n  B\n) {\n  b = @() => 1\n}', 'b', 'not certain'],
  ['const a =\n@() => 1', 'a', 'not certain'],
  ['const a = `\nfunction f() {\n  ${b.map(@(c) => c)}\n}`', '', 'not certain'],
  // Another function than V8 has there, or none.
  ['function f() {\n  const a = @() => 1\n}', 'b', 'not certain'],
  ['function f() {\n  const a = function b@() {}\n}', 'a', 'not certain'],
  ['function f() {\n  const a = 1@\n}', '', 'not certain'],
  ['function f() {\n  const a = @(b + c)\n}', '', 'not certain'],
]

t.test('a small statement says what its functions are called', async (t) => {
  for (const [marked, v8Name, name] of STATEMENTS) t.equal(byStatement(marked, v8Name), name, marked)
})

t.test('what is too large, or not laid out, is left to the parser of the whole', async (t) => {
  const body = '  a();\n'.repeat(20_000)
  t.equal(byStatement(`class A {\n  b() {\n${body}  }\n  c@() {}\n}`, 'c'), 'not certain')
  t.equal(byStatement(`function f() {\n${body}  const b = @() => 1\n}`, 'b'), 'b')
  t.equal(byStatement(`${'a();'.repeat(30_000)}const b = @() => 1`, 'b'), 'not certain')
})

// Asked for all functions at once, the parser has to read nearly all of a text.
t.test(
  'one function at a time, functions of real programs have the names that they have all together',
  async (t) => {
    const require = createRequire(import.meta.url)
    let asked = 0
    let nearby = 0
    for (const path of ['acorn', 'eslint', 'fastify', 'prettier']) {
      const folder = dirname(require.resolve(path))
      const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
      for (const file of files.filter((each) => /\.[cm]?js$/.test(each)).slice(0, 20)) {
        const text = readFileSync(join(folder, file), 'utf8')
        if (text.length > 300_000) continue // takes seconds
        const offsets = new Set(
          [...text.matchAll(/\(|\{|=>|class|async|\w+\s*=>/g)].map(({ index }) => index),
        )
        const all = namesBySyntax(text, offsets)
        if (!all.complete) continue
        const found = [...all.functions]
        for (let i = 0; i < found.length; i += Math.ceil(found.length / 10)) {
          const [offset, named] = found[i] as (typeof found)[number]
          const alone = namesBySyntax(text, new Set([offset]))
          asked++
          if (!alone.complete || !isDeepStrictEqual(alone.functions.get(offset), named))
            t.fail(`${file}: ${nameText(named)} at ${offset}`, { alone: alone.functions.get(offset), named })
          if (named.initializer !== undefined) continue
          const near = namesNearby(text, new Map([[offset, named.own || bareName(named)]])).get(offset)
          if (near !== undefined) nearby++
          if (near !== undefined && !isDeepStrictEqual(near, named))
            t.fail(`${file}: ${nameText(named)} at ${offset}, by its statement`, { near, named })
        }
      }
    }
    t.ok(asked > 200, `${asked} functions`)
    t.ok(nearby > 0.5 * asked, `${nearby} of them by their statements alone`)
  },
)
