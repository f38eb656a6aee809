// syntax-names.ts — the functions of a text by its syntax: where V8 says that they start → what they are called. Pure.
//
// V8 counts a function from the parenthesis of its parameters, an arrow from its first token, `async` included; a class
// without a constructor, and up to V8 11 its fields, from the word `class`; later versions count fields from the brace of
// the class (V8 12), or from the first field (V8 13). Names are found body by body, as the parser leaves it, and its tree
// is dropped then: so a bundle of 9 MB needs some 10 MB of tree, not 100. Bodies with no function that was asked for are left out.

import type { Node, Options, Parser } from 'acorn'
import { acorn } from './libraries.js'
import { NameWalk } from './name-walk.js'
import type { AnyNode } from './name-walk.js'
import type { NamedFunction } from './named-function.js'
import { endOfUnneededBody } from './unneeded-body.js'

const OPTIONS: Options = {
  ecmaVersion: 'latest',
  sourceType: 'script',
  // One setting for CommonJS, ES modules and scripts: names are all that is asked of the text.
  allowImportExportEverywhere: true,
  allowReturnOutsideFunction: true,
  allowAwaitOutsideFunction: true,
  allowSuperOutsideMethod: true,
  allowHashBang: true,
  checkPrivateFields: false,
}

/** How much of a text is parsed, characters: the parser reads some 10 million a second, and this runs when a program ends. */
const MOST_PARSED_CHARACTERS = 4 * 1024 * 1024

/** The same of a single statement, which ought to be a small one. */
export const MOST_OF_STATEMENT: number = 64 * 1024

/**
 * The functions that start at `offsets`. `complete`: the whole text was understood, so that no function starts at an
 * offset that is not in the result. It is not where the syntax is unknown, nested too deep, or more of the text would have to be
 * parsed than is allowed for.
 */
export function namesBySyntax(text: string, offsets: ReadonlySet<number>): SyntaxNames {
  return parse(text, offsets, { leavesOut: true }) ?? parse(text, offsets, { leavesOut: false }) ?? NOTHING
}

export interface SyntaxNames {
  readonly functions: ReadonlyMap<number, NamedFunction>
  readonly complete: boolean
}

const NOTHING: SyntaxNames = { functions: new Map(), complete: false }

/**
 * Those of `offsets` that are in the one statement that begins at `start`; null if none does, or it is a large one. Right if there a
 * statement of a body begins, and not a part of a class or an object literal.
 */
export function namesInStatement(
  text: string,
  offsets: Iterable<number>,
  start: number,
): ReadonlyMap<number, NamedFunction> | null {
  // The parser counts the lines before the place where it is to begin.
  const rest = text.slice(start, start + MOST_OF_STATEMENT)
  const within = new Set<number>()
  for (const offset of offsets)
    if (offset >= start && offset < start + rest.length) within.add(offset - start)
  const walk = new NameWalk(rest, within)
  try {
    walk.visit(new (nameParser())(OPTIONS, rest).readStatement({ walk, needed: null, skipped: 0 }), [])
  } catch (error) {
    if (!(error instanceof SyntaxError) && !(error instanceof RangeError)) throw error
    return null
  }
  return new Map(Array.from(walk.functions, ([offset, named]) => [start + offset, shifted(named, start)]))
}

function shifted(named: NamedFunction, by: number): NamedFunction {
  const parts = named.parts.map(({ text, offset }) => ({ text, offset: offset < 0 ? offset : offset + by }))
  return { ...named, parts }
}

// Null if nothing can be said, since what was left out may have been the wrong thing.
function parse(
  text: string,
  offsets: ReadonlySet<number>,
  { leavesOut }: { readonly leavesOut: boolean },
): SyntaxNames | null {
  const walk = new NameWalk(text, offsets)
  const reading = { walk, needed: leavesOut ? offsets : null, skipped: 0 }
  try {
    walk.children(new (nameParser())(OPTIONS, text).readProgram(reading))
    return { functions: walk.functions, complete: true }
  } catch (error) {
    // Syntax that is newer than the parser, or none of JavaScript; or nested too deep, or too long. What was read so far is right.
    if (!(error instanceof SyntaxError) && !(error instanceof RangeError)) throw error
    if (error instanceof SyntaxError && reading.skipped > 0) return null
    return { functions: walk.functions, complete: false }
  }
}

// The parser's plugins extend it by these methods, too; its types leave them out. At `start` is the token being looked at, and
// from `pos` on the next one is read.
type BodyParser = new (
  options: Options,
  text: string,
) => {
  readonly input: string
  readonly start: number
  pos: number
  parse(): Node
  nextToken(): void
  parseStatement(context: null, isTopLevel: boolean): Node
  parseFunctionBody(node: { body: Node }, isArrow: boolean, ...rest: unknown[]): void
}

/** What is done with the bodies of functions. */
interface Reading {
  /** Is handed what is in them. */
  readonly walk: NameWalk
  /** Bodies without any of these are left out; none is if null. */
  readonly needed: ReadonlySet<number> | null
  /** How many characters were left out. */
  skipped: number
}

type NameParser = new (
  options: Options,
  text: string,
) => { readProgram(reading: Reading): AnyNode; readStatement(reading: Reading): AnyNode }

let madeParser: NameParser | undefined

function nameParser(): NameParser {
  return (madeParser ??= makeParser())
}

function makeParser(): NameParser {
  const extended = acorn().Parser.extend((Base) => {
    const parser = class extends (Base as unknown as BodyParser) {
      #reading: Reading | undefined

      readProgram(reading: Reading): Node {
        this.#reading = reading
        return this.parse()
      }

      /** The first one. */
      readStatement(reading: Reading): Node {
        this.#reading = reading
        this.nextToken()
        return this.parseStatement(null, true)
      }

      override parseFunctionBody(node: { body: Node }, isArrow: boolean, ...rest: unknown[]): void {
        const reading = this.#reading as Reading
        const { walk, needed, skipped } = reading
        if (this.start - skipped > MOST_PARSED_CHARACTERS) throw new RangeError('too long')
        const { start: open } = this
        const close =
          needed === null || this.input[open] !== '{' ? -1 : endOfUnneededBody(this.input, open, needed)
        if (close >= 0) {
          reading.skipped += close - this.pos
          this.pos = close
        }
        super.parseFunctionBody(node, isArrow, ...rest)
        if (close < 0) walk.visit(node.body, [])
        const { start, end } = node.body
        node.body = { type: 'EmptyStatement', start, end }
      }
    }
    return parser as unknown as typeof Parser
  })
  return extended as unknown as NameParser
}
