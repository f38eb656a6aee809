// place-text.ts — the words of a file about a frame → name, place and kind; and those about a thread. The way back from
// labels.ts, and as far as that goes from what other tools write. Pure.

import type { FrameKind, Thread } from '../profile.js'
import type { DraftFrame } from './profile-draft.js'

const SOURCE = /\.(?:[cm]?[jt]sx?|vue|svelte)$|^(?:node|file|https?|webpack|data|evalmachine)\b|^\[eval\b/
const LINE_AND_COLUMN = /:(\d{1,9})(?::(\d{1,9}))?$/
// A word in brackets, a path, a URL, or a path in a package that ends in a line.
const PLACE = /^(?:\[[^[\]]*\](?::\d+)*|(?:\/|[a-z][\w+.-]*:(?=[/\w])).*|@?[\w.-]+\/\S*:\d+)$/
const ANNOTATION = /_\[([jik01w])\]$/

/** What a frame is, going by its name and where it is. `isNative`: what to take it for where neither says. */
export function kindOf(name: string, file: string, isNative: boolean): FrameKind {
  if (name === '(garbage collector)') return 'gc'
  if (file === '[v8:builtin]') return 'builtin'
  if (file.startsWith('wasm:') || file.endsWith('.wasm')) return 'wasm'
  if (SOURCE.test(file)) return 'js'
  if (file.startsWith('[')) return 'native'
  if (file === '' && /^\(.*\)$/.test(name) && name !== '(anonymous)')
    return isPseudo(name) ? 'pseudo' : 'runtime'
  return isNative ? 'native' : 'js'
}

/** Words about the profile itself, or of other profilers about theirs. */
function isPseudo(name: string): boolean {
  return /^\((?:truncated|unknown code|nativeprof|no frames|JavaScript|unsampled|root|program|idle)\)$/.test(
    name,
  )
}

/** `name file:line:column` as labels.ts and many tools write it; a name alone if there is no place in it. */
export function frameOfText(text: string): DraftFrame {
  const annotation = ANNOTATION.exec(text)
  const words = annotation ? text.slice(0, annotation.index) : text
  const mark = annotation?.[1]
  for (let space = words.indexOf(' '); space > 0; space = words.indexOf(' ', space + 1)) {
    const place = words.slice(space + 1)
    if (!PLACE.test(place)) continue
    return frameAt(words.slice(0, space), place, mark)
  }
  return frameAt(words, '', mark)
}

function frameAt(name: string, place: string, mark: string | undefined): DraftFrame {
  const numbers = LINE_AND_COLUMN.exec(place)
  const url = numbers ? place.slice(0, numbers.index) : place
  const kind = kindOf(name, url, mark === 'k')
  return {
    name,
    url: urlOf(url, kind),
    kind,
    line: Number(numbers?.[1] ?? 0),
    column: Number(numbers?.[2] ?? 0),
    inlined: mark === 'i',
  }
}

/** The URL of a function whose label says `file`, so that it gets the same label again. */
export function urlOf(file: string, kind: FrameKind): string {
  if (kind === 'builtin') return ''
  return kind === 'native' ? (/^\[(.*)\]$/.exec(file)?.[1] ?? file) : file
}

/** A thread by the text that labels.ts has for it, and its id in the kernel, 0 if not known. */
export function threadOfText(text: string, tid: number): Thread {
  const name = text.endsWith(` (${tid})`) ? text.slice(0, -` (${tid})`.length) : text
  if (/^main(?: thread)?$/i.test(name)) return { kind: 'main', name: '', tid }
  const worker = /^worker(?: (.*))?$/.exec(name)
  if (worker) return { kind: 'worker', name: worker[1] ?? '', tid }
  return { kind: 'other', name: name === 'other threads' ? '' : name, tid }
}
