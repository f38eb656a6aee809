// nearby-names.ts — names of functions by the syntax of the statement that each is in, where the layout of the text says where that
// begins. Pure. Neighbour: syntax-names.ts, which parses that statement, or the whole text.
//
// A name comes from the innermost body around a function, and nothing outside of it has a say. Of a large program few functions
// are sampled, so a few lines of it are parsed and not all. The layout may mislead, as in a template that has code in it. So what is
// parsed has to be a whole statement with a function where V8 says that one starts, and V8 has to agree with the name; if not, the
// next larger statement is tried.

import { agreement } from './named-function.js'
import type { NamedFunction } from './named-function.js'
import { MOST_OF_STATEMENT, namesInStatement } from './syntax-names.js'

/** How many statements around a function are tried; code is rarely nested deeper. */
const MOST_TRIES = 8
/** How much of the text is looked through for the beginnings of statements, characters, all together. */
const MOST_LOOKED_AT = 16 * 1024 * 1024
/** A statement whose beginning is further away is not small, characters. */
const FAR = 256 * 1024

/** A line that opens the body of a function, or a block; and one that may look like it, and opens that of a class. */
const OPENS_BODY = /(?:\)|=>|\b(?:else|do|try|finally))\s*\{\s*(?:\/\/.*)?$/
const OPENS_CLASS = /(?<![\w$.])class(?![\w$])/
/** The end of a line behind which a statement begins. */
const ENDS_STATEMENT = /[;{}]$/
/** Where statements end without a semicolon: how a line ends that may be the last one of a statement, and how the first one of the next begins. */
const MAY_END = /[\w$'"`)\]]$/
const MAY_BEGIN = /[\w$'"@]/
const COMMENT = /^(?:\/\/|\/?\*)/
const REST_OF_COMMENT = /\s*(?:\/\/.*|\/\*.*\*\/\s*)$/

/**
 * `v8Names`: by offset, what V8 calls the function that starts there; '' where it has no name. In the result are some that are
 * certain: it ends at the first one that is not, for then the whole text has to be parsed anyway.
 */
export function namesNearby(
  text: string,
  v8Names: ReadonlyMap<number, string>,
): ReadonlyMap<number, NamedFunction> {
  const offsets = new Set(v8Names.keys())
  const layout = new Layout(text)
  const certain = new Map<number, NamedFunction>()
  for (const offset of offsets) {
    if (certain.has(offset)) continue
    let tries = 0
    for (const start of layout.statementsAround(offset)) {
      // Those around it are larger still.
      if (tries++ === MOST_TRIES || layout.seemsLarge(start)) break
      const found = namesInStatement(text, offsets, start)
      if (!agrees(found?.get(offset), v8Names.get(offset))) continue
      for (const [other, name] of found ?? []) if (agrees(name, v8Names.get(other))) certain.set(other, name)
      break
    }
    if (!certain.has(offset)) break
  }
  return certain
}

function agrees(named: NamedFunction | undefined, v8Name = ''): boolean {
  return named !== undefined && agreement(named, v8Name) === 'yes'
}

/** The lines of a text, and which are indented less than others. */
class Layout {
  readonly #text: string
  #looked = 0

  constructor(text: string) {
    this.#text = text
  }

  /** Where statements seem to begin that `offset` is in, of those that bodies consist of; the innermost one first. */
  *statementsAround(offset: number): Generator<number> {
    let line = this.#lineAt(offset)
    if (this.#startOf(line) > offset) line = this.#outer(line)
    for (; line >= 0; line = this.#outer(line)) {
      if (this.#beginsStatement(line)) yield this.#startOf(line)
    }
  }

  /** Whether what begins at `start` goes on for longer than a statement may, to go by the lines that are indented more. */
  seemsLarge(start: number): boolean {
    const indent = start - this.#lineAt(start)
    const end = start + MOST_OF_STATEMENT
    return end < this.#text.length && !notIndentedMore(indent).test(this.#text.slice(start, end))
  }

  #beginsStatement(line: number): boolean {
    const before = this.#textBefore(line)
    if (before === null) return false
    const isBehindOther =
      ENDS_STATEMENT.test(before) ||
      (MAY_END.test(before) && MAY_BEGIN.test(this.#text[this.#startOf(line)] ?? ''))
    if (before !== '' && !isBehindOther) return false
    if (this.#startOf(line) === line) return true
    const outer = this.#outer(line)
    if (outer < 0) return false
    const opening = this.#lineText(outer)
    if (!OPENS_BODY.test(opening) || OPENS_CLASS.test(opening)) return false
    // The parameters go over several lines.
    if (!opening.trimStart().startsWith(')')) return true
    const head = this.#sameIndent(outer)
    return head >= 0 && !OPENS_CLASS.test(this.#lineText(head))
  }

  /** The text of the last line before one that has code, without spaces and comments around it; '' at the beginning, null if unknown. */
  #textBefore(line: number): string | null {
    for (let at = line; at > 0;) {
      at = this.#before(at)
      if (at < 0) return null
      const text = this.#lineText(at).trim()
      if (text !== '' && !COMMENT.test(text)) return text.replace(REST_OF_COMMENT, '')
    }
    return ''
  }

  /** The nearest line before one that is indented less; -1 if there is none, or it is too far away. */
  #outer(line: number): number {
    const indent = this.#startOf(line) - line
    if (indent === 0) return -1
    for (let at = this.#before(line); at >= 0 && line - at < FAR; at = this.#before(at)) {
      const start = this.#startOf(at)
      if (start - at < indent && !this.#isBlank(start)) return at
    }
    return -1
  }

  /** The nearest line before one that is indented as much, and no closing bracket. */
  #sameIndent(line: number): number {
    const indent = this.#startOf(line) - line
    for (let at = this.#before(line); at >= 0 && line - at < FAR; at = this.#before(at)) {
      const start = this.#startOf(at)
      if (start - at === indent && !this.#isBlank(start) && this.#text[start] !== ')') return at
    }
    return -1
  }

  #lineAt(offset: number): number {
    return offset === 0 ? 0 : this.#text.lastIndexOf('\n', offset - 1) + 1
  }

  /** -1 before the first line, and when enough has been looked at. */
  #before(line: number): number {
    if (line === 0 || this.#looked > MOST_LOOKED_AT) return -1
    const before = this.#lineAt(line - 1)
    this.#looked += line - before
    return before
  }

  #startOf(line: number): number {
    let at = line
    while (this.#text[at] === ' ' || this.#text[at] === '\t') at++
    return at
  }

  #isBlank(start: number): boolean {
    return start >= this.#text.length || this.#text[start] === '\n' || this.#text[start] === '\r'
  }

  #lineText(line: number): string {
    const end = this.#text.indexOf('\n', line)
    return this.#text.slice(line, end < 0 ? undefined : end).replace(/\r$/, '')
  }
}

const patterns = new Map<number, RegExp>()

/** Finds a line that is indented by so many characters at most. */
function notIndentedMore(indent: number): RegExp {
  const pattern = patterns.get(indent) ?? new RegExp(String.raw`\n[ \t]{0,${indent}}[^\s]`)
  patterns.set(indent, pattern)
  return pattern
}
