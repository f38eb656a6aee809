// pyroscope.ts — a sink: Grafana Pyroscope's `POST /ingest?format=pprof`, and whoever else understands that.
// The rules for names are those of the server (pkg/og/flameql of grafana/pyroscope), which refuses a whole profile for a
// label that breaks them; here that is said at once.

import { spawnSync } from 'node:child_process'
import { inspect } from 'node:util'
import { NativeprofError } from '../errors.js'
import { ownFile } from '../own-package.js'
import { post } from './http-post.js'
import type { Post } from './http-post.js'
import { outcomesFromText, postsToText } from './post-text.js'
import { parcelOf } from './sink.js'
import type { Outcome, Parcel, Sink } from './sink.js'

/** Choices for {@link pyroscope}. */
export interface PyroscopeOptions {
  /** Where the server is, `http://localhost:4040`; `/ingest` is added to its path. */
  readonly url: string
  /** What the application is called: letters, digits, `_ . / -`. */
  readonly app: string
  /** Labels of this process, such as `{ region: 'eu', pod: 'web-1' }`. */
  readonly labels?: Readonly<Record<string, string>>
  /** Goes out as `Authorization: Bearer …`. */
  readonly token?: string
  /** With `password`, goes out as `Authorization: Basic …`; Grafana Cloud wants that. */
  readonly user?: string
  readonly password?: string
  /** Goes out as `X-Scope-OrgID`, for a server with several tenants. */
  readonly tenant?: string
  /** How long the server may take for a window, milliseconds. Default 10,000. */
  readonly timeoutMillis?: number
  /** The wait before the second attempt, milliseconds; it doubles up to a minute. Default 1,000. */
  readonly retryMillis?: number
  /** Memory for windows that wait; what waits longest is dropped, and counted. Default 8 MiB. */
  readonly maxQueueBytes?: number
}

/** How long the end of a process may be held up. */
const EXIT_MILLIS = 3000

/** A sink for `startContinuous()`. Throws ERR_NATIVEPROF_INVALID_ARGUMENT for what the server would refuse. */
export function pyroscope(options: PyroscopeOptions): Sink {
  const { timeoutMillis = 10_000, retryMillis = 1000, maxQueueBytes = 8 * 2 ** 20 } = options
  requirePositive({ timeoutMillis, retryMillis, maxQueueBytes })
  const base = urlOf(options.url)
  const headers = headersOf(options, base)
  const name = seriesOf(options)
  base.username = base.password = ''
  const postOf = ({ content, fromMillis, untilMillis }: Parcel, millis: number): Post => {
    const url = new URL(base)
    url.pathname = `${url.pathname.replace(/\/+$/, '')}/ingest`
    url.searchParams.set('name', name)
    url.searchParams.set('format', 'pprof')
    url.searchParams.set('spyName', 'nodespy')
    url.searchParams.set('from', nanosOf(fromMillis))
    url.searchParams.set('until', nanosOf(untilMillis))
    return { url: url.href, headers, body: Buffer.from(content), timeoutMillis: millis }
  }
  return {
    name: `pyroscope ${base.href}`,
    maxBytes: maxQueueBytes,
    retryMillis,
    pack: (window) => parcelOf(window, window.pprof()),
    deliver: (parcel) => post(postOf(parcel, timeoutMillis)),
    deliverAtExit: (parcels) => {
      const millis = Math.min(timeoutMillis, EXIT_MILLIS)
      return postAtExit(parcels.map((parcel) => postOf(parcel, millis)))
    },
  }
}

/** As the server takes times of 19 digits. Exact to the microsecond. */
function nanosOf(millis: number): string {
  return String(BigInt(Math.round(millis * 1000)) * 1000n)
}

// The event loop is over; another process has one. It gets no more time than a person would wait.
function postAtExit(posts: readonly Post[]): Outcome[] {
  const script = ownFile('dist/continuous/post-main.js')
  const env = { ...process.env, NATIVEPROF: '0' }
  Reflect.deleteProperty(env, 'NODE_OPTIONS')
  const { stdout, error, status } = spawnSync(process.execPath, [script], {
    input: postsToText(posts),
    env,
    stdio: ['pipe', 'pipe', 'ignore'],
    timeout: EXIT_MILLIS + 1000,
    maxBuffer: 2 ** 20,
  })
  const reason = error?.message ?? `the process that was to send it ended with ${String(status)}`
  const told = outcomesFromText(String(stdout))
  return posts.map((_, i) => told[i] ?? { kind: 'unknown', reason })
}

function urlOf(text: unknown): URL {
  const url = typeof text === 'string' && URL.canParse(text) ? new URL(text) : null
  if (url === null || !['http:', 'https:'].includes(url.protocol)) {
    throw invalid(
      `url must be where a Pyroscope server is, such as http://localhost:4040, not ${inspect(text)}`,
    )
  }
  url.hash = ''
  return url
}

function headersOf({ token, user, password, tenant }: PyroscopeOptions, url: URL): Record<string, string> {
  const headers: Record<string, string> = { 'Content-Type': 'application/octet-stream' }
  const name = user ?? decodeURIComponent(url.username)
  const secret = password ?? decodeURIComponent(url.password)
  if (token !== undefined && name !== '') throw invalid('a token and a user: the server takes one of them')
  if (token !== undefined) headers['Authorization'] = `Bearer ${token}`
  else if (name !== '' || secret !== '')
    headers['Authorization'] = `Basic ${Buffer.from(`${name}:${secret}`).toString('base64')}`
  if (tenant !== undefined) headers['X-Scope-OrgID'] = tenant
  for (const [header, value] of Object.entries(headers)) {
    // Not the value itself: it may be a secret.
    if (!/^[\t\x20-\x7e]*$/.test(value))
      throw invalid(`what is to go out as ${header} has characters that no header may have`)
  }
  return headers
}

/** `app{a=b,c=d}`. There is no escape in it. */
function seriesOf({ app, labels = {} }: PyroscopeOptions): string {
  if (typeof app !== 'string' || !/^[\w./-]+$/.test(app))
    throw invalid(`app must be a name of letters, digits and _ . / -, not ${inspect(app)}`)
  const pairs = Object.entries(labels).map(([label, value]) => {
    if (label.startsWith('__'))
      throw invalid(`the label ${inspect(label)} is the server's own; names with __ are`)
    if (!/^[A-Za-z_]\w*$/.test(label))
      throw invalid(`a label's name is a letter or _, then letters, digits and _; ${inspect(label)} is not`)
    if (typeof value !== 'string' || value === '' || /[{},="\x00-\x1f\x7f]/.test(value))
      throw invalid(
        `the label ${label} must be text without { } , = " and line breaks, not ${inspect(value)}`,
      )
    return `${label}=${value}`
  })
  return `${app}{${pairs.join(',')}}`
}

function requirePositive(options: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(options)) {
    if (typeof value !== 'number' || !(value > 0 && value <= 2 ** 31 - 1))
      throw invalid(`${name} must be a number above 0, not ${inspect(value)}`)
  }
}

function invalid(message: string): NativeprofError {
  return new NativeprofError('ERR_NATIVEPROF_INVALID_ARGUMENT', `pyroscope(): ${message}`)
}
