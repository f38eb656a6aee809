// recording-notes.ts — what a recording has to say to its reader, a sentence each. Pure.

import { MAX_SETS, MAX_VALUES } from './label-table.js'
import type { TickOwnership } from './binding.js'
import type { LabelLosses } from './label-table.js'
import type { TimerName } from './profile.js'

/** What a recording knows of itself when a profile is made of it. */
export interface RecordingFacts {
  readonly timer: TimerName
  /** Timers of threads took over. */
  readonly hasMoved: boolean
  readonly ownership: TickOwnership
  /** Threads without a timer. */
  readonly refusedThreads: number
  /** Ticks. */
  readonly dropped: number
  readonly hasUnknownCode: boolean
  /** More code was made than there was room to remember. */
  readonly hasLostCode: boolean
  /** There were more distinct stacks or functions than a recording holds. */
  readonly isFull: boolean
  /** A clause; '' if tables are read. */
  readonly whyNoTables: string
  /** V8's own words for what is laid out in another way than known. */
  readonly unknownLayouts: Iterable<string>
  readonly labelLosses: LabelLosses
}

/** What was degraded, and why; nothing, for a recording as it should be. */
export function notesOf(facts: RecordingFacts): string[] {
  const { refusedThreads, dropped, hasUnknownCode, whyNoTables } = facts
  const notes = notesOfOwnership(facts)
  if (refusedThreads > 0)
    notes.push(`${refusedThreads} threads could not be given a timer, and are not sampled`)
  if (dropped > 0)
    notes.push(
      `${dropped} ticks are in no stack: the buffer was full (raise bufferBytes), or they came faster than this machine takes stacks down (lower hz)`,
    )
  if (hasUnknownCode) {
    notes.push('some frames lie in code that V8 did not announce, and are called (unknown code)')
  }
  if (facts.hasLostCode) {
    notes.push(
      'while the event loop was blocked, more code was made than there is room to remember; some of what ran then is called (unknown code)',
    )
  }
  if (facts.isFull) {
    notes.push(
      'there are more distinct stacks than one recording holds; the time of those that came last is with their callers. Stop and start again now and then',
    )
  }
  if (whyNoTables !== '')
    notes.push(`${whyNoTables}: there are no inlined functions, and no lines, in the stacks`)
  for (const name of facts.unknownLayouts) {
    notes.push(
      `this V8 lays out its frames in another way than known (${name}): only JavaScript is in the stacks`,
    )
  }
  return [...notes, ...notesOfLabels(facts.labelLosses)]
}

function notesOfOwnership({ timer, hasMoved, ownership }: RecordingFacts): string[] {
  const { whyMoved, whyNotMoved, whyOwnSignal, timesTakenBack } = ownership
  const notes: string[] = []
  const why = whyMoved || 'several threads were busy, and the timer of the process did not keep up'
  if (hasMoved) notes.push(`${why}; timers of threads took over (timer: '${timer}')`)
  if (whyNotMoved !== '') notes.push(`${why}; timers of threads are not to be had (${whyNotMoved})`)
  if (whyOwnSignal !== '' && !hasMoved) notes.push(`${whyOwnSignal}; ticks come by a signal of their own`)
  if (timesTakenBack > 0) {
    const times = timesTakenBack === 1 ? 'once' : `${timesTakenBack} times`
    notes.push(
      `another profiler took SIGPROF while this one ran (V8's own does), ${times}; it was taken back, and theirs is passed on, but ticks until then are lost`,
    )
  }
  return notes
}

function notesOfLabels({ manyValues, beyondSets, forgotten }: LabelLosses): string[] {
  const notes: string[] = []
  for (const name of manyValues)
    notes.push(`the label ${name} has more than ${MAX_VALUES} values; later ones are called (other)`)
  if (beyondSets > 0)
    notes.push(
      `there are more than ${MAX_SETS} sets of labels; ${beyondSets} samples of later ones have none`,
    )
  if (forgotten > 0)
    notes.push(`${forgotten} samples have no labels: too many others came before the samples were read`)
  return notes
}
