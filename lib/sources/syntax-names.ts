// syntax-names.ts — the functions of a text by its syntax: where V8 says that they start → what they are called. Pure.
//
// V8 counts a function from the parenthesis of its parameters, an arrow from its first token, `async` included; a class
// without a constructor, and up to V8 11 its fields, from the word `class`; later versions count fields from the brace of
// the class (V8 12), or from the first field (V8 13). Names are found body by body, as the parser leaves it, and its tree
// is dropped then: so a bundle of 9 MB needs some 10 MB of tree, not 100. Bodies with no function that was asked for are left out.

import type { Node, Options, Parser } from 'acorn'
import { acorn } from './libraries.js'
import type { NamedFunction, NamePart } from './named-function.js'
import { endOfUnneededBody } from './unneeded-body.js'

/** A node as the walk sees it: of any type, with any children. */
type AnyNode = Node & Readonly<Record<string, unknown>>

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

const TO_PARENTHESIS = /(?:\s|\*|\/\*[^]*?\*\/|\/\/.*)*\(/y

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

// Null if nothing can be said, since what was left out may have been the wrong thing.
function parse(
  text: string,
  offsets: ReadonlySet<number>,
  { leavesOut }: { readonly leavesOut: boolean },
): SyntaxNames | null {
  const walk = new Walk(text, offsets)
  const skipped = { characters: 0 }
  try {
    const parser = parserFor(walk, leavesOut ? offsets : null, skipped)
    walk.children(parser.parse(text, OPTIONS) as unknown as AnyNode)
    return { functions: walk.functions, complete: true }
  } catch (error) {
    // Syntax that is newer than the parser, or none of JavaScript; or nested too deep, or too long. What was read so far is right.
    if (!(error instanceof SyntaxError) && !(error instanceof RangeError)) throw error
    if (error instanceof SyntaxError && skipped.characters > 0) return null
    return { functions: walk.functions, complete: false }
  }
}

// The parser's plugins extend it by this method, too; its types leave it out. At `start` is the token being looked at, and from
// `pos` on the next one is read.
type BodyParser = new (...args: never[]) => {
  readonly input: string
  readonly start: number
  pos: number
  parseFunctionBody(node: { body: Node }, isArrow: boolean, ...rest: unknown[]): void
}

function parserFor(
  walk: Walk,
  needed: ReadonlySet<number> | null,
  skipped: { characters: number },
): typeof Parser {
  return acorn().Parser.extend((Base) => {
    const parser = class extends (Base as unknown as BodyParser) {
      override parseFunctionBody(node: { body: Node }, isArrow: boolean, ...rest: unknown[]): void {
        if (this.start - skipped.characters > MOST_PARSED_CHARACTERS) throw new RangeError('too long')
        const { start: open } = this
        const close =
          needed === null || this.input[open] !== '{' ? -1 : endOfUnneededBody(this.input, open, needed)
        if (close >= 0) {
          skipped.characters += close - this.pos
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
}

class Walk {
  readonly functions = new Map<number, NamedFunction>()
  readonly #text: string
  readonly #offsets: ReadonlySet<number>

  constructor(text: string, offsets: ReadonlySet<number>) {
    this.#text = text
    this.#offsets = offsets
  }

  children(node: AnyNode): void {
    for (const key in node) {
      const child = node[key]
      if (Array.isArray(child)) for (const each of child as unknown[]) this.visit(each, [])
      else this.visit(child, [])
    }
  }

  /** `name` is what a function would be called that is the value of this node. */
  visit(child: unknown, name: readonly NamePart[]): void {
    if (!isNode(child)) return
    switch (child.type) {
      case 'FunctionDeclaration':
      case 'FunctionExpression':
        this.#function(child, name)
        break
      case 'ArrowFunctionExpression':
        this.#add(child.start, { parts: name, accessor: '', own: '' })
        break
      case 'ClassDeclaration':
      case 'ClassExpression':
        this.#class(child, name)
        return
      case 'VariableDeclarator':
        this.visit(child['id'], [])
        this.visit(child['init'], partsOf(child['id']))
        return
      case 'AssignmentExpression':
      case 'AssignmentPattern':
        this.visit(child['left'], [])
        this.visit(child['right'], partsOf(child['left']))
        return
      case 'ObjectExpression':
        for (const property of child['properties'] as unknown[]) this.#property(property, name)
        return
      case 'ConditionalExpression':
        this.visit(child['test'], [])
        this.visit(child['consequent'], name)
        this.visit(child['alternate'], name)
        return
      case 'LogicalExpression':
        this.visit(child['left'], name)
        this.visit(child['right'], name)
        return
      case 'ExportDefaultDeclaration':
        this.visit(child['declaration'], [{ text: 'default', offset: -1 }])
        return
    }
    this.children(child)
  }

  #function(node: AnyNode, name: readonly NamePart[]): void {
    const [id] = partsOf(node['id'])
    const from = id === undefined ? node.start : id.offset + id.text.length
    if (id === undefined && this.#text[from] === '(') {
      this.#add(from, { parts: name, accessor: '', own: '' })
      return
    }
    TO_PARENTHESIS.lastIndex =
      id === undefined ? this.#text.indexOf('function', from) + 'function'.length : from
    if (!TO_PARENTHESIS.test(this.#text)) return
    const parts = id === undefined || name.at(-1)?.text === id.text ? name : [id]
    this.#add(TO_PARENTHESIS.lastIndex - 1, { parts, accessor: '', own: id?.text ?? '' })
  }

  // A property of an object literal; what is spread into it has no name from it.
  #property(property: unknown, name: readonly NamePart[]): void {
    if (!isNode(property) || property.type !== 'Property') {
      this.visit(property, [])
      return
    }
    const parts = [...name, this.#key(property)]
    const value = property['value'] as AnyNode
    if (property['kind'] !== 'init' || property['method'] === true) this.#method(property, value, parts)
    else this.visit(value, parts)
    if (property['computed'] === true) this.visit(property['key'], [])
  }

  #class(node: AnyNode, name: readonly NamePart[]): void {
    const own = partsOf(node['id'])
    const parts = own.length > 0 ? own : name
    const body = node['body'] as AnyNode
    const elements = (body['body'] as unknown[]).filter(isNode)
    const initializer = (text: string): NamedFunction => ({ parts, accessor: '', own: '', initializer: text })
    const words = new Set<string>()
    for (const element of elements) {
      if (element.type !== 'StaticBlock' && element.type !== 'PropertyDefinition') continue
      const isStatic = element.type === 'StaticBlock' || element['static'] === true
      const word = isStatic ? '<static_initializer>' : '<instance_members_initializer>'
      words.add(word)
      // Versions differ in which of them the function starts at.
      this.#add(element.start, initializer(word))
    }
    const [word = '', other] = words
    if (word !== '') this.#add(body.start, initializer(other === undefined ? word : '<initializer>'))
    this.#add(node.start, { parts, accessor: '', own: own[0]?.text ?? '' })
    this.visit(node['superClass'], [])
    for (const element of elements) {
      if (element.type === 'StaticBlock') this.children(element)
      else this.#element(element, parts, own[0]?.text ?? '')
    }
  }

  #element(element: AnyNode, parts: readonly NamePart[], ownOfClass: string): void {
    const value = element['value']
    if (element['kind'] === 'constructor') {
      this.#add((value as AnyNode).start, { parts, accessor: '', own: ownOfClass })
      this.children(value as AnyNode)
    } else {
      const named = [...parts, this.#key(element)]
      if (element.type === 'MethodDefinition') this.#method(element, value as AnyNode, named)
      else this.visit(value, named)
    }
    if (element['computed'] === true) this.visit(element['key'], [])
  }

  #method(element: AnyNode, value: AnyNode, parts: readonly NamePart[]): void {
    const kind = element['kind']
    const accessor = kind === 'get' || kind === 'set' ? (`${kind} ` as const) : ''
    const own = element['computed'] === true ? '' : accessor + (parts.at(-1)?.text ?? '')
    this.#add(value.start, { parts, accessor, own })
    this.children(value)
  }

  #key(element: AnyNode): NamePart {
    const key = element['key'] as AnyNode
    if (element['computed'] !== true) return keyPart(key)
    // `[Symbol.iterator]` says it all; what is calculated does not.
    const text = this.#text.slice(key.start, key.end)
    return { text: /^[\w$.]{1,40}$/.test(text) ? `[${text}]` : '[computed]', offset: -1 }
  }

  #add(offset: number, named: NamedFunction): void {
    if (this.#offsets.has(offset)) this.functions.set(offset, named)
  }
}

function isNode(value: unknown): value is AnyNode {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string'
}

function keyPart(key: AnyNode): NamePart {
  if (key.type === 'Identifier') return { text: String(key['name']), offset: key.start }
  if (key.type === 'PrivateIdentifier') return { text: `#${String(key['name'])}`, offset: key.start }
  return { text: String(key['value']), offset: key.start }
}

/** What is assigned to: `a`, `a.b`, `module.exports.b`; without `this` and `prototype`. Empty if it has no name. */
function partsOf(target: unknown): NamePart[] {
  if (!isNode(target)) return []
  if (target.type === 'Identifier') return [keyPart(target)]
  if (target.type !== 'MemberExpression') return []
  const owner = partsOf(target['object'])
  const property = target['property'] as AnyNode
  if (target['computed'] !== true)
    return keyPart(property).text === 'prototype' ? owner : [...owner, keyPart(property)]
  if (property.type === 'Literal') return [...owner, keyPart(property)]
  return [...owner, { text: '[computed]', offset: -1 }]
}
