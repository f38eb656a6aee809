// chromium.ts — opens a page in headless Chromium and looks at it: what it shows, what it asked for, what it complained
// about. Speaks the DevTools protocol over a pipe (--remote-debugging-pipe: JSON messages that end in a NUL byte, to
// the browser on file descriptor 3, from it on 4), which needs no port and no WebSocket.

import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { CHROMIUM } from './tools.js'

type Values = Readonly<Record<string, unknown>>

interface Message {
  readonly id?: number
  readonly method?: string
  readonly sessionId?: string
  readonly params?: Values
  readonly result?: Values
  readonly error?: { readonly message: string }
}

interface Answer {
  readonly resolve: (result: Values) => void
  readonly reject: (error: Error) => void
}

/** The part of tap's `t` that is needed. */
interface Test {
  readonly teardown: (handler: () => Promise<void>) => void
}

const WIDTH = 1200
const HEIGHT = 700
const DEADLINE_MILLIS = 60_000

const FLAGS = [
  '--headless',
  '--remote-debugging-pipe',
  '--no-sandbox',
  '--no-first-run',
  '--disable-gpu',
  '--enable-unsafe-swiftshader', // WebGL without a graphics card
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-quic',
  '--disable-sync',
  '--host-resolver-rules=MAP * ~NOTFOUND', // whatever asks for the network does not get it
  `--window-size=${WIDTH},${HEIGHT}`,
]

/** Opens an address in a browser of its own, which ends with the test. */
export async function openPage(t: Test, url: string): Promise<Page> {
  const browser = new Browser()
  t.teardown(() => browser.close())
  const { targetId } = await browser.send('Target.createTarget', { url: 'about:blank' })
  const { sessionId } = await browser.send('Target.attachToTarget', { targetId, flatten: true })
  const page = new Page(browser, String(sessionId))
  await page.open(url)
  return page
}

/** What is in a tab. */
export class Page {
  /** Every address that the page asked for, its own first; `data:` ones left out. */
  readonly requests: string[] = []
  /** What stands in the console as a warning or an error, violations of the content security policy included. */
  readonly complaints: string[] = []
  readonly #browser: Browser
  readonly #sessionId: string

  constructor(browser: Browser, sessionId: string) {
    this.#browser = browser
    this.#sessionId = sessionId
    browser.listen(sessionId, (method, params) => this.#observe(method, params))
  }

  async open(url: string): Promise<void> {
    for (const domain of ['Page', 'Network', 'Runtime', 'Log']) await this.#send(`${domain}.enable`)
    await this.#send('Emulation.setDeviceMetricsOverride', {
      width: WIDTH,
      height: HEIGHT,
      deviceScaleFactor: 1,
      mobile: false,
    })
    await this.#send('Page.navigate', { url })
  }

  /** The value of a JavaScript expression in the page; waits for a promise. */
  async evaluate(expression: string): Promise<unknown> {
    const { result, exceptionDetails } = await this.#send('Runtime.evaluate', {
      expression,
      awaitPromise: true,
      returnByValue: true,
    })
    if (exceptionDetails !== undefined) throw new Error(`${expression}: ${JSON.stringify(exceptionDetails)}`)
    return (result as { readonly value?: unknown }).value
  }

  /** Waits, frame by frame, until an expression is true. */
  async waitFor(expression: string): Promise<void> {
    const deadline = Date.now() + DEADLINE_MILLIS
    while (Date.now() < deadline) {
      const isTrue = `new Promise((resolve) => requestAnimationFrame(() => resolve(Boolean(${expression}))))`
      if ((await this.evaluate(isTrue)) === true) return
    }
    throw new Error(`in vain waited for ${expression}; the page says ${JSON.stringify(this.complaints)}`)
  }

  /** The text that the page shows. */
  async text(): Promise<string> {
    return String(await this.evaluate('document.body.innerText'))
  }

  /** The text of each row of the tables that speedscope shows, such as the list of functions of its sandwich view. */
  async tableRows(): Promise<string[]> {
    const rows = `[...document.querySelectorAll('tr')].filter((row) => row.offsetParent && row.querySelector('td'))`
    const text = `row.innerText.split(/\\s+/).join(' ').trim()`
    return (await this.evaluate(`${rows}.map((row) => ${text})`)) as string[]
  }

  /** Points at a place, in CSS pixels from the upper left. */
  async pointAt(x: number, y: number): Promise<void> {
    await this.#send('Input.dispatchMouseEvent', { type: 'mouseMoved', x, y })
  }

  /** A PNG file, base64. */
  async screenshot(): Promise<string> {
    const { data } = await this.#send('Page.captureScreenshot', { format: 'png' })
    return String(data)
  }

  /** The colour that is seen at a place, as `r,g,b`. */
  async colorAt(x: number, y: number): Promise<string> {
    const source = JSON.stringify(`data:image/png;base64,${await this.screenshot()}`)
    const pixel = await this.evaluate(`(async () => {
      const image = new Image()
      image.src = ${source}
      await image.decode()
      const context = Object.assign(document.createElement('canvas'), { width: ${WIDTH}, height: ${HEIGHT} }).getContext('2d')
      context.drawImage(image, 0, 0)
      return Array.from(context.getImageData(${x}, ${y}, 1, 1).data.slice(0, 3)).join()
    })()`)
    return String(pixel)
  }

  #observe(method: string, params: Values): void {
    if (method === 'Network.requestWillBeSent') {
      const { url } = params['request'] as { readonly url: string }
      if (!url.startsWith('data:')) this.requests.push(url)
    } else if (method === 'Log.entryAdded') {
      const { level, text } = params['entry'] as { readonly level: string; readonly text: string }
      // Remarks of the graphics driver about its speed are warnings, too.
      if (/^(warning|error)$/.test(level) && !text.includes('GL Driver Message')) this.complaints.push(text)
    } else if (method === 'Runtime.exceptionThrown') {
      this.complaints.push(JSON.stringify(params['exceptionDetails']))
    } else if (method === 'Runtime.consoleAPICalled' && /^(warning|error)$/.test(String(params['type']))) {
      this.complaints.push(JSON.stringify(params['args']))
    }
  }

  #send(method: string, params: Values = {}): Promise<Values> {
    return this.#browser.send(method, params, this.#sessionId)
  }
}

class Browser {
  readonly #profileFolder = mkdtempSync(join(tmpdir(), 'nativeprof-chromium-'))
  readonly #child = spawn(CHROMIUM.path, [...FLAGS, `--user-data-dir=${this.#profileFolder}`], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
  })
  readonly #ended = new Promise<void>((resolve) => {
    this.#child.on('close', resolve).on('error', resolve)
  })
  readonly #answers = new Map<number, Answer>()
  readonly #listeners = new Map<string, (method: string, params: Values) => void>()
  #hasEnded = false
  #lastId = 0
  #unread = ''

  constructor() {
    const output = this.#child.stdio[4] as Readable
    output.setEncoding('utf8').on('data', (text: string) => this.#read(text))
    void this.#ended.then(() => {
      this.#hasEnded = true
      for (const { reject } of this.#answers.values()) reject(new Error('Chromium has ended'))
    })
  }

  listen(sessionId: string, listener: (method: string, params: Values) => void): void {
    this.#listeners.set(sessionId, listener)
  }

  send(method: string, params: Values, sessionId?: string): Promise<Values> {
    if (this.#hasEnded) return Promise.reject(new Error('Chromium has ended'))
    const id = ++this.#lastId
    const input = this.#child.stdio[3] as Writable
    input.write(`${JSON.stringify({ id, method, params, sessionId })}\0`)
    return new Promise((resolve, reject) => this.#answers.set(id, { resolve, reject }))
  }

  async close(): Promise<void> {
    await this.send('Browser.close', {})
    await this.#ended
    rmSync(this.#profileFolder, { recursive: true, force: true, maxRetries: 5 })
  }

  #read(text: string): void {
    const parts = (this.#unread + text).split('\0')
    this.#unread = parts.pop() ?? ''
    for (const part of parts) this.#take(JSON.parse(part) as Message)
  }

  #take({ id, method, sessionId, params = {}, result = {}, error }: Message): void {
    if (method !== undefined) return this.#listeners.get(sessionId ?? '')?.(method, params)
    const answer = this.#answers.get(id ?? 0)
    this.#answers.delete(id ?? 0)
    if (error) answer?.reject(new Error(error.message))
    else answer?.resolve(result)
  }
}
