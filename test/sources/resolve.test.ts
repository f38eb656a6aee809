// What resolving does to a profile as a whole: names, files that are not what ran, packages, and nothing where there is nothing.

import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import t from 'tap'
import { toCollapsed, toTable } from 'nativeprof'
import { packagePath } from '#lib/sources/package-path.js'
import { resolveSources } from '#lib/sources/resolve.js'
import { SourceMemory } from '#lib/sources/source-memory.js'
import { buildProfile, builtin, gc, js, native } from '../support/profile-builder.js'
import { functionAt, profileOf, sampledFunctions, writeFiles } from '../support/source-files.js'

const TEXT = `\ufeff#!/usr/bin/env node
class Parser {
  parse() { return [1].map((x) => x) }
}
exports.run = function () { return 1 }
`

t.test('a profile without files of scripts comes back as it is', async (t) => {
  const stack = [
    native('main'),
    js('f', '/no/such/file.js', 3),
    builtin('ArrayMap'),
    js('g', 'node:fs', 9),
    gc(),
  ]
  const profile = buildProfile([{ stack }, { stack: [js('evaluated', '', 1)] }])
  t.equal(resolveSources(profile), profile)
})

t.test(
  'functions have the names that the text gives; positions count without the byte order mark',
  async (t) => {
    const folder = writeFiles(t, { 'a.cjs': TEXT })
    const text = TEXT.slice(1)
    const url = pathToFileURL(join(folder, 'a.cjs')).href
    const frames = [
      functionAt(url, text, ['parse', 'parse']),
      functionAt(url, text, ['(anonymous)', '.map(']),
      functionAt(url, text, ['(anonymous)', 'run = function ']),
    ]
    const resolved = resolveSources(profileOf(frames))
    t.strictSame(
      sampledFunctions(resolved).map((each) => each.slice(0, each.indexOf(' '))),
      ['Parser.parse', '(anonymous)', 'exports.run'],
    )
    t.equal(resolveSources(profileOf(frames)).notes.length, 0)
  },
)

t.test(
  'a script that is there twice, as a path and as a query of its URL, has its names in both',
  async (t) => {
    const folder = writeFiles(t, { 'a.cjs': TEXT })
    const url = `${pathToFileURL(join(folder, 'a.cjs')).href}?again=1`
    const resolved = resolveSources(profileOf([functionAt(url, TEXT.slice(1), ['parse', 'parse'])]))
    t.match(sampledFunctions(resolved), [/^Parser\.parse /])
  },
)

t.test('a file that changed gives no names at all, and one note', async (t) => {
  const folder = writeFiles(t, { 'a.cjs': TEXT, 'b.cjs': TEXT })
  const [a, b] = [join(folder, 'a.cjs'), join(folder, 'b.cjs')]
  const parse = functionAt(a, TEXT.slice(1), ['(anonymous)', '.map('])
  const run = functionAt(a, TEXT.slice(1), ['(anonymous)', 'run = function '])
  const frames = [
    parse,
    run,
    js('oldName', a, 3, { column: 8 }),
    js('parse', b, 3, { column: 8 }),
    js('gone', b, 99),
  ]
  const resolved = resolveSources(profileOf(frames))
  const names = sampledFunctions(resolved).map((each) => each.slice(0, each.indexOf(' ')))
  t.strictSame(names, ['(anonymous)', '(anonymous)', 'oldName', 'parse', 'gone'])
  t.strictSame(resolved.notes, [`names are as V8 has them where the file is not what was loaded: ${a}, ${b}`])
})

t.test('the map of a file that changed is not used', async (t) => {
  const map = { version: 3, sources: ['o.ts'], names: [], mappings: 'AAAA' }
  const text = 'function changed() {}\n//# sourceMappingURL=x.map'
  const folder = writeFiles(t, { 'x.js': text, 'x.map': JSON.stringify(map) })
  const resolved = resolveSources(profileOf([js('old', join(folder, 'x.js'), 1, { column: 17 })]))
  t.strictSame(sampledFunctions(resolved, folder), ['old x.js:1:17'])
})

t.test('too large for the parser, a text is still read at the functions', async (t) => {
  const text = `/*${' '.repeat(5 * 1024 * 1024)}*/\n${TEXT.slice(1)}`
  const folder = writeFiles(t, { 'a.cjs': text })
  const url = join(folder, 'a.cjs')
  const frames = [
    functionAt(url, text, ['parse', 'parse']),
    functionAt(url, text, ['(anonymous)', 'run = function ']),
  ]
  t.strictSame(
    sampledFunctions(resolveSources(profileOf(frames))).map((each) => each.slice(0, each.indexOf(' '))),
    ['Parser.parse', 'exports.run'],
  )
})

t.test('what a window does not show is not looked at', async (t) => {
  const folder = writeFiles(t, { 'a.js': 'let x\n//# sourceMappingURL=missing.map' })
  const profile = profileOf([js('f', join(folder, 'a.js'), 1)])
  t.equal(resolveSources(profile).notes.length > 0, true)
  t.strictSame(resolveSources({ ...profile, totals: [], samples: [] }).notes, [])
})

t.test('a result is computed once, and is not resolved again', async (t) => {
  const folder = writeFiles(t, { 'a.cjs': TEXT })
  const profile = profileOf([functionAt(join(folder, 'a.cjs'), TEXT.slice(1), ['parse', 'parse'])])
  const resolved = resolveSources(profile)
  t.not(resolved, profile)
  t.equal(resolveSources(profile), resolved)
  t.equal(resolveSources(resolved), resolved)
  t.not(resolveSources(profile, { packagePaths: true }), resolved)
})

t.test('ticks stay what they were, stack by stack', async (t) => {
  const folder = writeFiles(t, { 'a.cjs': TEXT })
  const url = join(folder, 'a.cjs')
  const parse = functionAt(url, TEXT.slice(1), ['parse', 'parse'])
  const stack = [native('main'), parse, { ...parse, tier: 'turbofan' as const }, gc()]
  const profile = buildProfile([
    { stack, ticks: 3 },
    { stack: [native('main'), parse], ticks: 2 },
  ])
  t.equal(
    toCollapsed(profile),
    `Parser.parse ${url}:3:8 2\nParser.parse ${url}:3:8;Parser.parse ${url}:3:8;(garbage collector) 3\n`,
  )
  t.match(toTable(profile), /Parser\.parse/)
})

t.test('files of packages by the name of the package', async (t) => {
  t.equal(packagePath('/app/node_modules/express/lib/a.js'), 'express/lib/a.js')
  t.equal(packagePath('/app/node_modules/@scope/x/a.js'), '@scope/x/a.js')
  t.equal(packagePath('/app/node_modules/a/node_modules/b/c.js'), 'b/c.js')
  t.equal(packagePath('/app/node_modules/.pnpm/x@1.0.0/node_modules/x/a.js'), 'x/a.js')
  t.equal(packagePath('file:///app/node_modules/x%20y/a.js'), 'x y/a.js')
  t.equal(packagePath('/app/src/a.js'), '/app/src/a.js')
  t.equal(packagePath('node:fs'), 'node:fs')
  const profile = buildProfile([
    { stack: [js('f', '/app/node_modules/x/a.js', 1)], ticks: 2 },
    { stack: [js('f', '/app/node_modules/.pnpm/x@1/node_modules/x/a.js', 1)], ticks: 3 },
  ])
  t.equal(toCollapsed(profile, { packagePaths: true }), 'f x/a.js:1:1 5\n')
  t.match(toCollapsed(profile), /^f \/app\/node_modules.*\n.* 2\n$/m)
})

t.test('of a function whose name is known, other lines are no reason to read its file again', async (t) => {
  const folder = writeFiles(t, { 'a.cjs': TEXT })
  const file = join(folder, 'a.cjs')
  const text = TEXT.slice(1)
  const first = profileOf([functionAt(pathToFileURL(file).href, text, ['parse', 'parse'])])
  const memory = new SourceMemory()
  t.match(sampledFunctions(resolveSources(first, {}, memory)), [/^Parser\.parse /])
  // As the next window of the recording: the same functions, other frames.
  const next = {
    ...first,
    frames: first.frames.map((frame) => ({ ...frame, line: frame.line + 1, column: 5 })),
  }
  rmSync(file)
  const resolved = resolveSources(next, {}, memory)
  t.match(sampledFunctions(resolved), [/^Parser\.parse /])
  t.strictSame(
    resolved.frames.map(({ line, column }) => [line, column]),
    next.frames.map(({ line, column }) => [line, column]),
  )
})
