// stacks-text.ts — the threads of a process and where they are → text for a terminal. Pure.

import { locationText, printable } from '../labels.js'
import type { StackFrame } from '../lone-stack.js'
import { showingOf } from '../view.js'
import type { ViewName } from '../view.js'
import type { ThreadStack } from './stack-answer.js'

/** Those that run JavaScript one by one; of the others, equal ones together, by their innermost function. */
export function stacksText(pid: number, threads: readonly ThreadStack[], view: ViewName): string {
  const blocks = threads.filter(({ kind }) => kind !== 'other').map((thread) => scriptBlock(thread, view))
  const others = threads.filter(({ kind, answer }) => kind === 'other' && answer === 'came')
  const byText = new Map<string, number>()
  for (const thread of others) {
    const text = otherText(thread, view)
    byText.set(text, (byText.get(text) ?? 0) + 1)
  }
  const lines = [...byText].map(([text, count]) => `${count} ${count === 1 ? 'thread' : 'threads'} ${text}`)
  const blocked = threads.filter(({ answer }) => answer === 'blocked').length
  if (blocked > 0) lines.push(`${blocked} that hold the signal back, nativeprof's own among them`)
  for (const { tid, threadName, answer } of threads)
    if (answer === 'none') lines.push(`thread ${tid}, ${printable(threadName)}: no answer in time`)
  if (lines.length > 0) blocks.push(`without JavaScript:\n${lines.map((line) => `    ${line}\n`).join('')}`)
  return `process ${pid}, innermost first\n\n${blocks.join('\n')}`
}

function scriptBlock(thread: ThreadStack, view: ViewName): string {
  const { kind, tid, workerId, workerName, answer, frames } = thread
  const name = kind === 'main' ? 'main thread' : `worker ${printable(workerName) || workerId}, thread ${tid}`
  if (answer === 'none') return `${name}: no answer in time\n`
  if (answer === 'blocked') return `${name}: holds the signal back\n`
  if (frames.length === 0) return `${name}: in code that cannot be walked; try again\n`
  const shown = shownIn(frames, view)
  const isJs = frames.some((frame) => frame.kind === 'js')
  const lines = shown.map((frame) => `    ${frameText(frame)}\n`).join('')
  return isJs || view !== 'js' ? `${name}:\n${lines}` : `${name} runs no JavaScript now${leafText(frames)}\n`
}

function otherText({ threadName, frames }: ThreadStack, view: ViewName): string {
  const word = frames.at(-1)
  const name = word === undefined ? printable(threadName) : printable(word.name)
  if (view === 'js') return `${name}${leafText(frames)}`
  return `${name}:\n${shownIn(frames, view)
    .map((frame) => `        ${frameText(frame)}`)
    .join('\n')}`
}

function leafText(frames: readonly StackFrame[]): string {
  const leaf = frames.find(({ kind }) => kind === 'native')
  return leaf === undefined ? '' : `, in ${printable(leaf.name)}`
}

function shownIn(frames: readonly StackFrame[], view: ViewName): readonly StackFrame[] {
  return frames.filter(({ kind }) => showingOf(view, kind) === 'itself')
}

function frameText({ name, file, line, column }: StackFrame): string {
  const place = locationText({ name, file, line, column })
  return place === '' ? printable(name) : `${printable(name)} (${printable(place)})`
}
