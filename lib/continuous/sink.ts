// sink.ts — what windows are given to, and what may come of it. Types, and the one helper that goes with them.

import { toPprof } from '../formats/pprof.js'
import type { Profile } from '../profile.js'

/** A window, on its way to the sinks. */
export interface ProfileWindow {
  readonly profile: Profile
  /** Gzipped pprof; made once, whoever asks. */
  readonly pprof: () => Uint8Array
}

/** A window as one sink wants it. Nothing else of it is kept. */
export interface Parcel {
  readonly content: string | Uint8Array
  readonly bytes: number
  /** Milliseconds since 1970. */
  readonly fromMillis: number
  readonly untilMillis: number
}

/**
 * What became of an attempt. `delivered`: it is there. `later`: it is not, and may be tried again. `refused`: it is not, and
 * would be refused again. `unknown`: it was sent, and no answer came; sent again, it might be there twice.
 */
export type Outcome =
  | { readonly kind: 'delivered' }
  | { readonly kind: 'later'; readonly reason: string; readonly afterMillis: number }
  | { readonly kind: 'refused' | 'unknown'; readonly reason: string }

/** Where windows go: made by `pyroscope()` or `directory()`, given to `startContinuous()`. */
export interface Sink {
  /** For people. Without secrets. */
  readonly name: string
  /** Of all windows that wait, bytes. */
  readonly maxBytes: number
  /** The shortest wait before a second attempt; it doubles with each. */
  readonly retryMillis: number
  readonly pack: (window: ProfileWindow) => Parcel
  readonly deliver: (parcel: Parcel) => Promise<Outcome>
  /** At the end of the process, when nothing asynchronous happens any more. In order; as many as there is time for. */
  readonly deliverAtExit: (parcels: readonly Parcel[]) => Outcome[]
}

export function windowOf(profile: Profile): ProfileWindow {
  let encoded: Uint8Array | undefined
  return { profile, pprof: () => (encoded ??= toPprof(profile)) }
}

/** `content` with the times of its window. */
export function parcelOf({ profile }: ProfileWindow, content: string | Uint8Array): Parcel {
  const fromMillis = profile.startTimeMillis
  return {
    content,
    bytes: Buffer.byteLength(content),
    fromMillis,
    untilMillis: fromMillis + profile.durationNanos / 1e6,
  }
}
