// delivery.ts — what waits for one sink: bounded, in order, one at a time, with backoff. Each window ends in one of the
// counts: delivered or lost. Nothing here keeps a process alive.

import type { Outcome, Parcel, ProfileWindow, Sink } from './sink.js'

/** What became of the windows of one sink: `windows = delivered + lost + waiting`, always. */
export interface DeliveryCounts {
  readonly sink: string
  /** Those with ticks in them; an empty window is not sent anywhere. */
  readonly windows: number
  readonly delivered: number
  readonly lost: number
  readonly waiting: number
  readonly waitingBytes: number
  /** Attempts that failed and were, or are to be, repeated. */
  readonly retries: number
  /** Why the last one was lost or has to wait; '' if nothing ever went wrong. */
  readonly lastProblem: string
}

const MAX_RETRY_MILLIS = 60_000

export class Delivery {
  readonly #sink: Sink
  readonly #waiting: Parcel[] = []
  /** The first of `#waiting` is on its way. */
  #isBusy = false
  #timer: NodeJS.Timeout | undefined
  #attempts = 0
  #delivered = 0
  #lost = 0
  #retries = 0
  #lastProblem = ''
  #onEmpty: (() => void) | undefined
  /** Nothing is sent any more but by finishAtExit(). */
  #isHeld = false
  #hasEnded = false

  constructor(sink: Sink) {
    this.#sink = sink
  }

  get counts(): DeliveryCounts {
    const waiting = this.#waiting.length
    return {
      sink: this.#sink.name,
      windows: this.#delivered + this.#lost + waiting,
      delivered: this.#delivered,
      lost: this.#lost,
      waiting,
      waitingBytes: this.#bytes(),
      retries: this.#retries,
      lastProblem: this.#lastProblem,
    }
  }

  /** Takes a window over. What waits longest goes if there is no room, but for what is on its way. */
  add(window: ProfileWindow): void {
    try {
      this.#waiting.push(this.#sink.pack(window))
    } catch (error) {
      this.#lose(1, error instanceof Error ? error.message : String(error))
      return
    }
    this.#makeRoom()
    this.#next()
  }

  /** Settles when nothing waits any more, at the latest after `millis`; then what is left is lost. Keeps the process alive. */
  async finish(millis: number): Promise<void> {
    if (this.#waiting.length > 0) {
      await new Promise<void>((done) => {
        const deadline = setTimeout(done, millis)
        this.#onEmpty = () => {
          clearTimeout(deadline)
          done()
        }
        // What waits for a better time has none.
        if (this.#timer !== undefined) this.#retryNow()
      })
    }
    this.#end('there was no time left')
  }

  /** The process is at its end: what is added from now on waits for finishAtExit(). */
  hold(): void {
    this.#isHeld = true
  }

  /** Makes the last attempt, at the end of the process. */
  finishAtExit(): void {
    if (this.#hasEnded) return
    // Nobody will hear what becomes of it, and sent again it might be there twice.
    if (this.#isBusy) {
      this.#waiting.shift()
      this.#lose(1, 'the process ended before the answer came')
    }
    const parcels = this.#waiting.splice(0)
    const outcomes = parcels.length === 0 ? [] : this.#sink.deliverAtExit(parcels)
    for (const i of parcels.keys()) {
      const outcome = outcomes[i]
      if (outcome?.kind === 'delivered') this.#delivered++
      else this.#lose(1, outcome?.reason ?? 'there was no time left')
    }
    this.#end('')
  }

  #end(why: string): void {
    this.#hasEnded = true
    clearTimeout(this.#timer)
    this.#timer = undefined
    const left = this.#waiting.splice(0).length
    if (left > 0) this.#lose(left, why)
  }

  #lose(windows: number, why: string): void {
    this.#lost += windows
    this.#lastProblem = why
  }

  #bytes(): number {
    return this.#waiting.reduce((sum, parcel) => sum + parcel.bytes, 0)
  }

  #makeRoom(): void {
    const first = this.#isBusy ? 1 : 0
    let bytes = this.#bytes()
    while (bytes > this.#sink.maxBytes && this.#waiting.length > first) {
      const [oldest] = this.#waiting.splice(first, 1)
      bytes -= oldest?.bytes ?? 0
      // Why it had to wait is what there is to tell.
      this.#lose(1, this.#lastProblem === '' ? 'the sink is too slow' : this.#lastProblem)
    }
    // The one that was to be tried again may be gone.
    if (first === 0 && this.#waiting.length === 0) this.#attempts = 0
  }

  #retryNow(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#next()
  }

  #next(): void {
    const [parcel] = this.#waiting
    if (parcel === undefined) {
      this.#onEmpty?.()
      return
    }
    if (this.#isBusy || this.#timer !== undefined || this.#isHeld || this.#hasEnded) return
    this.#isBusy = true
    void this.#sink.deliver(parcel).then(
      (outcome) => {
        this.#settle(outcome)
      },
      (error: unknown) => {
        this.#settle({ kind: 'refused', reason: error instanceof Error ? error.message : String(error) })
      },
    )
  }

  #settle(outcome: Outcome): void {
    this.#isBusy = false
    // What was waiting has been counted already.
    if (this.#hasEnded) return
    if (outcome.kind === 'later') {
      this.#retries++
      this.#lastProblem = outcome.reason
      this.#makeRoom()
      const backoff = this.#sink.retryMillis * 2 ** this.#attempts++ * (0.75 + Math.random() / 2)
      const millis = Math.min(Math.max(backoff, outcome.afterMillis), MAX_RETRY_MILLIS)
      this.#timer = setTimeout(() => {
        this.#retryNow()
      }, millis).unref()
      return
    }
    this.#attempts = 0
    this.#waiting.shift()
    if (outcome.kind === 'delivered') this.#delivered++
    else this.#lose(1, outcome.reason)
    this.#next()
  }
}
