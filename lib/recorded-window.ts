// recorded-window.ts — one window of a recording after the other. A window has sums of its own: what the recording held before
// costs it nothing, however long that is.

import type { Profile } from './profile.js'
import { beginningOf, subtract } from './subtract.js'
import type { Beginning } from './subtract.js'
import { Tally } from './tally.js'

/** Windows that follow each other without a gap, from when it is made. Any number may be open at once. */
export class RecordedWindow {
  readonly #snapshot: (window: Tally) => Profile
  readonly #open: Set<Tally>
  readonly #tally = new Tally()
  #before: Beginning

  /** `snapshot` takes what there is into the recording, which adds it to those that are `open`, and has the totals of one of them. */
  constructor(snapshot: (window: Tally) => Profile, open: Set<Tally>) {
    this.#snapshot = snapshot
    this.#open = open
    this.#before = beginningOf(snapshot(this.#tally))
    open.add(this.#tally)
  }

  /** What happened since the last call, or since the beginning, without a list of samples; the next window begins here. */
  next(): Profile {
    const after = this.#snapshot(this.#tally)
    this.#tally.clear()
    const window = subtract(after, this.#before)
    this.#before = beginningOf(after)
    return window
  }

  /** Takes no more. */
  close(): void {
    this.#open.delete(this.#tally)
  }
}
