// collapsed.ts — the text that flame graph tools read: one line per distinct stack, `root;child;leaf 42`.
// Format: Brendan Gregg's stackcollapse scripts; flamegraph.pl, inferno and speedscope read it. It has no escapes. Pure,
// but for the source maps that resolve.ts reads.

import { NativeprofError } from '../errors.js'
import { fold } from '../fold.js'
import { internLabels, labelText, printable, threadText } from '../labels.js'
import type { Profile, Thread } from '../profile.js'
import { resolveSources } from '../sources/resolve.js'
import type { SourceOptions } from '../sources/resolve.js'
import { groupThreads } from '../thread-groups.js'
import { DEFAULT_THREADS } from '../threads.js'
import type { ThreadsName } from '../threads.js'
import { showingOf, viewFor } from '../view.js'
import type { GranularityName, ViewName } from '../view.js'

/** Choices for {@link toCollapsed}. */
export interface CollapsedOptions extends SourceOptions {
  /** Which frames are shown; `js` by default. */
  readonly view?: ViewName
  /** Whether a frame stands for a function, `function`, the default, or for a line of it. */
  readonly granularity?: GranularityName | undefined
  /**
   * Whether the thread is the root frame of its stacks. `split`: always, so that no two threads share a stack. `merged`:
   * never. `auto`, the default: only if threads of different names have ticks, for a frame that all stacks share says
   * nothing; threads of one name share a root, and those without JavaScript have none, unless the view leaves out the word
   * for what they are. Ask for `split` or `merged` to compare profiles of which only some have several threads.
   */
  readonly threads?: ThreadsName
  /** What the number at the end of a line counts: `ticks`, the default, or microseconds of CPU time. */
  readonly unit?: 'ticks' | 'micros'
  /**
   * Whether names of JavaScript functions end in what flamegraph.pl's `--color=java` reads: `_[j]` where a compiler made the
   * code, `_[i]` where one had copied it into the function that called it, nothing in the interpreter. A function is then as
   * many frames as it was run in ways. Not by default.
   */
  readonly annotations?: boolean
}

/**
 * One line per distinct stack, root-first, sorted, each ended by a line feed; the empty string if there are none. Throws
 * ERR_NATIVEPROF_INVALID_ARGUMENT for microseconds of a profile that was read from a file without times.
 */
export function toCollapsed(recorded: Profile, options: CollapsedOptions = {}): string {
  const profile = resolveSources(recorded, options)
  const view = viewFor(profile, options.view)
  const { threads = DEFAULT_THREADS, unit = 'ticks', annotations = false } = options
  if (unit === 'micros' && profile.savedAs?.weightUnit === 'ticks') {
    const message = 'the file that was read has no times, so there are no microseconds to write; write ticks'
    throw new NativeprofError('ERR_NATIVEPROF_INVALID_ARGUMENT', message)
  }
  const { labels, labelIdOfStack, leafLabelIds } = internLabels(profile, view, options.granularity)
  const words = labels.map((label) => collapsedWord(labelText(label)))
  const isAnnotated = annotations && showingOf(view, 'js') === 'itself'
  const wordOf = (stackId: number): string | null => {
    const shown = words[labelIdOfStack[stackId] ?? -1]
    return shown === undefined ? null : shown + (isAnnotated ? annotationOf(profile, stackId) : '')
  }
  const roots = rootsOf(profile, view, threads)
  const weightByStack = fold(profile, {
    nameOf: wordOf,
    leafOf: (stackId) => words[leafLabelIds.get(stackId) ?? -1] ?? null,
    rootOf: (thread) => roots.get(thread) ?? null,
    weightOf: (total) => (unit === 'ticks' ? total.ticks : total.weightNanos / 1000),
  })
  const lines = Array.from(weightByStack, ([stack, weight]) => `${stack} ${Math.round(weight)}\n`)
  return lines.sort().join('')
}

function annotationOf({ stacks, frames }: Profile, stackId: number): string {
  const frame = frames[stacks[stackId]?.frameId ?? -1]
  if (frame?.kind !== 'js') return ''
  if (frame.inlined) return '_[i]'
  return frame.tier === null || frame.tier === 'interpreted' ? '' : '_[j]'
}

// The root frames of the threads that have one.
function rootsOf(profile: Profile, view: ViewName, threads: ThreadsName): ReadonlyMap<Thread, string> {
  const { groups, groupIdOfThread } = groupThreads(profile, threads)
  const roots = new Map<Thread, string>()
  if (threads === 'merged') return roots
  for (const { threadId } of profile.totals) {
    const thread = profile.threads[threadId]
    const group = groups[groupIdOfThread[threadId] ?? -1]
    if (thread && group) roots.set(thread, rootOf(threads === 'split' ? group.name : threadText(thread)))
  }
  if (threads === 'split') return roots
  if (new Set(roots.values()).size < 2) return new Map()
  return new Map(Array.from(roots).filter(([thread]) => !isNamedByItsFrame(thread, view)))
}

// The stacks of threads without JavaScript begin with a word for what the thread is, which says more than its name. A view
// that shows native frames in its place has nothing but the name.
function isNamedByItsFrame(thread: Thread, view: ViewName): boolean {
  return thread.kind === 'other' && showingOf(view, 'runtime') === 'itself'
}

// In parentheses, as all words that are no functions of the program.
function rootOf(name: string): string {
  return collapsedWord(name.startsWith('(') ? name : `(${name})`)
}

/**
 * A name that can stand in a line: without the separator, and not ending in a number of its own, which flamegraph.pl
 * would read as the first column of a differential profile.
 */
export function collapsedWord(text: string): string {
  return printable(text)
    .replaceAll(';', ',')
    .replace(/ (?=[\d.]+$)/, '_')
}
