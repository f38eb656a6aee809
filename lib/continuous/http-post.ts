// http-post.ts — one POST, and whether it may be repeated. By node:http, with a connection of its own that keeps no process
// alive: a fetch in flight would.

import type { IncomingMessage } from 'node:http'
import type { Outcome } from './sink.js'

export interface Post {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
  /** How long it may take in all. */
  readonly timeoutMillis: number
}

/** How much of an error's text is of interest. */
const MAX_TEXT_BYTES = 512

const MAX_WAIT_MILLIS = 60_000

// Not imported: an import takes in all that the module exports, and with `http.WebSocket` node's fetch, which does not start
// without WebAssembly (--jitless), and which nobody has asked for.
function httpFor(url: string): Pick<typeof import('node:http'), 'request'> {
  return process.getBuiltinModule(url.startsWith('https:') ? 'node:https' : 'node:http')
}

/** Never rejects. */
export async function post({ url, headers, body, timeoutMillis }: Post): Promise<Outcome> {
  return new Promise((done) => {
    const { request } = httpFor(url)
    let isConnected = false
    const finish = (outcome: Outcome): void => {
      clearTimeout(timer)
      sending.destroy()
      done(outcome)
    }
    const fail = (reason: string): void => {
      // Before there is a connection, nothing has arrived anywhere.
      finish(isConnected ? { kind: 'unknown', reason } : { kind: 'later', reason, afterMillis: 0 })
    }
    const sending = request(url, {
      method: 'POST',
      agent: false,
      headers: { ...headers, 'Content-Length': body.byteLength, Connection: 'close' },
    })
    const timer = setTimeout(() => {
      fail(`no answer in ${timeoutMillis} ms`)
    }, timeoutMillis).unref()
    sending.once('socket', (socket) => {
      socket.unref()
      socket.once(url.startsWith('https:') ? 'secureConnect' : 'connect', () => {
        isConnected = true
      })
    })
    sending.on('error', (error) => {
      fail(messageOf(error))
    })
    sending.once('response', (response) => {
      // The status decides; the rest is only text for people.
      let text = ''
      const settle = (): void => {
        finish(outcomeOf(response, text.trim()))
      }
      response.setEncoding('utf8')
      response.on('data', (part: string) => {
        if (text.length < MAX_TEXT_BYTES) text += part.slice(0, MAX_TEXT_BYTES - text.length)
      })
      response.once('end', settle)
      response.once('error', settle)
    })
    sending.end(body)
  })
}

function outcomeOf({ statusCode = 0, headers }: IncomingMessage, text: string): Outcome {
  if (statusCode >= 200 && statusCode < 300) return { kind: 'delivered' }
  const reason = `HTTP ${statusCode}${text === '' ? '' : `: ${text}`}`
  if (statusCode === 429 || statusCode >= 500)
    return { kind: 'later', reason, afterMillis: afterMillisOf(headers['retry-after']) }
  return { kind: 'refused', reason }
}

/** Seconds, or a date. */
function afterMillisOf(header: string | undefined): number {
  if (header === undefined) return 0
  const millis = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now()
  return Number.isFinite(millis) ? Math.min(Math.max(0, millis), MAX_WAIT_MILLIS) : 0
}

// Where a name has several addresses, node gives an error without a message, and all of theirs with it.
function messageOf(error: Error): string {
  if (error.message !== '') return error.message
  return error instanceof AggregateError ? error.errors.map(String).join(', ') : error.name
}
