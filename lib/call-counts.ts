// call-counts.ts — how often each function was called, beside the time that samples give it. Pure.
//
// The counts are V8's precise coverage, by block: a counter at the head of each function, which optimized code keeps. It
// counts calls, of generators and async functions, too. Where V8 has counted by function instead, for it had compiled one
// before, the count is how often it was entered, and that is also when a generator or an async function goes on.
// Neighbours: usage.ts (the time), cli/count.ts (the two runs), formats/count-table.ts.

import { internLabels } from './labels.js'
import type { Label } from './labels.js'
import type { Profile } from './profile.js'
import { usageRows } from './usage.js'

/** A function as V8's coverage has it. */
export interface CountedFunction {
  /** '' if it has none. */
  readonly name: string
  /** Where it begins and ends in the text, in UTF-16 units from 0. */
  readonly start: number
  readonly end: number
  readonly count: number
  /** Whether the count is that of its first block: calls, and nothing else. */
  readonly isByBlock: boolean
}

/** A script as it was run. Of one that was evaluated twice there may be two. */
export interface CountedScript {
  /** Absolute: `file:///…`. */
  readonly url: string
  readonly text: string
  readonly functions: readonly CountedFunction[]
}

/** What a function is. `plain`: neither a generator nor async. */
export type CallKind = 'plain' | 'generator' | 'async' | 'async generator'

/** A function, its calls of one run, and its time of another. */
export interface CallRow {
  readonly label: Label
  /** null where V8 does not count: builtins, native code, what node itself is made of. */
  readonly calls: number | null
  readonly kind: CallKind
  /** Whether `calls` has the resumptions of a generator or an async function in it. */
  readonly hasResumptions: boolean
  readonly selfTicks: number
  readonly selfNanos: number
  /** With what it called. */
  readonly totalNanos: number
}

/**
 * Puts calls and times side by side: every function that was called, or has samples. The profile is as V8 has it: names and
 * places are those of the code that ran. Rows come with the most time of their own first, then with the most calls.
 */
export function callRows(scripts: readonly CountedScript[], profile: Profile): CallRow[] {
  const byFile = new Map<string, CountedText>()
  for (const script of scripts) {
    const file = pathOfUrl(script.url)
    const known = byFile.get(file)
    if (known === undefined) byFile.set(file, new CountedText(script))
    else known.add(script)
  }
  const table = internLabels(profile, 'js')
  const rows: CallRow[] = []
  for (const { label, self, total } of usageRows(profile, profile.totals, table)) {
    if (total.ticks === 0) continue
    const counted = byFile.get(label.file)?.take(label)
    rows.push({
      label,
      ...(counted ?? UNCOUNTED),
      selfTicks: self.ticks,
      selfNanos: self.nanos,
      totalNanos: total.nanos,
    })
  }
  for (const [file, counted] of byFile) {
    for (const { place, ...rest } of counted.untaken()) {
      const { name, line, column } = place
      rows.push({ label: { name, file, line, column }, ...rest, selfTicks: 0, selfNanos: 0, totalNanos: 0 })
    }
  }
  return rows
    .filter(({ calls, selfTicks }) => selfTicks > 0 || (calls ?? 0) > 0)
    .sort((a, b) => b.selfNanos - a.selfNanos || (b.calls ?? 0) - (a.calls ?? 0))
}

interface Counted {
  readonly calls: number | null
  readonly kind: CallKind
  readonly hasResumptions: boolean
}

const UNCOUNTED: Counted = { calls: null, kind: 'plain', hasResumptions: false }

/** The functions of a script, those that samples have asked for taken out. */
class CountedText {
  readonly #text: string
  readonly #lineStarts: number[] = [0]
  /** By place. Copies of a script have the same functions, and are added up. */
  readonly #functions = new Map<string, CountedFunction>()
  readonly #taken = new Set<string>()

  constructor(script: CountedScript) {
    this.#text = script.text
    for (let at = script.text.indexOf('\n'); at >= 0; at = script.text.indexOf('\n', at + 1))
      this.#lineStarts.push(at + 1)
    this.add(script)
  }

  add({ text, functions }: CountedScript): void {
    // Another version of the file; whose functions are where is not known.
    if (text !== this.#text) return
    for (const fn of functions) {
      const key = `${fn.start} ${fn.end}`
      const known = this.#functions.get(key)
      if (known === undefined) this.#functions.set(key, fn)
      else {
        const isByBlock = known.isByBlock && fn.isByBlock
        this.#functions.set(key, { ...fn, isByBlock, count: known.count + fn.count })
      }
    }
  }

  /** V8's samples say where the parameters begin; so it is the innermost function around that place. */
  take({ line, column }: Label): Counted | undefined {
    const start = this.#lineStarts[line - 1]
    if (start === undefined) return undefined
    const offset = start + column - 1
    let key: string | undefined
    let innermost: CountedFunction | undefined
    for (const [each, fn] of this.#functions) {
      if (fn.start > offset || fn.end <= offset) continue
      if (innermost !== undefined && fn.end - fn.start >= innermost.end - innermost.start) continue
      key = each
      innermost = fn
    }
    if (key === undefined || innermost === undefined) return undefined
    this.#taken.add(key)
    return this.#countedOf(innermost)
  }

  /** The functions that were called and have not been taken. */
  *untaken(): Generator<Counted & { place: { name: string; line: number; column: number } }> {
    for (const [key, fn] of this.#functions) {
      if (this.#taken.has(key) || fn.count === 0) continue
      const isScript = fn.start === 0 && fn.end >= this.#text.length
      const name = isScript ? '(top level)' : fn.name || '(anonymous)'
      yield { ...this.#countedOf(fn), place: { name, ...this.#placeOf(fn.start) } }
    }
  }

  #countedOf({ start, count, isByBlock }: CountedFunction): Counted {
    const kind = kindAt(this.#text, start)
    return { calls: count, kind, hasResumptions: kind !== 'plain' && !isByBlock }
  }

  #placeOf(offset: number): { line: number; column: number } {
    let [low, high] = [0, this.#lineStarts.length]
    while (high - low > 1) {
      const middle = (low + high) >>> 1
      if ((this.#lineStarts[middle] ?? 0) <= offset) low = middle
      else high = middle
    }
    return { line: low + 1, column: offset - (this.#lineStarts[low] ?? 0) + 1 }
  }
}

const ASYNC = /async(?=[\s*[(/]|$)\s*/y
const GENERATOR = /(?:function\b\s*)?\*/y

/** What kind of function begins at an offset, by its first words. */
export function kindAt(text: string, offset: number): CallKind {
  ASYNC.lastIndex = offset
  const isAsync = ASYNC.test(text) && !isMethodCalledAsync(text, ASYNC.lastIndex)
  GENERATOR.lastIndex = isAsync ? ASYNC.lastIndex : offset
  const isGenerator = GENERATOR.test(text)
  if (isAsync) return isGenerator ? 'async generator' : 'async'
  return isGenerator ? 'generator' : 'plain'
}

// `async (x) => x` is async, `{ async(x) { … } }` is not.
function isMethodCalledAsync(text: string, offset: number): boolean {
  if (text[offset] !== '(') return false
  let depth = 0
  for (let at = offset; at < text.length; at++) {
    if (text[at] === '(') depth++
    if (text[at] === ')' && --depth === 0) return !/^\s*=>/.test(text.slice(at + 1, at + 100))
  }
  return false
}

function pathOfUrl(url: string): string {
  if (!url.startsWith('file://')) return url
  const path = url.slice('file://'.length)
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}
