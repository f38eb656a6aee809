// script-text.ts — the source text behind a URL of V8's, as V8 counted its lines, and positions in it. Reads files.
// Neighbours: text-names.ts (functions in a text), find-map.ts (the map that a text names).

import * as fs from 'node:fs'
import { fileURLToPath } from 'node:url'

/** A larger file is no source text that anybody profiles by name, bytes. V8's own limit for strings is 512 MiB. */
const MAX_TEXT_BYTES = 64 * 1024 * 1024

/** The path of a script, or null where there is no file: `node:fs`, `https://…`, evaluated code. */
export function pathOfUrl(url: string): string | null {
  if (url.startsWith('/')) return url
  if (!url.startsWith('file://')) return null
  try {
    // ES modules may have a query, by which a program loads one file several times.
    return fileURLToPath(url.replace(/[?#].*$/s, ''))
  } catch {
    return null // a host, or an escape that is none: not a file of this machine
  }
}

/**
 * The text of a file, without a byte order mark: Node strips it before V8 counts. A hashbang stays. Null where there is
 * no such file, or one over 64 MiB.
 */
export function readText(path: string): string | null {
  try {
    if (fs.statSync(path).size > MAX_TEXT_BYTES) return null
    return fs.readFileSync(path, 'utf8').replace(/^\ufeff/, '')
  } catch {
    return null // gone, or not ours to read: names stay as V8 has them
  }
}

/** Lines of a text, ended as V8 ends them: \n, \r, \r\n, U+2028, U+2029. */
export class TextLines {
  readonly text: string
  readonly #starts: number[] = [0]

  constructor(text: string) {
    this.text = text
    if (!/[\r\u2028\u2029]/.test(text)) {
      // As nearly all texts are: half the time for a bundle of 200,000 lines.
      for (let end = text.indexOf('\n') + 1; end > 0; end = text.indexOf('\n', end) + 1)
        this.#starts.push(end)
      return
    }
    for (const { index, 0: end } of text.matchAll(/\r\n|[\n\r\u2028\u2029]/g))
      this.#starts.push(index + end.length)
  }

  /** The offset of a 1-based line and column; -1 if there is no such place. */
  offsetOf(line: number, column: number): number {
    const start = this.#starts[line - 1]
    if (start === undefined || column < 1) return -1
    const offset = start + column - 1
    return offset < (this.#starts[line] ?? this.text.length + 1) ? offset : -1
  }

  /** The 1-based line and column of an offset. */
  placeOf(offset: number): { line: number; column: number } {
    let low = 0
    let high = this.#starts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((this.#starts[middle] as number) <= offset) low = middle
      else high = middle - 1
    }
    return { line: low + 1, column: offset - (this.#starts[low] as number) + 1 }
  }
}
