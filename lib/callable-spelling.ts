// callable-spelling.ts — V8's name of a builtin that programs can call → how JavaScript spells it. Neighbour: builtin-spelling.ts,
// for those that are written in C++.
// V8's names do not always tell `Array.prototype.map` (`ArrayMap`) from `Array.isArray` (`ArrayIsArray`): the globals do.

import { spellingOfBuiltin } from './builtin-spelling.js'

/** What may be called without `new`, and mostly is. */
const CONVERSIONS = /^(?:BigInt|Boolean|Date|Number|Object|String|Symbol)Constructor$/

const known = new Map<string, string>()

/** `Array.prototype.map` for `ArrayMap`. A name that leads to no function of the language is given back as it is. */
export function spellingOfCallable(name: string): string {
  let spelling = known.get(name)
  if (spelling === undefined) known.set(name, (spelling = spell(name)))
  return spelling
}

function spell(name: string): string {
  if (CONVERSIONS.test(name)) return name.slice(0, -'Constructor'.length)
  const spelling = spellingOfBuiltin(name)
  if (spelling === null) return name
  const path = spelling.replace(/^new /, '').split('.')
  if (exists(path)) return spelling
  const [owner = '', ...members] = path
  const ofPrototype = [owner, 'prototype', ...members]
  return exists(ofPrototype) ? ofPrototype.join('.') : name
}

// Without calling a getter, which would not like the object that it is asked of.
function exists(path: readonly string[]): boolean {
  let holder: unknown = globalThis
  for (const [i, key] of path.entries()) {
    if ((typeof holder !== 'object' && typeof holder !== 'function') || holder === null) return false
    const isTypedArray = i === 0 && key === 'TypedArray'
    const property = isTypedArray
      ? { value: Object.getPrototypeOf(Uint8Array) as unknown }
      : Object.getOwnPropertyDescriptor(holder, key)
    if (property === undefined) return false
    holder = property.value
  }
  return true
}
