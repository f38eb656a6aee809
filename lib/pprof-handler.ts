// pprof-handler.ts — pulls: `GET /debug/pprof/profile?seconds=N` as Go's net/http/pprof answers it, for `go tool pprof`,
// Grafana Alloy, Parca, and whoever has curl. A function of a request and a response: it listens nowhere by itself, so that
// who may reach it is decided by the server that it is put into.
//
// One recording is always on behind it, and a request is a window of it: any number of requests may
// overlap, and each sees all of its window. Go's own texts are those of net/http/pprof/pprof.go.

import { inspect } from 'node:util'
import { NativeprofError } from './errors.js'
import { toPprof } from './formats/pprof.js'
import type { SamplerOptions } from './options.js'
import { pprofIndex } from './pprof-index.js'
import { WindowSource } from './windows.js'
import type { Windows } from './windows.js'

/** Choices for {@link pprofHandler}. */
export interface PprofHandlerOptions extends SamplerOptions {
  /** How many requests may wait for their profile at once, 1 to 1000; more are refused with 503. Default 16. */
  readonly maxConcurrent?: number
  /** The longest profile that may be asked for, in seconds, 1 to 86,400. Default 600. */
  readonly maxSeconds?: number
}

/** What is asked of a request: node's IncomingMessage, written out so that the types need none of node's. */
export interface PprofRequest {
  readonly method?: string | undefined
  readonly url?: string | undefined
}

/** What is done with a response: node's ServerResponse. */
export interface PprofResponse {
  statusCode: number
  readonly headersSent: boolean
  readonly destroyed: boolean
  setHeader(name: string, value: number | string): unknown
  removeHeader(name: string): unknown
  end(body?: string | Uint8Array): unknown
  on(event: 'close', listener: () => void): unknown
  off(event: 'close', listener: () => void): unknown
}

/** Answers one request; never throws, and returns when the answer has begun or is waited for. */
export interface PprofHandler {
  (request: PprofRequest, response: PprofResponse): void
  /** Ends the recording, unless others hold it; requests that come later, or still wait, get 503. */
  close(): void
}

/** Go's default. */
const DEFAULT_SECONDS = 30

/**
 * A request listener that serves `/debug/pprof/` and `/debug/pprof/profile?seconds=N`. It takes what stands behind
 * `/debug/pprof`, or the whole path if that is not in it, so that it may be mounted anywhere. The recording begins at once;
 * one that runs is shared, whatever its settings, unless there are options for a sampler among `options`.
 * Throws ERR_NATIVEPROF_INVALID_ARGUMENT for bad options, and whatever `startSampler()` throws.
 */
export function pprofHandler(options: PprofHandlerOptions = {}): PprofHandler {
  const { maxConcurrent, maxSeconds, ...samplerOptions } = objectOf(options)
  const limits = {
    concurrent: wholeOf('maxConcurrent', maxConcurrent, { fallback: 16, max: 1000 }),
    seconds: wholeOf('maxSeconds', maxSeconds, { fallback: 600, max: 86_400 }),
  }
  const source = new WindowSource(samplerOptions)
  const waiting = new Set<() => void>()
  let isOpen = true

  const handler = (request: PprofRequest, response: PprofResponse): void => {
    const { path, seconds, url } = partsOf(request)
    response.setHeader('X-Content-Type-Options', 'nosniff')
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('Allow', 'GET, HEAD')
      serveError(response, 405, 'Method not allowed')
    } else if (path === '') {
      serveIndex(response, url, limits.seconds)
    } else if (path !== 'profile') {
      serveError(response, 404, 'Unknown profile')
    } else if (seconds === null) {
      serveError(response, 400, 'invalid value for "seconds" - must be a positive integer')
    } else if (seconds > limits.seconds) {
      serveError(response, 400, `profile duration exceeds the server's limit of ${limits.seconds} seconds`)
    } else if (!isOpen) {
      serveError(response, 503, 'Could not enable CPU profiling: it has been closed')
    } else if (waiting.size >= limits.concurrent) {
      response.setHeader('Retry-After', String(seconds))
      serveError(
        response,
        503,
        `Could not enable CPU profiling: ${limits.concurrent} profiles are being taken already`,
      )
    } else if (request.method === 'HEAD') {
      writeHead(response)
      response.end()
    } else {
      wait(response, seconds * 1000)
    }
  }

  const wait = (response: PprofResponse, millis: number): void => {
    let windows: Windows
    try {
      windows = source.open()
    } catch (error) {
      serveError(response, 500, `Could not enable CPU profiling: ${messageOf(error)}`)
      return
    }
    const leave = (): void => {
      clearTimeout(timer)
      waiting.delete(refuse)
      response.off('close', leave)
      windows.close()
    }
    const refuse = (): void => {
      leave()
      serveError(response, 503, 'Could not enable CPU profiling: it has been closed')
    }
    // The connection keeps the process alive as long as somebody is there to answer; the timer does not.
    const timer = setTimeout(() => {
      serveProfile(response, windows)
      leave()
    }, millis).unref()
    waiting.add(refuse)
    response.on('close', leave)
  }

  return Object.assign(handler, {
    close(): void {
      if (!isOpen) return
      isOpen = false
      for (const refuse of [...waiting]) refuse()
      source.close()
    },
  })
}

function serveProfile(response: PprofResponse, windows: Windows): void {
  let body: Uint8Array
  try {
    body = toPprof(windows.next())
  } catch (error) {
    serveError(response, 500, `Could not enable CPU profiling: ${messageOf(error)}`)
    return
  }
  writeHead(response)
  response.setHeader('Content-Length', body.byteLength)
  response.end(body)
}

// The gzip is the file format, not an encoding of the transfer: there is no Content-Encoding.
function writeHead(response: PprofResponse): void {
  response.setHeader('Content-Type', 'application/octet-stream')
  response.setHeader('Content-Disposition', 'attachment; filename="profile"')
}

// As Go's serveError(): by X-Go-Pprof, `go tool pprof` knows that the text is for its user.
function serveError(response: PprofResponse, status: number, text: string): void {
  if (response.headersSent || response.destroyed) return
  response.statusCode = status
  response.setHeader('Content-Type', 'text/plain; charset=utf-8')
  response.setHeader('X-Go-Pprof', '1')
  response.removeHeader('Content-Disposition')
  response.end(`${text}\n`)
}

function serveIndex(response: PprofResponse, url: string, maxSeconds: number): void {
  response.setHeader('Content-Type', 'text/html; charset=utf-8')
  // The links are relative, and a browser resolves them against the folder that the address is in.
  const [path = ''] = url.split('?')
  const base = path.endsWith('/') ? '' : `${path.slice(path.lastIndexOf('/') + 1)}/`
  response.end(pprofIndex(base, maxSeconds))
}

interface Parts {
  /** What is asked for: '' for the index. */
  readonly path: string
  /** Null for what is no positive whole number. */
  readonly seconds: number | null
  /** As the client sent it. */
  readonly url: string
}

const PREFIX = '/debug/pprof'

function partsOf(request: PprofRequest): Parts {
  // Express takes the part that it was mounted at off `url`, and keeps the whole here.
  const original: unknown = Reflect.get(request, 'originalUrl')
  const url = typeof original === 'string' ? original : (request.url ?? '/')
  const at = (request.url ?? '/').indexOf('?')
  const shown = at === -1 ? (request.url ?? '/') : (request.url ?? '/').slice(0, at)
  const query = new URLSearchParams(at === -1 ? '' : (request.url ?? '').slice(at))
  const found = shown.lastIndexOf(PREFIX)
  const path = (found === -1 ? shown : shown.slice(found + PREFIX.length)).replace(/^\/|\/$/g, '')
  return { path, seconds: secondsOf(query.get('seconds')), url }
}

function secondsOf(text: string | null): number | null {
  if (text === null || text === '') return DEFAULT_SECONDS
  if (!/^\+?\d{1,18}$/.test(text)) return null
  return Number(text) > 0 ? Number(text) : null
}

function objectOf(options: unknown): PprofHandlerOptions {
  if (typeof options === 'object' && options !== null) return options
  throw invalid(`pprofHandler() takes an object of options, not ${inspect(options)}`)
}

function wholeOf(name: string, value: unknown, { fallback, max }: { fallback: number; max: number }): number {
  if (value === undefined) return fallback
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= max) return value
  throw invalid(`${name} must be a whole number from 1 to ${max}, not ${inspect(value)}`)
}

function invalid(message: string): NativeprofError {
  return new NativeprofError('ERR_NATIVEPROF_INVALID_ARGUMENT', message)
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
