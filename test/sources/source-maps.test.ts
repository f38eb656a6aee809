// Source maps of real compilers and bundlers lead back to files, lines and names of the sources.

import { transformSync, buildSync } from 'esbuild'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import t from 'tap'
import ts from 'typescript'
import { resolveSources } from '#lib/sources/resolve.js'
import { js } from '../support/profile-builder.js'
import { functionAt, placeOf, profileOf, sampledFunctions, writeFiles } from '../support/source-files.js'

const PARSER = `// a comment
export class Parser {
  parse(text: string): number {
    return text.length + this.#secret(text)
  }
  #secret(text: string): number {
    return [...text].map((letter: string) => letter.charCodeAt(0)).length
  }
}
export function countWords(text: string): number {
  return new Parser().parse(text)
}
`
const MAIN = `import { countWords } from './parser.js'
const printAll = (texts: string[]): void => {
  for (const text of texts) console.log(countWords(text))
}
printAll(process.argv)
`

function bundle(
  t: { teardown: (callback: () => void) => void },
  minify: boolean,
): { folder: string; code: string } {
  const folder = writeFiles(t, { 'src/parser.ts': PARSER, 'src/main.ts': MAIN })
  buildSync({
    entryPoints: [join(folder, 'src/main.ts')],
    outfile: join(folder, 'dist/main.js'),
    ...{ bundle: true, minify, sourcemap: true, format: 'esm', platform: 'node', target: 'node20' },
  })
  return { folder, code: readFileSync(join(folder, 'dist/main.js'), 'utf8') }
}

t.test("esbuild's minified bundle: names come back, and private methods with their class", async (t) => {
  const { folder, code } = bundle(t, true)
  const [, counter = ''] = /function (\w+)\(/.exec(code) ?? []
  const url = join(folder, 'dist/main.js')
  const arrow = /(\w+)=\w+=>\{for/.exec(code)
  const frames = [
    functionAt(url, code, ['parse', '{parse']),
    functionAt(url, code, [counter, `function ${counter}`]),
    functionAt(url, code, [arrow?.[1] ?? '', `${arrow?.[1] ?? ''}=`]),
    functionAt(url, code, ['(anonymous)', '.map(']),
  ]
  t.strictSame(
    sampledFunctions(resolveSources(profileOf(frames)), folder).map((text) => text.replace(/:\d+$/, '')),
    [
      'Parser.parse src/parser.ts:3',
      'countWords src/parser.ts:10',
      'printAll src/main.ts:2',
      '(anonymous) src/parser.ts:7',
    ],
  )
})

t.test('a line being executed is that of the source', async (t) => {
  const { folder, code } = bundle(t, false)
  const url = pathToFileURL(join(folder, 'dist/main.js')).href
  const start = placeOf(code, 'function countWords', 'end')
  const at = placeOf(code, 'return new Parser()')
  const frame = js('countWords', url, start.line, {
    column: start.column,
    atLine: at.line,
    atColumn: at.column,
  })
  const resolved = resolveSources(profileOf([frame]))
  t.match(resolved.frames[0], { line: 11, column: 3 })
  t.match(resolved.functions[0], { url: pathToFileURL(join(folder, 'src/parser.ts')).href, line: 10 })
})

t.test('code outside of functions is that of the module whose line runs', async (t) => {
  const { folder, code } = bundle(t, false)
  const at = placeOf(code, 'printAll(process.argv)')
  const url = join(folder, 'dist/main.js')
  const frame = js('(top level)', url, 1, { atLine: at.line, atColumn: at.column })
  const resolved = resolveSources(profileOf([frame, js('(top level)', url, 1, { atLine: 0 })]))
  t.strictSame(sampledFunctions(resolved, folder), [
    '(top level) src/main.ts:1:1',
    '(top level) dist/main.js:1:1',
  ])
  t.match(resolved.frames[0], { line: 5, column: 1 })
})

t.test("tsc's output, with the sources in their files", async (t) => {
  const options = { sourceMap: true, target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext }
  const { outputText, sourceMapText = '' } = ts.transpileModule(PARSER, {
    compilerOptions: { ...options, sourceRoot: '../src' },
    fileName: 'parser.ts',
  })
  const folder = writeFiles(t, {
    'src/parser.ts': PARSER,
    'dist/parser.js': outputText,
    'dist/parser.js.map': sourceMapText,
  })
  const url = join(folder, 'dist/parser.js')
  const frames = [
    functionAt(url, outputText, ['parse', ' parse']),
    functionAt(url, outputText, ['countWords', 'function countWords']),
  ]
  t.strictSame(sampledFunctions(resolveSources(profileOf(frames)), folder), [
    'Parser.parse src/parser.ts:3:8',
    'countWords src/parser.ts:10:27',
  ])
})

t.test('a loader that transforms files hands V8 a map of its own; the file is not what runs', async (t) => {
  const folder = writeFiles(t, { 'parser.ts': PARSER })
  const url = pathToFileURL(join(folder, 'parser.ts')).href
  const { code } = transformSync(PARSER, {
    loader: 'ts',
    sourcefile: url,
    sourcemap: 'inline',
    minifyWhitespace: true,
  })
  const sourceMapUrl = code.slice(code.indexOf('data:')).trim()
  const frames = [
    functionAt(url, code, ['parse', '{parse']),
    functionAt(url, code, ['countWords', 'function countWords']),
  ]
  const resolved = resolveSources(profileOf(frames, [{ url, sourceMapUrl }]))
  t.strictSame(
    sampledFunctions(resolved).map((text) => text.replace(/:\d+$/, '')),
    [`Parser.parse ${url}:3`, `countWords ${url}:10`],
  )
  t.strictSame(resolved.notes, [])
})

t.test("webpack's URLs stay readable, indexed maps work, and names come from the map alone", async (t) => {
  const code = 'var n=0;function a(o){return o}\n//# sourceMappingURL=b.js.map\n'
  // Generated 0:8 is line 1, column 0 of the source; 0:17, the token `a`, is its column 9 and was called `double`.
  const map = {
    version: 3,
    sections: [
      {
        offset: { line: 0, column: 0 },
        map: {
          version: 3,
          sources: ['webpack://shop/./src/a.js'],
          names: ['double'],
          mappings: 'QACA,SAASA',
        },
      },
    ],
  }
  const folder = writeFiles(t, { 'b.js': code, 'b.js.map': JSON.stringify(map) })
  const resolved = resolveSources(profileOf([functionAt(join(folder, 'b.js'), code, ['a', 'function a'])]))
  t.strictSame(sampledFunctions(resolved), ['double webpack://shop/src/a.js:2:10'])
})

t.test('a map beside the file serves without a comment, and functions that become equal merge', async (t) => {
  const code = 'function a(){}function b(){}'
  const map = { version: 3, sources: ['a b#1.js'], names: ['one'], mappings: 'AAAA,SAASA,KAAT,SAASA' }
  const folder = writeFiles(t, { 'x.js': code, 'x.js.map': JSON.stringify(map) })
  const url = join(folder, 'x.js')
  const profile = profileOf([
    functionAt(url, code, ['a', 'function a']),
    functionAt(url, code, ['b', 'function b']),
  ])
  const resolved = resolveSources(profile)
  t.strictSame(new Set(sampledFunctions(resolved, folder)).size, 1, 'one function')
  t.match(sampledFunctions(resolved, folder)[0], /^one a b/)
  t.equal(resolved.totals.length, 1)
  t.equal(resolved.totals[0]?.ticks, 2)
  t.equal(profile.totals.length, 2, 'the recording is as it was')
})

t.test('the older and the other kind of comment count, text that only looks like one does not', async (t) => {
  const map = `data:application/json,${encodeURIComponent(JSON.stringify({ version: 3, sources: ['o.js'], names: [], mappings: 'AAAA' }))}`
  for (const [comment, file] of [
    [`//@ sourceMappingURL=${map}`, 'o.js'],
    [`/*# sourceMappingURL=${map} */`, 'o.js'],
    [`//# sourceMappingURL=${map}\n// the end`, 'o.js'],
    [`const s = '//# sourceMappingURL=${map}'`, 'x.js'],
    [`//# sourceMappingURL=${map}\nlet code`, 'x.js'],
  ] as const) {
    const folder = writeFiles(t, { 'x.js': `function f() {}\n${comment}\n` })
    const frame = js('f', join(folder, 'x.js'), 1, { column: 11 })
    t.match(
      sampledFunctions(resolveSources(profileOf([frame])), folder)[0],
      ` ${file}:1:`,
      comment.slice(0, 30),
    )
  }
})

t.test('without source maps names of the text stay', async (t) => {
  const { folder, code } = bundle(t, false)
  const url = join(folder, 'dist/main.js')
  const profile = profileOf([functionAt(url, code, ['parse', ' parse'])])
  t.match(
    sampledFunctions(resolveSources(profile, { sourceMaps: false }), folder)[0],
    /^Parser\.parse dist\/main\.js/,
  )
  t.match(
    sampledFunctions(resolveSources(profile), folder)[0],
    /^Parser\.parse src\/parser\.ts/,
    'each on its own',
  )
})

t.test('a map of 20 MB', async (t) => {
  const lines = 1_250_000
  const code = `${'x();\n'.repeat(lines)}function f(){}\n//# sourceMappingURL=x.js.map`
  const mappings = `${'AACA,EAAEA,CAAC;'.repeat(lines)}SAASC`
  const json = JSON.stringify({ version: 3, sources: ['big.js'], names: ['x', 'theLast'], mappings })
  t.ok(json.length > 20e6)
  const folder = writeFiles(t, { 'x.js': code, 'x.js.map': json })
  const start = performance.now()
  const resolved = resolveSources(profileOf([js('f', join(folder, 'x.js'), lines + 1, { column: 11 })]))
  t.comment(
    `${Math.round(performance.now() - start)} ms, ${Math.round(process.resourceUsage().maxRSS / 1024)} MiB at most`,
  )
  t.match(sampledFunctions(resolved, folder)[0], /^theLast big\.js:/)
  t.strictSame(resolved.notes, [])
})

t.test('a map that is missing, truncated or none is a note, and names are those of the text', async (t) => {
  const whole = JSON.stringify({ version: 3, sources: ['o.js'], names: [], mappings: 'AAAA' })
  const maps: Readonly<Record<string, string>> = {
    truncated: whole.slice(0, -12),
    none: '[]',
    older: '{"version":2}',
    garbled: whole.replace('AAAA', '####'),
  }
  for (const [name, map] of Object.entries(maps)) {
    const folder = writeFiles(t, { 'x.js': 'const f = () => 1\n//# sourceMappingURL=x.map', 'x.map': map })
    const resolved = resolveSources(profileOf([js('f', join(folder, 'x.js'), 1, { column: 11 })]))
    t.strictSame(sampledFunctions(resolved, folder), ['f x.js:1:11'], name)
    t.match(resolved.notes, [/^a source map was not used: .*x\.js: it is broken/], name)
  }
  const folder = writeFiles(t, { 'x.js': 'const f = () => 1\n//# sourceMappingURL=x.map' })
  mkdirSync(join(folder, 'y'))
  for (const name of ['y/1.js', 'y/2.js', 'y/3.js'])
    writeFileSync(join(folder, name), 'const f = () => 1\n//# sourceMappingURL=x.map')
  const urls = ['x.js', 'y/1.js', 'y/2.js', 'y/3.js'].map((name) => join(folder, name))
  const resolved = resolveSources(profileOf(urls.map((url) => js('f', url, 1, { column: 11 }))))
  t.match(resolved.notes, [
    /^source maps were not used: .*x\.js: cannot read .*x\.map \(ENOENT\);.*; and 1 more$/,
  ])
  const installed = writeFiles(t, { 'node_modules/x/x.js': 'const f = () => 1\n//# sourceMappingURL=x.map' })
  const frame = js('f', join(installed, 'node_modules/x/x.js'), 1, { column: 11 })
  t.strictSame(
    resolveSources(profileOf([frame])).notes,
    [],
    'packages are often published without their maps',
  )
})

t.test('a map that says nothing of a place leaves the function where it is', async (t) => {
  const text = 'const f = () => 1\n//# sourceMappingURL=x.map'
  for (const map of [
    { version: 3, sources: [1, null], names: 1, mappings: 'AAAA,UCAAA' },
    { version: 3, sources: ['o.js'], names: [], mappings: 'A' },
    { version: 3, sources: [], names: [], mappings: 'AAAA' },
  ]) {
    const folder = writeFiles(t, { 'x.js': text, 'x.map': JSON.stringify(map) })
    const resolved = resolveSources(profileOf([js('f', join(folder, 'x.js'), 1, { column: 11 })]))
    t.strictSame(sampledFunctions(resolved, folder), ['f x.js:1:11'], JSON.stringify(map))
  }
})
