// raw-bytes.mjs — the tests' writer of records and code events (test/support/raw-bytes.ts), without compiling all tests for it.

import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { ROOT } from '../places.mjs'

const ts = createRequire(import.meta.url)('typescript')
const text = readFileSync(join(ROOT, 'test/support/raw-bytes.ts'), 'utf8')
const { outputText } = ts.transpileModule(text, {
  compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ES2022 },
})

export const { codeAdded, sampleRecord } = await import(
  `data:text/javascript,${encodeURIComponent(outputText)}`
)
