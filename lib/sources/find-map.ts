// find-map.ts — where the source map of a script is: as V8 was told, else in a comment at the end of the text, else beside
// the file. Reads files; asks no network. Format: ECMA-426, "Linking generated code to source maps".

import * as fs from 'node:fs'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { Script } from '../profile.js'
import { pathOfUrl } from './script-text.js'

/** A larger map is not read, bytes. Where one line has all the code, a map takes over 10 times its size when decoded. */
export const MAX_MAP_BYTES: number = 64 * 1024 * 1024

/** The text of a map. */
export interface MapText {
  readonly json: string
  /** What its sources are relative to. */
  readonly baseUrl: string
  /** When it was written, milliseconds since 1970. */
  readonly writtenMillis: number
  readonly problem: null
}

/** A map, or why there is none. */
export type MapResult = MapText | { readonly problem: string }

/** Null if nothing says that the script has a map. `text` is the script's, null where not known. */
export function findMap(
  { url, sourceMapUrl }: Pick<Script, 'url' | 'sourceMapUrl'>,
  text: string | null,
): MapResult | null {
  const path = pathOfUrl(url)
  const baseUrl = path === null ? url : pathToFileURL(path).href
  const named = sourceMapUrl || (text === null ? '' : mapComment(text))
  if (named.startsWith('data:')) {
    const stats = path === null ? undefined : fs.statSync(path, { throwIfNoEntry: false })
    return inlineMap(named, { baseUrl, writtenMillis: stats?.mtimeMs ?? 0 })
  }
  if (named !== '') {
    const result = fileMap(named, baseUrl)
    // Packages are often published with the comment and without the map; nobody who installs them can help that.
    const isUsual = result.problem?.includes('(ENOENT)') === true && baseUrl.includes('/node_modules/')
    return isUsual ? null : result
  }
  return path !== null && fs.existsSync(`${path}.map`) ? readMap(`${path}.map`) : null
}

/** What the last comment of a text says of its map; '' if nothing. It counts only where no code follows it. */
export function mapComment(text: string): string {
  const at = text.lastIndexOf('sourceMappingURL=')
  if (at < 0) return ''
  const lead = /\/[/*][#@][ \t]*$/.exec(text.slice(Math.max(0, at - 20), at))
  const rest = /^([^\s'"]+?)(?:[ \t]*\*\/)?[ \t]*(?=\r?\n|$)/.exec(
    text.slice(at + 'sourceMappingURL='.length),
  )
  if (lead === null || rest === null) return ''
  const after = text.slice(at + 'sourceMappingURL='.length + rest[0].length)
  return /^(?:\s|\/\/[^\n]*|\/\*[^]*?\*\/)*$/.test(after) ? (rest[1] ?? '') : ''
}

type Place = Pick<MapText, 'baseUrl' | 'writtenMillis'>

function inlineMap(dataUrl: string, { baseUrl, writtenMillis }: Place): MapResult {
  const comma = dataUrl.indexOf(',')
  if (comma < 0) return { problem: 'its data: URL has no data' }
  if (dataUrl.length > MAX_MAP_BYTES * 1.5) return { problem: tooLarge(dataUrl.length) }
  const data = dataUrl.slice(comma + 1)
  if (/;base64$/i.test(dataUrl.slice(0, comma)))
    return { json: Buffer.from(data, 'base64').toString('utf8'), baseUrl, writtenMillis, problem: null }
  try {
    return { json: decodeURIComponent(data), baseUrl, writtenMillis, problem: null }
  } catch {
    return { problem: 'its data: URL has escapes that are none' }
  }
}

function fileMap(named: string, baseUrl: string): MapResult {
  let url: URL
  try {
    url = named.startsWith('/') ? pathToFileURL(named) : new URL(named, baseUrl)
    if (url.protocol !== 'file:') return { problem: `${url.href} is no file` }
    return readMap(fileURLToPath(url))
  } catch {
    return { problem: `"${named.slice(0, 200)}" is no place of a file` }
  }
}

function readMap(path: string): MapResult {
  try {
    const { size, mtimeMs: writtenMillis } = fs.statSync(path)
    if (size > MAX_MAP_BYTES) return { problem: tooLarge(size) }
    return {
      json: fs.readFileSync(path, 'utf8'),
      baseUrl: pathToFileURL(path).href,
      writtenMillis,
      problem: null,
    }
  } catch (error) {
    return { problem: `cannot read ${path} (${(error as NodeJS.ErrnoException).code ?? String(error)})` }
  }
}

function tooLarge(bytes: number): string {
  const megabytes = (count: number): string => (count / 1024 / 1024).toFixed(0)
  return `it has ${megabytes(bytes)} MiB; at most ${megabytes(MAX_MAP_BYTES)} are read`
}
