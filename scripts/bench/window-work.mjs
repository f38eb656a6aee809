// window-work.mjs — real work in one process, in rounds of some tens of milliseconds: the TypeScript compiler's scanner
// (CPU-bound, few allocations) and its parser with a JSON copy (allocation-heavy, a quarter of it garbage collection).

import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

const require = createRequire(import.meta.url)
const ts = require('typescript')
const text = readFileSync(join(dirname(require.resolve('typescript')), 'lib.dom.d.ts'), 'utf8')

export const WINDOW_WORK = {
  'scan (CPU-bound)': () => {
    const scanner = ts.createScanner(ts.ScriptTarget.Latest, true, ts.LanguageVariant.Standard, text)
    let tokens = 0
    while (scanner.scan() !== ts.SyntaxKind.EndOfFileToken) tokens++
    return tokens
  },
  'parse and copy (allocation-heavy)': () => {
    const file = ts.createSourceFile(
      'lib.dom.d.ts',
      text.slice(0, text.length >> 2),
      ts.ScriptTarget.Latest,
      false,
    )
    return JSON.parse(
      JSON.stringify(file.statements.map((node) => ({ kind: node.kind, text: node.getFullText(file) }))),
    ).length
  },
}
