// labels.ts — what frames, threads and programs are called, in every format alike. Pure.
// A label is also an identity: frames with equal labels are one frame, whatever tier ran them and at whatever line.
// That is how tiers, inlined copies and threads of one function merge. Neighbours: fold.ts and the formats.

import { spellingOfCallable } from './callable-spelling.js'
import { functionOf } from './profile.js'
import type { Frame, Profile, Thread } from './profile.js'
import {
  DEFAULT_GRANULARITY,
  DEFAULT_VIEW,
  granularityNamed,
  showingOf,
  viewLeft,
  viewNamed,
} from './view.js'
import type { GranularityName, ViewName } from './view.js'

/** A function as a reader sees it. */
export interface Label {
  /** One line of printable text, never empty. */
  readonly name: string
  /**
   * A path, a URL (`node:fs`), or where there is neither a word in brackets: `[libc.so.6]`, `[v8:builtin]`, for evaluated code
   * `[eval at parse /app/file.js:10:3]`; '' if nothing.
   */
  readonly file: string
  /** Where the function starts, 1-based; 0 where not known. */
  readonly line: number
  /** 1-based; 0 where not known. */
  readonly column: number
}

/** The distinct labels of a profile in one view, and what each stack shows. */
export interface LabelTable {
  /** Numbered as they are first met, callers before callees. */
  readonly labels: readonly Label[]
  /** By stack id: what its frame adds to what its caller shows, as an index into `labels`; -1 for nothing. */
  readonly labelIdOfStack: Int32Array
  /** By id of the stacks that were sampled: a last label, below all others, of those that show one only as the leaf. */
  readonly leafLabelIds: ReadonlyMap<number, number>
}

/** What stands for all JavaScript between two native frames, in the view that has no more to say of it. */
const JAVASCRIPT: Label = { name: '(JavaScript)', file: '', line: 0, column: 0 }

/** What stands for a sampled stack of which a view shows nothing. Its weight counts all the same. */
const NO_FRAMES: Label = { name: '(no frames)', file: '', line: 0, column: 0 }

/**
 * Names the function that a frame belongs to; by line, with the line being executed in the place of that where the function
 * starts. The tier plays no part.
 */
export function labelOf(
  profile: Profile,
  frame: Frame,
  granularity: GranularityName = DEFAULT_GRANULARITY,
): Label {
  const fn = functionOf(profile, frame)
  const name = printable(fn.name) || '(anonymous)'
  if (frame.kind === 'builtin')
    return { name: spellingOfCallable(name), file: '[v8:builtin]', line: 0, column: 0 }
  if (frame.kind === 'helper') return { name, file: '[v8:builtin]', line: 0, column: 0 }
  const origin = profile.scripts[fn.scriptId]?.origin ?? ''
  const file =
    frame.kind === 'native' && fn.line === 0 && frame.line === 0
      ? moduleName(fn.url)
      : fn.url === '' && origin !== ''
        ? `[eval at ${printable(origin)}]`
        : pathOf(fn.url)
  if (granularity === 'line' && frame.line > 0)
    return { name, file: printable(file), line: frame.line, column: 0 }
  return { name, file: printable(file), line: fn.line, column: fn.column }
}

/**
 * `file:line:column`, as far as known. The column is part of it because a minified bundle has all its functions on one
 * line, many with the same name.
 */
export function locationText(label: Label): string {
  if (label.file === '' || label.line === 0) return label.file
  return `${label.file}:${label.line}${label.column === 0 ? '' : `:${label.column}`}`
}

/** `name file:line:column`, or the name alone. Equal for two labels only if they are the same function. */
export function labelText(label: Label): string {
  return `${label.name} ${locationText(label)}`.trimEnd()
}

/**
 * Labels every stack of a profile, equal labels once. Throws ERR_NATIVEPROF_INVALID_ARGUMENT for an unknown view or
 * granularity.
 */
export function internLabels(
  profile: Profile,
  viewName: ViewName,
  granularityName: GranularityName = DEFAULT_GRANULARITY,
): LabelTable {
  const view = viewNamed(viewName)
  const granularity = granularityNamed(granularityName)
  const labels: Label[] = []
  const idOfText = new Map<string, number>()
  const intern = (label: Label): number => {
    const text = labelText(label)
    let id = idOfText.get(text)
    if (id === undefined) idOfText.set(text, (id = labels.push(label) - 1))
    return id
  }
  const labelIdOfFrame: number[] = []
  const labelIdOf = (frameId: number): number =>
    (labelIdOfFrame[frameId] ??= intern(labelOf(profile, frameAt(profile, frameId), granularity)))
  const labelIdOfStack = new Int32Array(profile.stacks.length)
  // What a stack shows last: its own frame, or else its nearest caller. Callers have smaller ids than their callees.
  const lastShown = new Int32Array(profile.stacks.length)
  profile.stacks.forEach(({ frameId, parentId }, stackId) => {
    const before = parentId < 0 ? -1 : (lastShown[parentId] ?? -1)
    const showing = showingOf(view, frameAt(profile, frameId).kind)
    let labelId = -1
    if (showing === 'itself') labelId = labelIdOf(frameId)
    else if (showing === 'javascript') labelId = intern(JAVASCRIPT)
    const continues = showing === 'javascript' && labelId === before
    labelIdOfStack[stackId] = continues ? -1 : labelId
    lastShown[stackId] = labelId < 0 ? before : labelId
  })
  const leafLabelIds = new Map<number, number>()
  for (const { stackId } of profile.totals) {
    const frameId = profile.stacks[stackId]?.frameId ?? -1
    if (showingOf(view, frameAt(profile, frameId).kind) === 'leaf')
      leafLabelIds.set(stackId, labelIdOf(frameId))
    else if (lastShown[stackId] === -1) leafLabelIds.set(stackId, intern(NO_FRAMES))
  }
  return { labels, labelIdOfStack, leafLabelIds }
}

/** The labels of a sampled stack, the interrupted function first, as indexes into `table.labels`. Never empty. */
export function labelIdsLeafFirst(profile: Profile, table: LabelTable, stackId: number): number[] {
  const leafLabelId = table.leafLabelIds.get(stackId)
  const ids = leafLabelId === undefined ? [] : [leafLabelId]
  for (let id = stackId; id >= 0;) {
    const stack = profile.stacks[id]
    const labelId = table.labelIdOfStack[id]
    if (!stack || labelId === undefined) throw new RangeError(`stack ${id} is not in this profile`)
    if (labelId >= 0) ids.push(labelId)
    id = stack.parentId
  }
  return ids
}

/** `main thread`, `worker <name>` or the name of a thread that runs no JavaScript. Several threads may share one. */
export function threadText(thread: Thread): string {
  if (thread.kind === 'main') return 'main thread'
  const name = printable(thread.name)
  return thread.kind === 'worker' ? `worker ${name}`.trimEnd() : name || 'other threads'
}

/**
 * What was profiled: the command as typed, or `node` for a program without a script; and in which view, unless it is the
 * one that everybody expects.
 */
export function titleText(profile: Profile, view: ViewName): string {
  const command = printable(profile.process.command.join(' ')) || (profile.savedAs ? 'a program' : 'node')
  const left = viewLeft(profile, view) ?? DEFAULT_VIEW
  return left === DEFAULT_VIEW ? command : `${command} (${left} view)`
}

/**
 * One line that no terminal, editor or line-based format takes for anything but text. White space of any kind becomes
 * a space; control characters, terminal escapes among them, and marks that reverse the direction of writing become U+FFFD.
 */
export function printable(text: string): string {
  return text
    .trim()
    .replace(/\s+/gu, ' ')
    .replace(/[\p{Cc}\p{Bidi_Control}]/gu, '\ufffd')
}

function frameAt(profile: Profile, frameId: number): Frame {
  const frame = profile.frames[frameId]
  if (!frame) throw new RangeError(`frame ${frameId} is not in this profile`)
  return frame
}

function moduleName(path: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1)
  return name === '' ? '' : `[${name}]`
}

function pathOf(url: string): string {
  if (!url.startsWith('file://')) return url
  const path = url.slice('file://'.length)
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}
