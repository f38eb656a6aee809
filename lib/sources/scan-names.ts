// scan-names.ts — what a function is called by the text just before it, for texts that the parser does not take: too
// large, or TypeScript, JSX, or newer than it. Reads backwards from the place where V8 says that the function starts. Pure.
// What it cannot read it leaves unnamed. Neighbour: syntax-names.ts, which is exact.

import { ANONYMOUS } from './named-function.js'
import type { NamedFunction, NamePart } from './named-function.js'

/** How far back a name is looked for, characters: a line of code, with type parameters. */
const LOOK_BACK = 400
/** How far back the class around a method is looked for, characters. */
const LOOK_BACK_CLASS = 200_000
/** How long the parameters of a function may be, characters. */
const LOOK_AHEAD = 4000

const ID = String.raw`[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*`
const FUNCTION = new RegExp(String.raw`(?<![\w$.])(?:async\s+)?function\s*\*?\s*(${ID})?\s*$`, 'u')
const TARGET = new RegExp(
  String.raw`(?<![\w$.])((?:${ID}\s*\.\s*)*#?${ID})\s*(?::[^=;(){}]{1,200})?(?:=|\|\|=|&&=|\?\?=)\s*$`,
  'u',
)
const PROPERTY = new RegExp(String.raw`[{,]\s*(?:(${ID})|'([^'\n]*)'|"([^"\n]*)")\s*:\s*$`, 'u')
const METHOD = new RegExp(
  String.raw`(?<![\w$.])(?<!\bnew\s+)(?:(get|set)\s+)?\*?\s*(?:(#?${ID})|'([^'\n]*)'|"([^"\n]*)")\s*$`,
  'u',
)
const DEFAULT = /(?<![\w$.])export\s+default\s+(?:async\s+)?(?:function\s*\*?\s*)?$/
const TYPE_PARAMETERS = /<(?:[^<>()=]|=>|<[^<>]*>)*>\s*$/
const CLASS = new RegExp(String.raw`(?<![\w$.])class\s+(${ID})`, 'u')
const OBJECT = new RegExp(String.raw`(?<![\w$.])((?:${ID}\s*\.\s*)*${ID})\s*(?::[^=;]*)?=\s*\{\s*$`, 'u')
// In TypeScript a class may be called what its variable is: `const Foo = class {`.
const CLASS_VALUE = new RegExp(String.raw`(?<![\w$.])(${ID})\s*=\s*class\b`, 'u')

// Before a parenthesis, or an arrow, these are no names.
const KEYWORDS = new Set(
  (
    'return await yield case of in typeof instanceof default do else void delete throw new if while for switch catch ' +
    'with async function extends import super this const let var export'
  ).split(' '),
)

// What a source map points at where V8 points at the parenthesis: the name, or the words before it.
const TO_PARENTHESIS = new RegExp(
  String.raw`(?:(?:export|default|public|private|protected|static|async|override|abstract|get|set)\s+)*` +
    String.raw`(?:function\b\s*\*?\s*)?\*?\s*(?:#?${ID}|'[^'\n]*'|"[^"\n]*"|\[[^\]\n]*\])?\s*(?:<[^()=]*>)?\s*(?=\()`,
  'uy',
)

/** The function that starts at `offset`, with an empty name if the text gives none; null if none starts there. */
export function scanName(text: string, offset: number): NamedFunction | null {
  if (!startsFunction(text, offset)) return null
  let before = text.slice(Math.max(0, offset - LOOK_BACK), offset)
  if (text[offset] === '(') before = before.replace(TYPE_PARAMETERS, '')
  if (DEFAULT.test(before)) return { ...ANONYMOUS, parts: [{ text: 'default', offset: -1 }] }
  const declared = FUNCTION.exec(before)
  const base = offset - text.slice(Math.max(0, offset - LOOK_BACK), offset).length
  if (declared?.[1] !== undefined && !KEYWORDS.has(declared[1])) {
    const own = declared[1]
    const at = base + declared.index + declared[0].lastIndexOf(own)
    const outer = valueName(text, before.slice(0, declared.index), base)
    const parts = outer.at(-1)?.text === own ? outer : [{ text: own, offset: at }]
    return { parts, accessor: '', own }
  }
  if (declared === null && text[offset] === '(') {
    const method = METHOD.exec(before)
    const name = method?.[2] ?? method?.[3] ?? method?.[4] ?? ''
    if (method !== null && !KEYWORDS.has(name)) return methodName(text, method, base)
  }
  const parts = valueName(text, declared === null ? before : before.slice(0, declared.index), base)
  return { parts, accessor: '', own: '' }
}

/** From where a map says that a function is in its original, to where V8 would say that it starts. */
export function startOfFunction(text: string, offset: number): number {
  if (text[offset] === '(') return offset
  TO_PARENTHESIS.lastIndex = offset
  return TO_PARENTHESIS.test(text) && !KEYWORDS.has(text.slice(offset, TO_PARENTHESIS.lastIndex).trim())
    ? TO_PARENTHESIS.lastIndex
    : offset
}

function methodName(text: string, method: RegExpExecArray, base: number): NamedFunction {
  const name = method[2] ?? method[3] ?? method[4] ?? ''
  const offset = base + method.index + method[0].lastIndexOf(name)
  const accessor = method[1] === undefined ? '' : (`${method[1]} ` as 'get ' | 'set ')
  const owner = ownerOf(text, offset)
  if (name === 'constructor' && owner.isClass)
    return { parts: owner.parts, accessor: '', own: owner.parts.at(-1)?.text ?? '' }
  return { parts: [...owner.parts, { text: name, offset }], accessor, own: accessor + name }
}

// The name of a function, or arrow, that is a value: of its variable, property or field.
function valueName(text: string, before: string, base: number): NamePart[] {
  const target = TARGET.exec(before)
  const path = target?.[1]
  if (target !== null && path !== undefined) {
    const parts = pathParts(path, base + target.index)
    if (parts.length > 1 || /(?:const|let|var)\s*$/.test(before.slice(0, target.index))) return parts
    // A field of a class stands alone at the start of its line, with less indentation than the code of methods.
    const owner = ownerOf(text, base + target.index)
    return owner.isClass ? [...owner.parts, ...parts] : parts
  }
  const property = PROPERTY.exec(before)
  const key = property?.[1] ?? property?.[2] ?? property?.[3]
  if (property === null || key === undefined) return []
  const offset = base + property.index + property[0].lastIndexOf(key)
  return [...ownerOf(text, offset).parts, { text: key, offset }]
}

function pathParts(path: string, offset: number): NamePart[] {
  const parts: NamePart[] = []
  for (const { 0: text, index } of path.matchAll(/[^\s.]+/g)) {
    if (text !== 'this' && text !== 'prototype') parts.push({ text, offset: offset + index })
  }
  return parts
}

/**
 * The class or object around a line, in text that is indented: the nearest line before it with less indentation is the
 * one that opened it.
 */
function ownerOf(text: string, offset: number): { parts: NamePart[]; isClass: boolean } {
  const nobody = { parts: [], isClass: false }
  let end = text.lastIndexOf('\n', offset - 1)
  let indent = indentOf(text, end + 1)
  const least = offset - LOOK_BACK_CLASS
  while (end > 0 && indent > 0 && end > least) {
    const start = text.lastIndexOf('\n', end - 1) + 1
    const lineIndent = indentOf(text, start)
    if (lineIndent < indent && start + lineIndent < end) {
      const line = text.slice(start, end)
      const opened = CLASS.exec(line) ?? CLASS_VALUE.exec(line)
      if (opened?.[1] !== undefined && !KEYWORDS.has(opened[1]))
        return {
          parts: [{ text: opened[1], offset: start + opened.index + opened[0].lastIndexOf(opened[1]) }],
          isClass: true,
        }
      const object = OBJECT.exec(line)
      if (object?.[1] !== undefined)
        return { parts: pathParts(object[1], start + object.index), isClass: false }
      // The head of a class may go over several lines, and end in a brace on its own.
      if (!/^[\s{]*$|^\s*(?:extends|implements)\b/.test(line)) return nobody
      indent = /^[\s{]*$/.test(line) ? lineIndent + 1 : lineIndent
    }
    end = start - 1
  }
  return nobody
}

function indentOf(text: string, start: number): number {
  let at = start
  while (text[at] === ' ' || text[at] === '\t') at++
  return at - start
}

/** Whether there is a parameter list here with a body or an arrow behind it. */
function startsFunction(text: string, offset: number): boolean {
  const rest = text.slice(offset, offset + LOOK_AHEAD)
  const lead =
    new RegExp(String.raw`^(?:async\s*(?=[(<])|(?:async\s+)?${ID}\s*(?==>))?(?:<[^()]*>\s*)?`, 'u').exec(
      rest,
    )?.[0] ?? ''
  let at = lead.length
  if (rest[at] === '(') {
    let depth = 0
    do {
      if ('([{'.includes(rest[at] as string)) depth++
      else if (')]}'.includes(rest[at] as string)) depth--
      at++
    } while (depth > 0 && at < rest.length)
    return depth > 0 || /^\s*(?:=>|\{|:)/.test(rest.slice(at))
  }
  return lead !== '' && rest.startsWith('=>', at)
}
