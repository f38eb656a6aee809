// inspector.ts — a connection to the inspector of another process: opened by SIGUSR1 unless it is open, and closed again as it
// was found. The protocol: https://chromedevtools.github.io/devtools-protocol/v8/.

import { setTimeout as delay } from 'node:timers/promises'
import WebSocket from 'ws'
import { inspectorPorts, isInOurNetwork, listeningPorts, unreachable } from './target.js'

/** How often it is looked whether the port is there. */
const LOOK_MILLIS = 20

/** How long a process may take for a call, while its event loop or V8's interrupts come round. */
const CALL_MILLIS = 10_000

type Listener = (params: Record<string, unknown>) => void

interface Reply {
  readonly id?: number
  readonly method?: string
  readonly params?: Record<string, unknown>
  readonly result?: Record<string, unknown>
  readonly error?: { readonly message: string }
}

/** Where the inspector of a process listens. */
export interface OpenInspector {
  readonly pid: number
  readonly port: number
  /** It was open before. */
  readonly wasOpen: boolean
}

/**
 * Sees to it that the inspector of a process is open. Throws ERR_NATIVEPROF_TARGET if it does not open within `millis`: in a
 * long native call node does not come to it.
 */
export async function openInspector(pid: number, millis: number): Promise<OpenInspector> {
  const before = listeningPorts(pid)
  if (!isInOurNetwork(pid)) {
    throw unreachable(`process ${pid} is in another network, that of a container; attach from in there`)
  }
  for (const port of inspectorPorts(pid)) {
    if (before.has(port) && (await targetAt(port)) !== null) return { pid, port, wasOpen: true }
  }
  try {
    process.kill(pid, 'SIGUSR1')
  } catch (cause) {
    throw unreachable(`process ${pid} takes no signal: ${(cause as Error).message}`, cause)
  }
  const port = await newPort(pid, before, millis)
  if (port !== null) return { pid, port, wasOpen: false }
  throw new InspectorNotOpened(
    `the inspector of process ${pid} did not open in ${millis} ms: it is in a native call that does not return, ` +
      'handles SIGUSR1 itself, or the port is taken',
    before,
  )
}

/** The port may still open when a native call returns. */
export class InspectorNotOpened extends Error {
  readonly portsBefore: ReadonlySet<number>

  constructor(message: string, portsBefore: ReadonlySet<number>) {
    super(message)
    this.portsBefore = portsBefore
  }
}

/** The port that has come since; null if none does. */
export async function newPort(
  pid: number,
  before: ReadonlySet<number>,
  millis: number,
): Promise<number | null> {
  const end = performance.now() + millis
  while (performance.now() < end) {
    for (const port of listeningPorts(pid)) {
      if (!before.has(port) && (await targetAt(port)) !== null) return port
    }
    await delay(LOOK_MILLIS)
  }
  return null
}

/** A session. One at a time. */
export class Inspector {
  readonly #socket: WebSocket
  readonly #open: OpenInspector
  readonly #waiting = new Map<number, { done: (reply: Reply) => void; fail: (error: Error) => void }>()
  readonly #listeners = new Map<string, Listener>()
  #lastId = 0

  private constructor(socket: WebSocket, open: OpenInspector) {
    this.#socket = socket
    this.#open = open
    socket.on('message', (data: Buffer) => {
      this.#receive(JSON.parse(data.toString()) as Reply)
    })
    socket.on('close', () => {
      for (const { fail } of this.#waiting.values())
        fail(unreachable(`process ${open.pid} ended, or closed its inspector`))
      this.#waiting.clear()
    })
    socket.on('error', () => undefined)
  }

  static async connect(open: OpenInspector): Promise<Inspector> {
    const url = await targetAt(open.port)
    if (url === null) throw unreachable(`nothing answers at the inspector's port ${open.port}`)
    // A profile comes in one message.
    const socket = new WebSocket(url, { perMessageDeflate: false, maxPayload: 2 ** 30 })
    await new Promise((done, fail) => socket.once('open', done).once('error', fail))
    return new Inspector(socket, open)
  }

  on(method: string, listener: Listener): void {
    this.#listeners.set(method, listener)
  }

  /** Throws ERR_NATIVEPROF_TARGET without an answer in time. */
  async call(
    method: string,
    params: Record<string, unknown> = {},
    millis: number = CALL_MILLIS,
  ): Promise<Record<string, unknown>> {
    const id = ++this.#lastId
    const reply = await new Promise<Reply>((done, fail) => {
      const deadline = setTimeout(() => {
        this.#waiting.delete(id)
        fail(
          unreachable(
            `process ${this.#open.pid} does not answer in ${millis} ms: it is in a native call that does not return`,
          ),
        )
      }, millis)
      const settle = <Argument>(then: (argument: Argument) => void) => {
        return (argument: Argument) => {
          clearTimeout(deadline)
          then(argument)
        }
      }
      this.#waiting.set(id, { done: settle(done), fail: settle(fail) })
      this.#socket.send(JSON.stringify({ id, method, params }))
    })
    if (reply.error !== undefined) throw unreachable(`${method}: ${reply.error.message}`)
    return reply.result ?? {}
  }

  /** The text that an expression comes to. Throws ERR_NATIVEPROF_TARGET with what it throws there. */
  async evaluate(expression: string, millis?: number): Promise<string> {
    const { result, exceptionDetails } = (await this.call(
      'Runtime.evaluate',
      { expression, returnByValue: true, silent: true },
      millis,
    )) as {
      result?: { value?: unknown }
      exceptionDetails?: { text: string; exception?: { description?: string } }
    }
    if (exceptionDetails !== undefined)
      throw unreachable(exceptionDetails.exception?.description ?? exceptionDetails.text)
    return String(result?.value)
  }

  /** Ends the session, and closes the inspector if it was opened for it. */
  async close(): Promise<void> {
    const { pid, port, wasOpen } = this.#open
    if (!wasOpen && this.#socket.readyState === WebSocket.OPEN) {
      // Closes this connection, too, so that no answer comes.
      await this.call('Runtime.evaluate', { expression: 'process._debugEnd()' }, 5000).catch(() => undefined)
    }
    this.#socket.terminate()
    if (wasOpen) return
    const end = performance.now() + 5000
    while (performance.now() < end) {
      try {
        if (!listeningPorts(pid).has(port)) return
      } catch {
        return // it has ended
      }
      await delay(LOOK_MILLIS)
    }
    throw unreachable(`the inspector of process ${pid} is still open, at port ${port}`)
  }

  #receive({ id, method, params, ...reply }: Reply): void {
    if (id !== undefined) {
      this.#waiting.get(id)?.done(reply)
      this.#waiting.delete(id)
    } else if (method !== undefined) this.#listeners.get(method)?.(params ?? {})
  }
}

/** Where to connect to, if what listens there is an inspector; null if it is not. */
async function targetAt(port: number): Promise<string | null> {
  try {
    const answer = await fetch(`http://127.0.0.1:${port}/json/list`, { signal: AbortSignal.timeout(2000) })
    const [target] = (await answer.json()) as { webSocketDebuggerUrl?: string }[]
    return target?.webSocketDebuggerUrl ?? null
  } catch {
    return null
  }
}
