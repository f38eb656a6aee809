// pauses.mjs <peer> — how long starting and stopping block the event loop of a program with much code: TypeScript, webpack and Fastify
// loaded, and at work. Prints JSON: startMillis, stopMillis, encodeMillis (the file, as bytes).

import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import process from 'node:process'

const HZ = 100
const SAMPLED_MILLIS = 3000

const require = createRequire(import.meta.url)
const { IN_PROCESS } = require('./peers/in-process.cjs')
const ts = require('typescript')
require('webpack').version // loads its parts when they are asked for
require('fastify')
const lib = dirname(require.resolve('typescript'))
const text = readFileSync(join(lib, 'lib.dom.d.ts'), 'utf8')
const source = readFileSync(join(lib, 'lib.es5.d.ts'), 'utf8')

// A check of types runs the most of the compiler.
function work() {
  const files = { 'a.ts': 'const a: number = [1, 2].map((x) => x + 1)[0]; a.toFixed()', 'lib.d.ts': source }
  const host = {
    getSourceFile: (name, target) =>
      name in files ? ts.createSourceFile(name, files[name], target) : undefined,
    getDefaultLibFileName: () => 'lib.d.ts',
    writeFile() {},
    getCurrentDirectory: () => '',
    getCanonicalFileName: (name) => name,
    useCaseSensitiveFileNames: () => true,
    getNewLine: () => '\n',
    fileExists: (name) => name in files,
    readFile: (name) => files[name],
  }
  const program = ts.createProgram(['a.ts'], { noEmit: true, types: [] }, host)
  const errors = ts.getPreEmitDiagnostics(program).length
  return errors + ts.createSourceFile('dom.d.ts', text, ts.ScriptTarget.Latest).statements.length
}

const turn = () => new Promise((done) => setImmediate(done))
const until = async (millis) => {
  for (const end = performance.now() + millis; performance.now() < end; await turn()) work()
}
const millisOf = (act) => {
  const before = performance.now()
  act()
  return performance.now() - before
}

const peer = IN_PROCESS[process.argv[2]]()
await until(1000)
const startMillis = millisOf(() => peer.start(HZ))
await until(SAMPLED_MILLIS)
let stopped
const stopMillis = millisOf(() => (stopped = peer.stop()))
const encodeMillis = millisOf(() => stopped.encode())
console.log(JSON.stringify({ startMillis, stopMillis, encodeMillis }))
