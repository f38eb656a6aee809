// directory.ts — a sink: a file for each window, in a folder that does not grow beyond a limit.

import { inspect } from 'node:util'
import { NativeprofError } from '../errors.js'
import { formatNamed } from '../formats/index.js'
import type { FormatName } from '../formats/index.js'
import { ProfileFolder } from './profile-folder.js'
import type { FolderLimits } from './profile-folder.js'
import { parcelOf } from './sink.js'
import type { Outcome, Parcel, Sink } from './sink.js'

/** Choices for {@link directory}. */
export interface DirectoryOptions extends FolderLimits {
  /** The folder; created if it is not there. */
  readonly path: string
  /** How each file is written. Default `pprof`. */
  readonly format?: FormatName
}

/**
 * A sink for `startContinuous()`. Throws ERR_NATIVEPROF_INVALID_ARGUMENT and ERR_NATIVEPROF_UNKNOWN_FORMAT for bad options,
 * ERR_NATIVEPROF_OUTPUT for a folder that cannot be written to.
 */
export function directory(options: DirectoryOptions): Sink {
  const { path, format: name = 'pprof', ...limits } = options
  if (typeof path !== 'string' || path === '') {
    throw new NativeprofError(
      'ERR_NATIVEPROF_INVALID_ARGUMENT',
      `directory(): path must be a folder, not ${inspect(path)}`,
    )
  }
  const format = formatNamed(name)
  const folder = new ProfileFolder(path, format.endings[0] ?? '.txt', limits)
  const put = ({ content, fromMillis }: Parcel): Outcome => {
    try {
      folder.add(content, fromMillis)
      return { kind: 'delivered' }
    } catch (error) {
      return { kind: 'refused', reason: error instanceof Error ? error.message : String(error) }
    }
  }
  return {
    name: `directory ${folder.path}`,
    maxBytes: Infinity,
    retryMillis: 1000,
    pack: (window) =>
      parcelOf(window, format.name === 'pprof' ? window.pprof() : format.write(window.profile)),
    deliver: (parcel) => Promise.resolve(put(parcel)),
    deliverAtExit: (parcels) => parcels.map(put),
  }
}
