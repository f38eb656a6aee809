// libraries.ts — what reads source text and source maps, loaded when the first profile needs it: a program that is profiled
// starts without them.

import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)

/** acorn, https://github.com/acornjs/acorn */
export function acorn(): typeof import('acorn') {
  return require('acorn') as typeof import('acorn')
}

/** https://github.com/jridgewell/sourcemaps */
export function traceMapping(): typeof import('@jridgewell/trace-mapping') {
  return require('@jridgewell/trace-mapping') as typeof import('@jridgewell/trace-mapping')
}
