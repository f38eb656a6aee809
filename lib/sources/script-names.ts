// script-names.ts — what the text of a script calls its functions, if it is the text that V8 compiled. Pure.
// A file may have changed since it was loaded, or a loader may have transformed it: then what stands at V8's positions is
// something else, and no name of it is right.

import type { ProfileFunction } from '../profile.js'
import { agreement, isNoName, nameText } from './named-function.js'
import type { NamedFunction } from './named-function.js'
import type { TextLines } from './script-text.js'
import { namesInText } from './text-names.js'

/** What V8 calls the code of a script outside of all functions, as code-name.ts has it. */
export const TOP_LEVEL = '(top level)'

/** How far from a function its name may stand in a text that was not parsed, characters. */
const NEARBY = 400

/**
 * By id, what the text says of each function; nothing for the code outside of all. Null if the text is not the one that V8
 * compiled: there is no function where V8 says one starts, or it has another name.
 */
export function namesOfScript(
  lines: TextLines,
  functions: ReadonlyMap<number, ProfileFunction>,
): ReadonlyMap<number, NamedFunction> | null {
  const offsets = new Map<number, number>()
  const v8Names = new Map<number, string>()
  for (const [id, { name, line, column }] of functions) {
    if (name === TOP_LEVEL || line === 0) continue
    const offset = lines.offsetOf(line, column)
    if (offset < 0) return null
    offsets.set(id, offset)
    v8Names.set(offset, isNoName(name) ? '' : name)
  }
  const found = namesInText(lines.text, v8Names)
  const named = new Map<number, NamedFunction>()
  for (const [id, offset] of offsets) {
    const name = functions.get(id)?.name ?? ''
    const here = found.functions.get(offset)
    const agrees = here === undefined ? 'unsure' : agreement(here, name)
    // Where V8 says that initialisers of fields start is its own affair.
    const isOther = name.startsWith('<')
      ? false
      : found.complete
        ? here === undefined || agrees === 'no'
        : !isNearby(lines.text, offset, name)
    if (isOther) return null
    if (here !== undefined && agrees === 'yes') named.set(id, here)
  }
  return named
}

/** The name to show: what the text says, or where it says nothing what V8 does. */
export function shownName(named: NamedFunction | undefined, v8Name: string): string {
  if (named === undefined) return v8Name
  const text = nameText(named)
  if (!v8Name.startsWith('<') || named.initializer !== undefined) return text || v8Name
  return text === '' ? v8Name : `${text}.${v8Name}`
}

// Without syntax there is no telling for sure. But a name that V8 has stands in the text by its function.
function isNearby(text: string, offset: number, v8Name: string): boolean {
  if (isNoName(v8Name) || v8Name === 'default') return true
  const word = /[\p{ID_Continue}$]+$/u.exec(v8Name)?.[0] ?? v8Name
  return text.slice(Math.max(0, offset - NEARBY), offset + NEARBY).includes(word)
}
