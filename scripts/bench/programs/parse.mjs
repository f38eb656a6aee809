// parse.mjs — acorn parses the TypeScript compiler, 6 MB of JavaScript, into one tree: many small objects that live, so that a
// good part of the time is garbage collection.

import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { parse } from 'acorn'

const compiler = dirname(createRequire(import.meta.url).resolve('typescript'))
const source = readFileSync(join(compiler, '_tsc.js'), 'utf8')

console.log(parse(source, { ecmaVersion: 'latest', sourceType: 'script', locations: true }).body.length)
