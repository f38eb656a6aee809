// name-walk.ts — a tree of syntax → the functions in it, by where V8 says that they start, and what they are called. Pure.
// Neighbour: syntax-names.ts, which has a text parsed.

import type { Node } from 'acorn'
import type { NamedFunction, NamePart } from './named-function.js'

/** A node as the walk sees it: of any type, with any children. */
export type AnyNode = Node & Readonly<Record<string, unknown>>

const TO_PARENTHESIS = /(?:\s|\*|\/\*[^]*?\*\/|\/\/.*)*\(/y

/** Collects the functions at `offsets` of what is handed to it. */
export class NameWalk {
  readonly functions: Map<number, NamedFunction> = new Map<number, NamedFunction>()
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
