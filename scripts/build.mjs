// build.mjs — `npm run build`: lib/ to dist/, then the addon for the running Node to prebuilds/.
// Both steps do nothing harmful when repeated; tests and tools may run from dist/ meanwhile.

import { chmodSync, existsSync } from 'node:fs'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { buildNative } from './build-native.mjs'
import { compile } from './compile.mjs'

const COMMAND = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url))

try {
  if (!compile('.', 'dist')) throw new Error('TypeScript found errors')
  // npm does this for installed packages only; tests run the command from here.
  if (existsSync(COMMAND)) chmodSync(COMMAND, 0o755)
  buildNative()
} catch (error) {
  console.error(`build: ${error.message}`)
  process.exitCode = 1
}
