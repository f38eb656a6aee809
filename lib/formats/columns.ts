// columns.ts — text that lines up: widths, cuts and line breaks as a terminal counts columns. Pure.

const WIDE =
  /[\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}\p{Emoji_Presentation}\uff01-\uff60]/u
const ZERO_WIDTH = /[\p{Mn}\p{Me}\p{Cf}]/u

/** How many columns a terminal gives a text: two to East Asian characters and emoji, none to combining marks. */
export function displayWidth(text: string): number {
  let columns = 0
  for (const character of text) columns += WIDE.test(character) ? 2 : ZERO_WIDTH.test(character) ? 0 : 1
  return columns
}

/** The width of the widest text; 0 if there are none. */
export function widest(texts: readonly string[]): number {
  return texts.reduce((columns, text) => Math.max(columns, displayWidth(text)), 0)
}

/** Fills up with spaces on the right. */
export function padRight(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - displayWidth(text)))
}

/** Fills up with spaces on the left. */
export function padLeft(text: string, columns: number): string {
  return ' '.repeat(Math.max(0, columns - displayWidth(text))) + text
}

/** Cuts the end of a text that is too wide; `…` marks the cut. */
export function keepHead(text: string, columns: number): string {
  if (displayWidth(text) <= columns) return text
  const kept = [...text]
  let width = displayWidth(text)
  while (width > columns - 1) width -= displayWidth(kept.pop() ?? '')
  return `${kept.join('')}…`
}

/** Cuts the beginning of a path that is too wide, between two folders where that is possible; `…` marks the cut. */
export function keepTail(path: string, columns: number): string {
  if (displayWidth(path) <= columns) return path
  const kept = [...path]
  let width = displayWidth(path)
  while (width > columns - 1) width -= displayWidth(kept.shift() ?? '')
  const tail = kept.join('')
  return `…${tail.slice(Math.max(0, tail.indexOf('/')))}`
}

/** Breaks a text at spaces. Lines after the first are indented; a word wider than a line is cut. */
export function wrap(text: string, columns: number, indentColumns: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(/(?<=\S)(?= )/)) {
    if (line !== '' && displayWidth(line + word) > columns) {
      lines.push(line)
      line = ' '.repeat(indentColumns) + word.trimStart()
    } else {
      line += word
    }
  }
  return [...lines, line].map((each) => keepHead(each, columns))
}
