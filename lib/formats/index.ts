// index.ts — every format by name and by file ending. The writers are in the files beside it. Pure.

import { NativeprofError } from '../errors.js'
import type { Profile } from '../profile.js'
import type { SourceOptions } from '../sources/resolve.js'
import type { ThreadsName } from '../threads.js'
import type { GranularityName, ViewName } from '../view.js'
import { toCollapsed } from './collapsed.js'
import { toCpuProfile } from './cpuprofile.js'
import { toHtml } from './html.js'
import { toMarkdown } from './markdown.js'
import { toPprof } from './pprof.js'
import { toSpeedscope } from './speedscope.js'
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
}

/** What a profile is written as where nobody names a format: it opens with a double click. */
export const DEFAULT_FORMAT: Format = { name: 'html', endings: ['.html'], write: toHtml }

/** All of them. */
export const FORMATS: readonly Format[] = [
  DEFAULT_FORMAT,
  { name: 'collapsed', endings: ['.collapsed', '.folded', '.txt'], write: toCollapsed },
  { name: 'pprof', endings: ['.pb.gz', '.pprof'], write: toPprof },
  { name: 'cpuprofile', endings: ['.cpuprofile'], write: toCpuProfile },
  { name: 'speedscope', endings: ['.speedscope.json'], write: toSpeedscope },
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
