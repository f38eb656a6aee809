// source-map.ts — positions and names of a script → those of its sources. A decoded map is large: hold one at a time.
// Neighbours: find-map.ts (where the text comes from), resolve-script.ts (who asks).

import type { FlattenMap as FlattenMapConstructor, TraceMap } from '@jridgewell/trace-mapping'
import * as fs from 'node:fs'
import type { MapText } from './find-map.js'
import { traceMapping } from './libraries.js'
import { mappedLines } from './mapped-lines.js'
import { pathOfUrl, readText } from './script-text.js'

/** A place in a source. */
export interface SourcePlace {
  readonly sourceId: number
  /** A path where the script's URL is one; else a URL. */
  readonly url: string
  /** 1-based. */
  readonly line: number
  /** 1-based, in UTF-16 units. */
  readonly column: number
}

/** One map. Lines and columns that are asked for are 1-based. */
export class ScriptMap {
  readonly #map: TraceMap
  readonly #urls: readonly string[]

  readonly #writtenMillis: number

  /**
   * `asPaths`: files are paths, not `file://` URLs. Only `lines`, 1-based, can be asked for. Throws an Error that says what is wrong with the map.
   */
  constructor(
    { json, baseUrl, writtenMillis }: MapText,
    { asPaths, lines }: { asPaths: boolean; lines: ReadonlySet<number> },
  ) {
    this.#writtenMillis = writtenMillis
    // Some servers put this before JSON, so that no page takes it for a script.
    const map: unknown = JSON.parse(json.replace(/^\)\]\}'[^\n]*\n/, ''))
    if (!isMap(map)) throw new Error('it is no source map of version 3')
    // Maps with sections are rare, and decoded as a whole.
    const input = 'mappings' in map ? { ...map, mappings: mappedLines(map.mappings, lines) } : map
    this.#map = new (traceMapping().FlattenMap)(
      input as ConstructorParameters<typeof FlattenMapConstructor>[0],
      baseUrl,
    )
    const { sources, resolvedSources } = this.#map
    this.#urls = resolvedSources.map((url, id) =>
      typeof sources[id] === 'string' && sources[id] !== '' ? readable(url, asPaths) : '',
    )
    traceMapping().traceSegment(this.#map, 0, 0) // decodes, or throws
  }

  /** The source, if there is only one; null for a bundle. */
  get onlySource(): string | null {
    return this.#urls.length === 1 ? (this.#urls[0] ?? null) : null
  }

  /** Where the code at this place, or the nearest before it in the line, comes from; null for code that no source has. */
  placeOf(line: number, column: number): SourcePlace | null {
    const segment = traceMapping().traceSegment(this.#map, line - 1, column - 1)
    if (segment === null || segment.length === 1) return null
    const [, sourceId, sourceLine, sourceColumn] = segment
    const url = this.#urls[sourceId]
    if (url === undefined || url === '' || sourceLine < 0) return null
    return { sourceId, url, line: sourceLine + 1, column: sourceColumn + 1 }
  }

  /** What the token that begins exactly here was called; '' where the map does not say. */
  nameOf(line: number, column: number): string {
    const segment = traceMapping().traceSegment(this.#map, line - 1, column - 1)
    if (segment?.length !== 5 || segment[0] !== column - 1) return ''
    return this.#map.names[segment[4]] ?? ''
  }

  /** The text of a source: from the map, else from its file, unless that is newer than the map; null if neither. */
  textOf(sourceId: number): string | null {
    const content = this.#map.sourcesContent?.[sourceId]
    if (typeof content === 'string') return content
    const path = pathOfUrl(this.#urls[sourceId] ?? '')
    if (path === null) return null
    const modified = fs.statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Infinity
    return modified > this.#writtenMillis ? null : readText(path)
  }
}

function isMap(
  map: unknown,
): map is { readonly mappings: string } | { readonly sections: readonly unknown[] } {
  if (typeof map !== 'object' || map === null || !('version' in map) || Number(map.version) !== 3)
    return false
  if ('sections' in map) return Array.isArray(map.sections)
  if (!('sources' in map) || !Array.isArray(map.sources)) return false
  return 'mappings' in map && typeof map.mappings === 'string' && /^[A-Za-z0-9+/,;]*$/.test(map.mappings)
}

function readable(url: string, asPath: boolean): string {
  if (!asPath || !url.startsWith('file://')) return url
  const path = url.slice('file://'.length)
  try {
    return decodeURIComponent(path) // as a whole: in names of sources `?` and `#` mostly mean themselves
  } catch {
    return path
  }
}
