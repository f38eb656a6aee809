// index.ts — every format by name and by file ending. The writers are in the files beside it. Pure.

import { NativeprofError } from '../errors.js'
import type { Content } from '../output-file.js'
import type { Profile } from '../profile.js'
import type { SourceOptions } from '../sources/resolve.js'
import type { ThreadsName } from '../threads.js'
import type { GranularityName, ViewName } from '../view.js'
import { collapsedParts, toCollapsed } from './collapsed.js'
import { cpuProfileParts, toCpuProfile } from './cpuprofile.js'
import { htmlParts, toHtml } from './html.js'
import { toMarkdown } from './markdown.js'
import { toPprof } from './pprof.js'
import { speedscopeParts, toSpeedscope } from './speedscope.js'
import { toTable } from './table.js'

/** What a user types to name a format. */
export type FormatName = 'collapsed' | 'cpuprofile' | 'html' | 'markdown' | 'pprof' | 'speedscope' | 'table'

/** What may be asked of every format. */
export interface WriteOptions extends SourceOptions {
  readonly view?: ViewName
  readonly granularity?: GranularityName | undefined
  readonly threads?: ThreadsName
}

/** A way to write a profile down. */
export interface Format {
  readonly name: FormatName
  /** File endings that mean this format, with the dot, the usual one first. */
  readonly endings: readonly string[]
  /**
   * The content of the file, text or bytes; but for what every format knows, with the default choices of the format.
   */
  readonly write: (profile: Profile, options?: WriteOptions) => string | Uint8Array
  /** The same text in parts, for files that are larger than a text may be, or than there is memory. */
  readonly writeParts?: (profile: Profile, options?: WriteOptions) => Iterable<string>
}

/** What goes into a file, in parts if it can be. */
export function contentOf(format: Format, profile: Profile, options: WriteOptions = {}): Content {
  return format.writeParts?.(profile, options) ?? format.write(profile, options)
}

/** What a profile is written as where nobody names a format: it opens with a double click. */
export const DEFAULT_FORMAT: Format = {
  name: 'html',
  endings: ['.html'],
  write: toHtml,
  writeParts: htmlParts,
}

/** All of them. */
export const FORMATS: readonly Format[] = [
  DEFAULT_FORMAT,
  {
    name: 'collapsed',
    endings: ['.collapsed', '.folded', '.txt'],
    write: toCollapsed,
    writeParts: collapsedParts,
  },
  { name: 'pprof', endings: ['.pb.gz', '.pprof'], write: toPprof },
  { name: 'cpuprofile', endings: ['.cpuprofile'], write: toCpuProfile, writeParts: cpuProfileParts },
  { name: 'speedscope', endings: ['.speedscope.json'], write: toSpeedscope, writeParts: speedscopeParts },
  { name: 'markdown', endings: ['.md'], write: toMarkdown },
  { name: 'table', endings: [], write: toTable },
]

/** Throws `ERR_NATIVEPROF_UNKNOWN_FORMAT` for a name that is not in {@link FORMATS}. */
export function formatNamed(name: string): Format {
  const format = FORMATS.find((each) => each.name === name)
  if (format) return format
  const names = FORMATS.map((each) => each.name).join(', ')
  throw new NativeprofError(
    'ERR_NATIVEPROF_UNKNOWN_FORMAT',
    `no format is called "${name}"; there are ${names}`,
  )
}

/** The format that the ending of a file name stands for. Throws `ERR_NATIVEPROF_UNKNOWN_FORMAT` if none does. */
export function formatOfFile(file: string): Format {
  const format = FORMATS.find(({ endings }) => endings.some((ending) => file.toLowerCase().endsWith(ending)))
  if (format) return format
  const endings = FORMATS.flatMap((each) => each.endings).join(', ')
  const message = `the ending of "${file}" stands for no format; name the format, or use one of ${endings}`
  throw new NativeprofError('ERR_NATIVEPROF_UNKNOWN_FORMAT', message)
}
