// named-function.ts — what the text around a function calls it. Pure.
// Neighbours: syntax-names.ts and scan-names.ts, which find it; resolve-names.ts, which holds it against V8's name.

/** A piece of a name: an identifier, a key, or brackets around something computed. */
export interface NamePart {
  readonly text: string
  /** Where it stands in the text, so that a source map can say what it was called; -1 for no token of its own. */
  readonly offset: number
}

/** A function, as its surroundings name it. */
export interface NamedFunction {
  /** Outermost first, as `Parser` and `parse`; empty for a function that nothing names. */
  readonly parts: readonly NamePart[]
  readonly accessor: '' | 'get ' | 'set '
  /** The name that the syntax itself gives it, which V8 then has, too; '' where V8 infers one. */
  readonly own: string
  /** For what runs the initialisers of fields, or a static block: V8's old word for it. */
  readonly initializer?: string
}

export const ANONYMOUS: NamedFunction = { parts: [], accessor: '', own: '' }

/** The name that is shown; '' for none. `rename` may replace the text of a part. */
export function nameText(
  { parts, accessor, initializer }: NamedFunction,
  rename: (part: NamePart) => string = (part) => part.text,
): string {
  let text = ''
  parts.forEach((part, index) => {
    const word = (index === parts.length - 1 ? accessor : '') + rename(part)
    text += text === '' || word.startsWith('[') ? word : `.${word}`
  })
  return initializer === undefined ? text : `${text || '(anonymous class)'}.${initializer}`
}

/** The last part: the function's name without what it belongs to; '' for none. */
export function bareName({ parts, accessor }: NamedFunction): string {
  const last = parts.at(-1)
  return last === undefined ? '' : accessor + last.text
}

/** V8's words for functions that have no name. */
export function isNoName(v8Name: string): boolean {
  return ['', '(anonymous)', '<instance_members_initializer>', '<static_initializer>'].includes(v8Name)
}

/**
 * Whether V8's name for a function fits what the text says. `unsure`: V8 infers names, too, not always ours.
 * `no`: the syntax gives the function a name, and V8 has another; so V8 compiled another text.
 */
export function agreement(named: NamedFunction, v8Name: string): 'yes' | 'unsure' | 'no' {
  if (v8Name.startsWith('<') || (isNoName(v8Name) && named.own === '')) return 'yes'
  const bare = bareName(named)
  if (v8Name === named.own || v8Name === bare || v8Name === nameText(named)) return 'yes'
  if (bare !== '' && v8Name.endsWith(`.${bare}`)) return 'yes'
  return named.own === '' ? 'unsure' : 'no'
}
