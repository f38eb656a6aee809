// unneeded-body.ts — where a function's body ends that nobody asked about, without parsing it. Pure.
// Neighbour: syntax-names.ts, which leaves such bodies out: of most texts few functions are sampled, and of those only the
// names are wanted, so the parser reads a tenth of the text.
//
// What is found is right, or the parser fails behind it. No token of the body goes over the end of a line (those that could are not
// accepted), so a brace at the beginning of a line is one of the code. If it is not at the depth of the opening one, the rest
// of the text has a brace too many. And it is indented as the line that opened the body, and nothing between is indented less:
// at the same depth it belongs to the same class or object.

/** Comments and strings that go over the end of a line, line ends of other languages, and a line with half of a template. */
const OVER_LINE_END = /\/\*(?!.*\*\/)|\\\r?$|[\u2028\u2029]|^[^`\n]*(?:`[^`\n]*`[^`\n]*)*`[^`\n]*$/m
const REST_OF_LINE = /\s*\n/y
const INDENT = /[ \t]*/y

const lessIndented = new Map<string, RegExp>()

/**
 * The offset of the brace that closes what the brace at `open` opens; -1 if that cannot be told, or if one of `offsets` lies between
 * the two.
 */
export function endOfUnneededBody(text: string, open: number, offsets: ReadonlySet<number>): number {
  REST_OF_LINE.lastIndex = open + 1
  if (!REST_OF_LINE.test(text)) return -1
  INDENT.lastIndex = text.lastIndexOf('\n', open) + 1
  const indent = INDENT.exec(text)?.[0] ?? ''
  const first = REST_OF_LINE.lastIndex
  const end = text.indexOf(`\n${indent}}`, open)
  if (end < 0) return -1
  const close = end + 1 + indent.length
  // What wraps a whole file, often does not indent it.
  INDENT.lastIndex = first
  if (first <= end && (INDENT.exec(text)?.[0].length ?? 0) <= indent.length) return -1
  for (const offset of offsets) if (offset > open && offset < close) return -1
  const body = text.slice(open, close)
  return OVER_LINE_END.test(body) || isLessIndented(body, indent) ? -1 : close
}

function isLessIndented(body: string, indent: string): boolean {
  if (indent === '') return false
  let pattern = lessIndented.get(indent)
  if (pattern === undefined) {
    pattern = new RegExp(String.raw`\n(?!${indent}|[ \t\r]*\n)`)
    lessIndented.set(indent, pattern)
  }
  return pattern.test(body)
}
