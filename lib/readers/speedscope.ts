// speedscope.ts — the JSON of speedscope → Profile. Ours, and what speedscope itself, py-spy, rbspy and others write.
// Format: https://www.speedscope.app/file-format-schema.json. Pure. Neighbour: formats/speedscope.ts.

import type { Profile } from '../profile.js'
import { readFacts } from './facts.js'
import { unreadable } from './input-errors.js'
import { listIn, numberIn, numberOr, objectIn, textIn } from './json-values.js'
import type { Json } from './json-values.js'
import { kindOf, threadOfText, urlOf } from './place-text.js'
import { ProfileDraft } from './profile-draft.js'

const NANOS_OF_UNIT: ReadonlyMap<string, number> = new Map([
  ['nanoseconds', 1],
  ['microseconds', 1e3],
  ['milliseconds', 1e6],
  ['seconds', 1e9],
])

const SUMS = ' (sums of equal stacks, not in order of time)'

/** What all profiles of a file are read with. */
interface Context {
  readonly draft: ProfileDraft
  readonly frameIds: readonly number[]
  readonly threadId: number
  /** Nanoseconds, or ticks, that 1 of a weight is. */
  readonly scale: number
  readonly ticksOf: (weight: number) => number
  readonly isOrdered: boolean
}

/** Throws ERR_NATIVEPROF_INPUT. */
export function readSpeedscope(file: Json): Profile {
  const draft = new ProfileDraft()
  const { view, ...facts } = readFacts(file)
  const frames = listIn(objectIn(file['shared'], '"shared"')['frames'], 'the list of frames')
  const frameIds = frames.map((frame) => frameId(draft, objectIn(frame, 'a frame')))
  const profiles = listIn(file['profiles'], '"profiles"').map((each) => objectIn(each, 'a profile'))
  const hasTimes = timesIn(profiles)
  const nanosOfTick = (facts.periodMicros ?? NaN) * 1000 * (facts.weightScale ?? 1)
  const ticksOf = (weight: number): number => {
    if (!hasTimes) return weight
    return nanosOfTick > 0 ? Math.max(1, Math.round(weight / nanosOfTick)) : 1
  }
  const names = profiles.map((profile) => textIn(profile['name']))
  const isOrdered = !names.some((name) => name.endsWith(SUMS))
  profiles.forEach((profile, index) => {
    const scale = hasTimes ? (NANOS_OF_UNIT.get(textIn(profile['unit'])) ?? 1) : 1
    const threadId = draft.thread(
      profiles.length === 1 && !/^(?:worker |main thread)/.test(names[0] ?? '')
        ? { kind: 'main', name: '', tid: 0 }
        : threadOf(names[index] ?? ''),
    )
    const context = { draft, frameIds, threadId, scale, ticksOf, isOrdered }
    if (profile['type'] === 'sampled') addSampled(profile, context)
    else if (profile['type'] === 'evented') addEvented(profile, context)
    else
      throw unreadable(`the file is damaged: no type of profile is called ${JSON.stringify(profile['type'])}`)
  })
  const name = textIn(file['name'])
  return draft.finish({
    ...(name !== '' && { process: { command: [name] } }),
    ...facts,
    savedAs: { format: 'speedscope', view, weightUnit: hasTimes ? 'nanoseconds' : 'ticks' },
  })
}

function frameId(draft: ProfileDraft, frame: Json): number {
  const name = textIn(frame['name'])
  const file = textIn(frame['file'])
  const kind = kindOf(name, file, false)
  const line = Math.max(0, numberOr(frame['line'], 0))
  return draft.frame({
    name,
    url: urlOf(file, kind),
    kind,
    line,
    column: Math.max(0, numberOr(frame['col'], 0)),
  })
}

function timesIn(profiles: readonly Json[]): boolean {
  const units = new Set(profiles.map((profile) => textIn(profile['unit'])))
  const times = [...units].filter((unit) => NANOS_OF_UNIT.has(unit))
  const others = [...units].filter((unit) => !NANOS_OF_UNIT.has(unit) && unit !== 'none')
  if (others.length > 0) throw unreadable(`this file of speedscope is of ${others.join(', ')}, not of time`)
  if (times.length > 0 && units.has('none'))
    throw unreadable(
      'this file of speedscope has profiles of time and others that are not; nativeprof reads one kind at once',
    )
  return times.length > 0
}

function threadOf(name: string): ReturnType<typeof threadOfText> {
  const plain = name.endsWith(SUMS) ? name.slice(0, -SUMS.length) : name
  const [, tid = '0'] = /^worker .* \((\d+)\)$/.exec(plain) ?? []
  return threadOfText(plain, Number(tid))
}

function addSampled(profile: Json, context: Context): void {
  const samples = listIn(profile['samples'], 'the samples of a profile')
  const weights = listIn(profile['weights'], 'the weights of a profile')
  if (samples.length !== weights.length)
    throw unreadable('the file is damaged: it has not as many weights as samples')
  let clock = 0
  samples.forEach((sample, index) => {
    const weight = numberIn(weights[index], 'a weight') * context.scale
    clock += weight
    addStack(listIn(sample, 'a sample'), weight, { ...context, clock })
  })
}

function addEvented(profile: Json, context: Context): void {
  const open: unknown[] = []
  let clock = numberOr(profile['startValue'], 0)
  const start = clock
  for (const value of listIn(profile['events'], 'the events of a profile')) {
    const event = objectIn(value, 'an event')
    const at = numberIn(event['at'], 'the time of an event')
    if (at < clock) throw unreadable('the file is damaged: its events are not in order of time')
    if (open.length > 0 && at > clock)
      addStack(open, (at - clock) * context.scale, { ...context, clock: (at - start) * context.scale })
    clock = at
    if (event['type'] === 'O') open.push(event['frame'])
    else if (open.pop() !== event['frame'])
      throw unreadable('the file is damaged: it closes a frame that is not open')
  }
  if (open.length > 0) throw unreadable('the file is cut off: a frame is open at its end')
}

function addStack(
  frames: readonly unknown[],
  weight: number,
  { draft, frameIds, threadId, ticksOf, isOrdered, clock }: Context & { readonly clock: number },
): void {
  if (weight < 0) throw unreadable('the file is damaged: a weight is negative')
  if (weight === 0) return
  let stackId = -1
  for (const index of frames) {
    const frameId = frameIds[numberIn(index, 'a frame of a sample')]
    if (frameId === undefined) throw unreadable(`the file is damaged: it has no frame ${String(index)}`)
    stackId = draft.push(stackId, frameId)
  }
  if (stackId < 0)
    stackId = draft.push(
      -1,
      draft.frame({ name: '(no frames)', url: '', kind: 'pseudo', line: 0, column: 0 }),
    )
  const sample = { stackId, threadId, labelsId: 0, ticks: ticksOf(weight), weightNanos: weight }
  if (isOrdered) draft.addAt(clock, sample)
  else draft.add(sample)
}
