// code-listing.ts — what code there was at the start, when V8 lists it only later. Pure.
//
// A listing takes long, so it is not done at the start. What it tells is how things are at its end: code that was there from
// the start may have moved since, and code that was added since is in it as well.

import { CodeMap } from './code-map.js'
import type { CodeAdded } from './code-added.js'
import type { CodeEvent } from './code-events.js'

export interface Unlisted {
  /** Code that was there before the first event, and where it was then. */
  readonly existing: readonly Placed[]
  /** The events without the listing. */
  readonly events: readonly CodeEvent[]
}

export interface Placed {
  readonly code: CodeAdded
  readonly start: number
}

/**
 * Takes the listing out of `events`, all that V8 told of an isolate since the start. Null if there is no whole listing in
 * them.
 */
export function takeListing(events: readonly CodeEvent[]): Unlisted | null {
  const begin = events.findIndex((event) => event.kind === 'listing' && !event.isEnd)
  const end = events.findIndex((event, i) => i > begin && event.kind === 'listing' && event.isEnd)
  if (begin < 0 || end < 0) return null
  const before = events.slice(0, begin)
  const listed = events.slice(begin + 1, end)
  const rest = [...before, ...listed.filter(({ kind }) => kind === 'script'), ...events.slice(end + 1)]
  const code = listed.filter((event): event is CodeAdded => event.kind === 'added')
  return { existing: atTheStart(code, before), events: rest }
}

/** The listed code at the places where it was before `events`, without what they added. */
function atTheStart(listed: readonly CodeAdded[], events: readonly CodeEvent[]): Placed[] {
  if (events.every(({ kind }) => kind === 'script'))
    return listed.map((code) => ({ code, start: code.start }))
  const added = new CodeMap<CodeAdded>()
  for (const event of events) {
    if (event.kind === 'added') added.add(event.start, event.sizeBytes, event)
    else if (event.kind === 'moved') added.move(event.moves)
  }
  const places = new CodeMap<CodeAdded>()
  for (const code of listed) {
    if (added.find(code.start)?.start !== code.start) places.add(code.start, code.sizeBytes, code)
  }
  for (const event of [...events].reverse()) {
    if (event.kind === 'moved') places.move(swapped(event.moves))
  }
  return places.ranges().map(({ start, value }) => ({ code: value, start }))
}

function swapped(moves: Float64Array): Float64Array {
  const back = moves.slice()
  for (let i = 0; i + 1 < moves.length; i += 2) {
    back[i] = moves[i + 1] as number
    back[i + 1] = moves[i] as number
  }
  return back
}
