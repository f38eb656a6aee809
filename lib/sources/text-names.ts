// text-names.ts — functions of a text by where they start: by syntax where that is possible and needed, else by what
// stands before them. Pure. Neighbours: syntax-names.ts, scan-names.ts.

import type { NamedFunction } from './named-function.js'
import { namesNearby } from './nearby-names.js'
import { scanName } from './scan-names.js'
import { namesBySyntax } from './syntax-names.js'

export interface TextNames {
  readonly functions: ReadonlyMap<number, NamedFunction>
  /** Whether no function starts at those offsets that are not in `functions`. */
  readonly complete: boolean
}

/** `v8Names`: by offset, what V8 calls the function that starts there; '' where it has no name, or nobody knows. */
export function namesInText(text: string, v8Names: ReadonlyMap<number, string>): TextNames {
  const functions = new Map<number, NamedFunction>()
  const open = new Set<number>()
  for (const [offset, v8Name] of v8Names) {
    const declared = declaredName(text, offset, v8Name)
    if (declared === null) open.add(offset)
    else functions.set(offset, declared)
  }
  if (open.size === 0) return { functions, complete: true }
  for (const [offset, named] of namesNearby(text, openNames(open, v8Names))) {
    functions.set(offset, named)
    open.delete(offset)
  }
  if (open.size === 0) return { functions, complete: true }
  const parsed = namesBySyntax(text, open)
  for (const [offset, named] of parsed.functions) functions.set(offset, named)
  if (parsed.complete) return { functions, complete: true }
  for (const offset of open) {
    const named = functions.get(offset) ?? scanName(text, offset)
    if (named !== null) functions.set(offset, named)
  }
  return { functions, complete: false }
}

function openNames(
  open: ReadonlySet<number>,
  v8Names: ReadonlyMap<number, string>,
): ReadonlyMap<number, string> {
  return new Map(Array.from(open, (offset) => [offset, v8Names.get(offset) ?? '']))
}

// A declaration has no more to its name than V8 knows: if all are of that kind, nothing needs to be parsed.
function declaredName(text: string, offset: number, v8Name: string): NamedFunction | null {
  if (v8Name === '' || text[offset] !== '(' || !text.endsWith(v8Name, offset)) return null
  const at = offset - v8Name.length
  const before = text.slice(Math.max(0, at - 60), at)
  if (!/(?:^|[;{}\n])\s*(?:export\s+)?(?:async\s+)?function\s*\*?\s*$/.test(before)) return null
  return { parts: [{ text: v8Name, offset: at }], accessor: '', own: v8Name }
}
