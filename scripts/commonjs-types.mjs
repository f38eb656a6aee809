// commonjs-types.mjs — writes dist/index.d.cts: the types of the API as a CommonJS file sees them. At run time node's
// require() takes the ECMAScript module itself; TypeScript's `node16` and `node18` do not know that it can, and would refuse
// the import. Made of what the compiler has written, so that a new export needs no second place.

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const REEXPORT = /^export \{ (.+) \} from '\.\/(.+)\.js';$/gm

/** Writes it into the folder that the compiler has just written. */
export function writeCommonJsTypes(dist) {
  const values = [...readFileSync(join(dist, 'index.js'), 'utf8').matchAll(REEXPORT)].flatMap(
    ([, names, file]) => names.split(', ').map((name) => ({ name, file })),
  )
  const unknown = values.find(({ name }) => !/^\w+$/.test(name))
  if (unknown) throw new Error(`index.ts: cannot tell what '${unknown.name}' is; export it under one name`)
  if (values.length === 0) throw new Error('index.ts: no exports found')
  const api = "import('./index.js', { with: { 'resolution-mode': 'import' } })"
  const lines = values.flatMap(({ name, file }) => {
    const isClass = readFileSync(join(dist, `${file}.d.ts`), 'utf8').includes(`export declare class ${name} `)
    const value = `export declare const ${name}: Api['${name}']`
    return isClass ? [value, `export type ${name} = ${api}.${name}`] : [value]
  })
  const head = [
    "export type * from './index.js' with { 'resolution-mode': 'import' }",
    `type Api = typeof ${api}`,
  ]
  writeFileSync(join(dist, 'index.d.cts'), `${[...head, ...lines].join('\n')}\n`)
}
