// libraries.ts — what reads source text and source maps, loaded when the first profile needs it: a program that is profiled
// starts without them.

import { ownRequire } from '../own-package.js'

/** acorn, https://github.com/acornjs/acorn */
export function acorn(): typeof import('acorn') {
  return ownRequire()('acorn') as typeof import('acorn')
}

/** https://github.com/jridgewell/sourcemaps */
export function traceMapping(): typeof import('@jridgewell/trace-mapping') {
  return ownRequire()('@jridgewell/trace-mapping') as typeof import('@jridgewell/trace-mapping')
}
