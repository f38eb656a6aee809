// resolve-script.ts — the functions and lines of one script, with the names that its text and its sources give them.
// Reads files. Text and map of a script are held only while it is resolved.
//
// A function's original name comes from the map, if it says what the function's own token was called; what the original
// text says completes it (`parse` → `Parser.parse`), or stands for it where the map has no names.

import type { Frame, ProfileFunction, Script } from '../profile.js'
import { findMap, mapComment } from './find-map.js'
import { bareName, isNoName, nameText } from './named-function.js'
import type { NamedFunction } from './named-function.js'
import { startOfFunction } from './scan-names.js'
import { TOP_LEVEL, namesOfScript, shownName } from './script-names.js'
import { TextLines, pathOfUrl, readText } from './script-text.js'
import { ScriptMap } from './source-map.js'
import type { SourcePlace } from './source-map.js'
import { namesInText } from './text-names.js'

/** A script, with what was sampled of it. */
export interface ScriptUse {
  readonly script: Script
  /** By id. */
  readonly functions: ReadonlyMap<number, ProfileFunction>
  /** By id. */
  readonly frames: ReadonlyMap<number, Frame>
}

/** What a frame becomes. */
export interface FrameSource {
  readonly function: ProfileFunction
  readonly line: number
  readonly column: number
}

export interface ScriptSources {
  /** By id, for every frame of the script. */
  readonly frames: ReadonlyMap<number, FrameSource>
  /** The file is not what V8 compiled; names and places are V8's. */
  readonly changed: boolean
  /** Why the map that the script names was not used; '' if there is none, or it was. */
  readonly mapProblem: string
  /** Lines are those of a source map. */
  readonly isMapped: boolean
}

/** What is known of a function while its script is resolved. */
interface Draft {
  readonly fn: ProfileFunction
  readonly named: NamedFunction | undefined
  /** Where it comes from; null where no map says. */
  readonly place: SourcePlace | null
  /** The name by the generated text, its words as the map has them. */
  readonly renamed: string
  /** What the map says that the function's own token was called; ''. */
  readonly mapName: string
}

export function resolveScript({ script, functions, frames }: ScriptUse, useMap: boolean): ScriptSources {
  const path = pathOfUrl(script.url)
  const text = path === null ? null : readText(path)
  // A loader that compiles what it reads hands V8 another text, with a map of its own.
  const isTransformed =
    script.sourceMapUrl.startsWith('data:') && text !== null && !text.includes(script.sourceMapUrl)
  const lines = text === null || isTransformed ? null : new TextLines(text)
  const names = lines === null ? null : namesOfScript(lines, functions)
  const changed =
    lines !== null &&
    (names === null || (script.sourceMapUrl !== '' && mapComment(lines.text) !== script.sourceMapUrl))
  const known = changed ? null : names
  let map: ScriptMap | null = null
  let mapProblem = ''
  if (useMap && (!changed || script.sourceMapUrl.startsWith('data:'))) {
    const found = findMap(script, isTransformed ? null : text)
    if (found?.problem === null) {
      try {
        map = new ScriptMap(found, {
          asPaths: script.url.startsWith('/'),
          lines: linesAskedFor({ functions, frames }, known, lines),
        })
      } catch (error) {
        mapProblem = `it is broken (${(error as Error).message.slice(0, 200)})`
      }
    } else mapProblem = found?.problem ?? ''
  }
  const drafts = new Map<number, Draft>()
  for (const [id, fn] of functions) drafts.set(id, draftOf(fn, known?.get(id), { lines, map }))
  const resolved = map === null ? resolveWithoutMap(drafts) : resolveWithMap(drafts, map)
  const sources = new Map<number, FrameSource>()
  for (const [id, frame] of frames) {
    const fn = resolved.get(frame.functionId)
    if (fn !== undefined)
      sources.set(id, frameSource(frame, fn, { draft: drafts.get(frame.functionId), map }))
  }
  return { frames: sources, changed, mapProblem, isMapped: map !== null }
}

// Where functions start and frames are, and where the words of names stand, 1-based.
function linesAskedFor(
  { functions, frames }: Pick<ScriptUse, 'functions' | 'frames'>,
  names: ReadonlyMap<number, NamedFunction> | null | undefined,
  lines: TextLines | null,
): Set<number> {
  const asked = new Set([1])
  for (const { line } of functions.values()) asked.add(line)
  for (const { line } of frames.values()) asked.add(line)
  for (const { parts } of names?.values() ?? [])
    for (const { offset } of parts) if (lines !== null && offset >= 0) asked.add(lines.placeOf(offset).line)
  return asked
}

function draftOf(
  fn: ProfileFunction,
  named: NamedFunction | undefined,
  { lines, map }: { lines: TextLines | null; map: ScriptMap | null },
): Draft {
  const plain = { fn, named, place: null, renamed: shownName(named, fn.name), mapName: '' }
  if (map === null || fn.line === 0) return plain
  const tokenName = (offset: number): string => {
    if (offset < 0 || lines === null) return ''
    const { line, column } = lines.placeOf(offset)
    return map.nameOf(line, column)
  }
  // Without the text: V8's name, as a rule, stands right before the parenthesis.
  const mapName =
    named === undefined
      ? isNoName(fn.name) || fn.name === TOP_LEVEL
        ? ''
        : map.nameOf(fn.line, fn.column - fn.name.length)
      : tokenName(named.parts.at(-1)?.offset ?? -1)
  const renamed =
    named === undefined ? mapName || fn.name : nameText(named, (part) => tokenName(part.offset) || part.text)
  return { ...plain, place: map.placeOf(fn.line, fn.column), renamed: renamed || plain.renamed, mapName }
}

function resolveWithoutMap(drafts: ReadonlyMap<number, Draft>): Map<number, ProfileFunction> {
  return new Map(Array.from(drafts, ([id, { fn, renamed }]) => [id, { ...fn, name: renamed }]))
}

function resolveWithMap(drafts: ReadonlyMap<number, Draft>, map: ScriptMap): Map<number, ProfileFunction> {
  const resolved = new Map<number, ProfileFunction>()
  const bySource = new Map<number, Map<number, Draft>>()
  for (const [id, draft] of drafts) {
    const { fn, place, renamed } = draft
    if (fn.name === TOP_LEVEL) {
      // Of a bundle, this is the code of all its modules: its frames say which.
      resolved.set(id, map.onlySource === null ? fn : { ...fn, url: map.onlySource })
    } else if (place === null) {
      resolved.set(id, { ...fn, name: renamed })
    } else {
      const group = bySource.get(place.sourceId) ?? new Map<number, Draft>()
      bySource.set(place.sourceId, group.set(id, draft))
    }
  }
  for (const [sourceId, group] of bySource) {
    const originals = originalNames(group, map.textOf(sourceId))
    for (const [id, draft] of group) {
      const { url, line, column } = draft.place as SourcePlace
      resolved.set(id, { ...draft.fn, name: originalName(draft, originals.get(id)), url, line, column })
    }
  }
  return resolved
}

// What the text of a source calls the functions that come from it.
function originalNames(group: ReadonlyMap<number, Draft>, text: string | null): Map<number, NamedFunction> {
  const names = new Map<number, NamedFunction>()
  if (text === null) return names
  const lines = new TextLines(text.replace(/^\ufeff/, ''))
  const offsets = new Map<number, number>()
  const expected = new Map<number, string>()
  for (const [id, { fn, named, place, mapName }] of group) {
    const offset = place === null ? -1 : lines.offsetOf(place.line, place.column)
    if (offset < 0 || named?.initializer !== undefined || fn.name.startsWith('<')) continue
    const start = startOfFunction(lines.text, offset)
    offsets.set(id, start)
    expected.set(start, mapName || (isNoName(fn.name) ? '' : fn.name))
  }
  const { functions } = namesInText(lines.text, expected)
  for (const [id, offset] of offsets) {
    const named = functions.get(offset)
    if (named !== undefined) names.set(id, named)
  }
  return names
}

function originalName({ mapName, renamed }: Draft, original: NamedFunction | undefined): string {
  const text = original === undefined ? '' : nameText(original)
  if (original === undefined || text === '') return renamed
  const bare = bareName(original)
  if (mapName !== '' && bare !== mapName && bare !== `get ${mapName}` && bare !== `set ${mapName}`)
    return renamed
  // The generated code may say more: a scan of TypeScript sees the method, and not always its class.
  return original.parts.length === 1 && renamed.endsWith(`.${text}`) ? renamed : text
}

function frameSource(
  frame: Frame,
  fn: ProfileFunction,
  { draft, map }: { draft: Draft | undefined; map: ScriptMap | null },
): FrameSource {
  const same = { function: fn, line: frame.line, column: frame.column }
  if (map === null || draft === undefined) return same
  const isTopLevel = draft.fn.name === TOP_LEVEL
  if (draft.place === null && !isTopLevel) return same
  if (frame.line === 0) return same
  const place = map.placeOf(frame.line, Math.max(1, frame.column))
  if (place === null)
    return isTopLevel && map.onlySource === null ? same : { function: fn, line: 0, column: 0 }
  const at = { line: place.line, column: frame.column === 0 ? 0 : place.column }
  if (isTopLevel && map.onlySource === null)
    return { function: { ...fn, url: place.url, line: 1, column: 1 }, ...at }
  // A bundler may have inlined code of another file, where the function has no line.
  return place.url === fn.url ? { function: fn, ...at } : { function: fn, line: 0, column: 0 }
}
