// json.ts — profiles that are JSON: which of them this is. An HTML file of ours has one in it. Pure.
// Neighbours: cpuprofile.ts, speedscope.ts.

import type { Profile } from '../profile.js'
import { readCpuProfile } from './cpuprofile.js'
import { tooLarge, unreadable } from './input-errors.js'
import { isObject } from './json-values.js'
import { readSpeedscope } from './speedscope.js'

const EMBEDDED = /<script id="profile" type="application\/json">(.*?)<\/script>/s

/** Throws ERR_NATIVEPROF_INPUT for JSON that is cut off, or no profile. */
export function readJson(bytes: Uint8Array): Profile {
  let text: string
  try {
    text = new TextDecoder().decode(bytes)
  } catch (cause) {
    throw tooLarge(
      'the file is JSON of more than 512 MiB, which is more than JavaScript takes at once',
      cause,
    )
  }
  if (text.trimStart().startsWith('<')) return readHtml(text)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw unreadable(`the file is cut off or damaged: ${(cause as Error).message}`, cause)
  }
  return readValue(value)
}

function readHtml(text: string): Profile {
  const [, json] = EMBEDDED.exec(text) ?? []
  if (json === undefined || !text.includes('<meta name="generator" content="nativeprof">'))
    throw unreadable('this is HTML, but not a flame graph of nativeprof')
  return readValue(JSON.parse(json))
}

function readValue(value: unknown): Profile {
  if (isObject(value)) {
    if (Array.isArray(value['profiles']) && isObject(value['shared'])) return readSpeedscope(value)
    if (Array.isArray(value['nodes']) || isObject(value['head'])) {
      if (isObject(value['head']) && !('samples' in value) && !('startTime' in value))
        throw unreadable('this is a heap profile, which is about memory, not about time')
      return readCpuProfile(value)
    }
  }
  const isTrace = Array.isArray(value) || (isObject(value) && 'traceEvents' in value)
  throw unreadable(
    isTrace
      ? 'this is JSON, perhaps a trace of Chrome, but no profile; save a .cpuprofile there'
      : 'this is JSON, but neither a .cpuprofile nor a file of speedscope',
  )
}
