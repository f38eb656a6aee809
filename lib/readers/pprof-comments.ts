// pprof-comments.ts — the comments of a pprof profile → what they say, if it is one of ours. The way back from
// formats/pprof-comments.ts. Pure. Files of others have other comments, or none, and say nothing here.

import type { Profile, SavedAs, TimerName } from '../profile.js'
import { timerOf, viewOf } from './said-names.js'

/** What the comments say. Null, or empty, for what they do not. */
export interface CommentFacts {
  readonly view: SavedAs['view']
  readonly timer: TimerName | null
  readonly process: Partial<Profile['process']>
  readonly counters: Profile['counters'] | null
  readonly numbers: Partial<Pick<Profile, 'cpuNanos' | 'sampledNanos' | 'coverage' | 'weightScale'>>
  readonly notes: readonly string[]
}

const NUMBER = '(NaN|[\\d.e+-]+)'
const TICKS = new RegExp(
  `^${NUMBER} = ${NUMBER} samples \\+ ${NUMBER} dropped \\+ ${NUMBER} not walkable` +
    ` \\(${NUMBER} truncated, ${NUMBER} walked by V8; ${NUMBER} foreign signals forwarded\\)$`,
)
const TIME = new RegExp(
  `^${NUMBER} ns of CPU, ${NUMBER} ns sampled, coverage ${NUMBER}, weights times ${NUMBER}$`,
)
const PROCESS = /^pid (\d+), Node\.js (.*), V8 (.*), (\S*) (\S*)$/

export function factsOfComments(comments: readonly string[]): CommentFacts {
  const isOurs = comments.includes('exporter: nativeprof')
  const said = (key: string): string[] =>
    isOurs
      ? comments.filter((each) => each.startsWith(`${key}: `)).map((each) => each.slice(key.length + 2))
      : []
  // Of files that were merged each has its own; then none is true of the whole.
  const only = (key: string): string => (said(key).length === 1 ? (said(key)[0] ?? '') : '')
  const [, pid = '', nodeVersion = '', v8Version = '', platform = '', arch = ''] =
    PROCESS.exec(only('process')) ?? []
  const command = only('command')
  const [, ...ticks] = TICKS.exec(only('ticks')) ?? []
  const [, ...time] = TIME.exec(only('time')) ?? []
  return {
    view: viewOf(only('view')),
    timer: timerOf(only('timer')),
    process: {
      ...(command !== '' && { command: [command] }),
      ...(pid !== '' && { pid: Number(pid), nodeVersion, v8Version, platform, arch }),
    },
    counters: countersOf(ticks.map(Number)),
    numbers: time.length === 0 ? {} : numbersOf(time.map(Number)),
    notes: said('note'),
  }
}

function countersOf(numbers: readonly number[]): Profile['counters'] | null {
  const [ticks, samples, dropped, notWalkable, truncated, walkedByV8, forwarded] = numbers
  if (ticks === undefined || samples === undefined || dropped === undefined || notWalkable === undefined)
    return null
  if (ticks !== samples + dropped + notWalkable) return null
  return {
    ticks,
    samples,
    dropped,
    notWalkable,
    truncated: truncated ?? 0,
    walkedByV8: walkedByV8 ?? 0,
    forwarded: forwarded ?? 0,
  }
}

function numbersOf([
  cpuNanos = NaN,
  sampledNanos = NaN,
  coverage = NaN,
  weightScale = 1,
]: readonly number[]): CommentFacts['numbers'] {
  return { cpuNanos, sampledNanos, coverage, weightScale }
}
