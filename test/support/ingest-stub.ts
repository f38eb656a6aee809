// ingest-stub.ts — what Pyroscope's /ingest accepts, as far as a client can tell, and the ways in which a server can fail.
// The rules are those of its HTTP API and of pkg/og in grafana/pyroscope: names, times, and a gzipped pprof as the body.

import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { gunzipSync } from 'node:zlib'
import { Profile } from 'pprof-format'

/** How an attempt is met. `gone`: nobody listens for a while, from then on. */
export type Fate = 'accept' | '429' | '500' | 'hang' | 'slow' | 'reset' | 'gone' | '400'

export interface Ingested {
  readonly name: string
  readonly fromNanos: bigint
  readonly untilNanos: bigint
  readonly ticks: number
  readonly functions: readonly string[]
  readonly authorization: string | undefined
  readonly tenant: string | undefined
}

export class IngestStub {
  /** Acknowledged, in order. */
  readonly accepted: Ingested[] = []
  /** What a client did against the rules. */
  readonly complaints: string[] = []
  readonly met: Fate[] = []
  readonly #fates: Fate[]
  readonly #server: Server
  #port = 0

  /** The first attempts meet these fates; all others are accepted. */
  constructor(fates: readonly Fate[] = []) {
    this.#fates = [...fates]
    this.#server = createServer((request, response) => {
      void this.#serve(request, response)
    })
  }

  async listen(): Promise<string> {
    await new Promise<void>((done) => this.#server.listen(this.#port, '127.0.0.1', done))
    this.#port = (this.#server.address() as AddressInfo).port
    return `http://127.0.0.1:${this.#port}`
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((done) => this.#server.close(done))
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let ingested: Ingested
    try {
      ingested = ingestedOf(request, await buffer(request))
    } catch (error) {
      this.complaints.push(String(error))
      response.writeHead(422).end(String(error))
      return
    }
    const fate = this.#fates.shift() ?? 'accept'
    this.met.push(fate)
    const accept = (): void => {
      // A client that has gone does not count it as delivered, and a server that could not answer has not promised anything.
      if (!response.destroyed) this.accepted.push(ingested)
      response.writeHead(200).end()
    }
    switch (fate) {
      case 'accept':
        accept()
        break
      case 'slow':
        setTimeout(accept, 200)
        break
      case '400':
        response.writeHead(400).end('no')
        break
      case '429':
        response.writeHead(429, { 'Retry-After': '0' }).end('slow down')
        break
      case '500':
        response.writeHead(500).end('oops')
        break
      case 'reset':
        request.socket.resetAndDestroy()
        break
      case 'gone':
        response.writeHead(503).end()
        await this.close()
        setTimeout(() => void this.listen(), 300)
        break
      case 'hang':
        break
    }
  }
}

const LABELS = /^[A-Za-z_]\w*=[^{},="]+(,[A-Za-z_]\w*=[^{},="]+)*$/

function ingestedOf(request: IncomingMessage, body: Buffer): Ingested {
  const url = new URL(request.url ?? '', 'http://stub')
  const query = (name: string): string => url.searchParams.get(name) ?? ''
  require(request.method === 'POST' && url.pathname === '/ingest', `${request.method} ${url.pathname}`)
  require(query('format') === 'pprof', `format ${query('format')}`)
  require(query('spyName') === 'nodespy', `spyName ${query('spyName')}`)
  const [, labels] = /^[\w./-]+\{(.*)\}$/.exec(query('name')) ?? []
  require(labels !== undefined && (labels === '' || LABELS.test(labels)), `name ${query('name')}`)
  require(/^\d{19}$/.test(query('from')) && /^\d{19}$/.test(query('until')), 'times of 19 digits')
  const fromNanos = BigInt(query('from'))
  const untilNanos = BigInt(query('until'))
  require(fromNanos < untilNanos, 'from before until')
  const millis = Number(untilNanos / 1_000_000n)
  require(Math.abs(millis - Date.now()) < 3_600_000, 'a time of today')
  require(body.length < 4 * 2 ** 20, 'less than 4 MiB')
  require(request.headers['content-encoding'] === undefined, 'the gzip is the format, not an encoding')
  const profile = Profile.decode(gunzipSync(body))
  const text = (at: number | bigint): string => profile.stringTable.strings[Number(at)] ?? ''
  const types = profile.sampleType.map(({ type, unit }) => `${text(type)}/${text(unit)}`)
  require(types.join() === 'samples/count,cpu/nanoseconds', `sample types ${types.join()}`)
  require(profile.sample.length > 0, 'a sample')
  return {
    name: query('name'),
    fromNanos,
    untilNanos,
    ticks: profile.sample.reduce((sum, { value }) => sum + Number(value[0]), 0),
    functions: profile.function.map(({ name }) => text(name)),
    authorization: request.headers.authorization,
    tenant: request.headers['x-scope-orgid'] as string | undefined,
  }
}

function require(condition: boolean, rule: string): void {
  if (!condition) throw new Error(`against the rules: ${rule}`)
}
