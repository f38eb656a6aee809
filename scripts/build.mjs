// build.mjs — `npm run build`: lib/ to dist/, then the addon for the running Node to prebuilds/.
// Both steps do nothing harmful when repeated; tests and tools may run from dist/ meanwhile.

import { chmodSync, copyFileSync, existsSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { buildNative } from './build-native.mjs'
import { writeCommonJsTypes } from './commonjs-types.mjs'
import { compile } from './compile.mjs'

const DIST = fileURLToPath(new URL('../dist', import.meta.url))
const COMMAND = join(DIST, 'cli/main.js')

try {
  if (!compile('.', 'dist')) throw new Error('TypeScript found errors')
  writeCommonJsTypes(DIST)
  // For `nativeprof build`. At the top of a package it would be an order: pnpm until 10 and Yarn have every user's machine run
  // `node-gyp rebuild` for a binding.gyp there, whatever `gypfile` says.
  copyFileSync(join(DIST, '../binding.gyp'), join(DIST, 'binding.gyp'))
  // npm does this for installed packages only; tests run the command from here.
  if (existsSync(COMMAND)) chmodSync(COMMAND, 0o755)
  buildNative()
} catch (error) {
  console.error(`build: ${error.message}`)
  process.exitCode = 1
}
