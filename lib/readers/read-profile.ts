// read-profile.ts — the bytes of a file → Profile, whatever of the formats it is in; its name plays no part. Pure.
// Neighbours: one reader for each format. What cannot be read is refused, with what is wrong; nothing is guessed.

import { constants, gunzipSync } from 'node:zlib'
import { NativeprofError } from '../errors.js'
import type { Profile } from '../profile.js'
import { readCollapsed } from './collapsed.js'
import { tooLarge, unreadable } from './input-errors.js'
import { readJson } from './json.js'
import { readPprof } from './pprof.js'

/** Choices for {@link readProfile}. */
export interface ReadOptions {
  /** What the program is called if the file does not say; usually the name of the file. */
  readonly name?: string
}

/** Where a gzipped file may be a bomb. */
const MOST_UNZIPPED_BYTES = 2 ** 31 - 1
/** As much of a file as it takes to tell text from binary. */
const HEAD_BYTES = 4096
/** As much of a gzipped one as that is in, if it is in it at all. Of a bomb this is a megabyte. */
const HEAD_BYTES_ZIPPED = 1024

const OTHER_FORMATS: readonly (readonly [string, string])[] = [
  ['PERFILE2', 'data of perf record; make stacks of it: perf script | stackcollapse-perf.pl'],
  ['FLR\0', 'a recording of the Java flight recorder'],
  ['v8-version,', 'a log of node --prof; node --prof-process reads it'],
  ['code-creation,', 'a log of node --prof; node --prof-process reads it'],
  ['# callgrind', 'a file of callgrind'],
  ['version: 1\ncreator:', 'a file of callgrind'],
  ['PK\x03\x04', 'a zip archive'],
  ['\x7fELF', 'a program'],
  ['%PDF', 'a PDF document'],
  ['\x89PNG', 'a picture'],
]

/**
 * The profile in a file: pprof (gzipped or not), collapsed stacks, .cpuprofile, speedscope's JSON, or an HTML file of ours;
 * each of them gzipped, too. Told apart by content. Files of other tools know less than ours: {@link Profile} says how what is
 * not known is written. Takes about as long as it takes to look at every byte a few times, synchronously. Throws
 * ERR_NATIVEPROF_INPUT for what is empty, cut off, or of another format, and ERR_NATIVEPROF_INPUT_TOO_LARGE.
 */
export function readProfile(bytes: Uint8Array, options: ReadOptions = {}): Profile {
  if (bytes.length === 0) throw unreadable('the file is empty')
  const profile = readPlain(isGzip(bytes) ? unzipped(bytes) : bytes)
  const { name } = options
  if (name === undefined || profile.process.command.length > 0) return profile
  return { ...profile, process: { ...profile.process, command: [name] } }
}

function readPlain(bytes: Uint8Array): Profile {
  if (isGzip(bytes)) throw unreadable('the file is gzipped twice')
  if (bytes.length === 0) throw unreadable('the file is empty, but for its gzip header')
  const head = headOf(bytes)
  if (isBinary(head)) return readPprof(bytes)
  const first = head.replace(/^\xef\xbb\xbf/, '').trimStart()[0]
  if (first === '{' || first === '[' || first === '<') return readJson(bytes)
  return readCollapsed(bytes)
}

/** The first bytes, as characters. Throws where they are those of a file of another kind. */
function headOf(bytes: Uint8Array): string {
  const head = Buffer.from(bytes.subarray(0, HEAD_BYTES)).toString('latin1')
  for (const [start, what] of OTHER_FORMATS) if (head.startsWith(start)) throw unreadable(`this is ${what}`)
  if (head.startsWith('\0')) throw unreadable('this is no pprof profile: it begins with zeros')
  return head
}

function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b
}

function unzipped(bytes: Uint8Array): Uint8Array {
  try {
    // What is no profile need not be unzipped first: it may be large.
    const flush = { finishFlush: constants.Z_SYNC_FLUSH }
    headOf(gunzipSync(bytes.subarray(0, HEAD_BYTES_ZIPPED), flush))
    return gunzipSync(bytes, { maxOutputLength: MOST_UNZIPPED_BYTES })
  } catch (cause) {
    if (cause instanceof NativeprofError) throw cause
    const { code, message } = cause as NodeJS.ErrnoException
    if (code === 'ERR_BUFFER_TOO_LARGE')
      throw tooLarge('the file is more than 2 GiB when it is unzipped', cause)
    if (code === 'Z_BUF_ERROR') throw unreadable('the file is cut off: its gzip data ends too early', cause)
    throw unreadable(`the file is damaged: ${message}`, cause)
  }
}

// Characters that no text has, of which the lengths and tags of pprof are full.
function isBinary(head: string): boolean {
  return /[\0-\x08\x0e-\x1a\x1c-\x1f]/.test(head)
}
