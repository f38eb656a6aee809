// collapsed.ts — the text that flame graph tools read: one line per distinct stack, `root;child;leaf 42`.
// Format: Brendan Gregg's stackcollapse scripts; flamegraph.pl, inferno and speedscope read it. It has no escapes. Pure,
// but for the source maps that resolve.ts reads.

import { NativeprofError } from '../errors.js'
import { fold } from '../fold.js'
import { internLabels, labelText, printable } from '../labels.js'
import type { Profile } from '../profile.js'
import { resolveSources } from '../sources/resolve.js'
import type { SourceOptions } from '../sources/resolve.js'
import { DEFAULT_THREADS } from '../threads.js'
import type { ThreadsName } from '../threads.js'
import { showingOf, viewFor } from '../view.js'
import type { GranularityName, ViewName } from '../view.js'
import { inParts, wholeText } from './parts.js'
import { threadRoots } from './thread-roots.js'

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
   * many frames as it was run in ways. Not by default. (`_[k]`, of that palette, is for the kernel's frames, which nothing here
   * records.)
   */
  readonly annotations?: boolean
  /**
   * Whether what the runtime did is a frame, as `(garbage collector)` and `JSON.parse` are where no function of the program does it.
   * True by default; with false its time is its caller's.
   */
  readonly pseudoFrames?: boolean
}

/**
 * One line per distinct stack, root-first, sorted, each ended by a line feed; the empty string if there are none. Throws
 * ERR_NATIVEPROF_INVALID_ARGUMENT for microseconds of a profile that was read from a file without times, and
 * ERR_NATIVEPROF_OUTPUT where all lines together are longer than a text may be.
 */
export function toCollapsed(recorded: Profile, options: CollapsedOptions = {}): string {
  return wholeText(collapsedParts(recorded, options))
}

/** The same in parts, of whole lines, which may be gigabytes together. Throws as {@link toCollapsed}, but not for their length. */
export function collapsedParts(recorded: Profile, options: CollapsedOptions = {}): Iterable<string> {
  const profile = resolveSources(recorded, options)
  const view = viewFor(profile, options.view)
  const { threads = DEFAULT_THREADS, unit = 'ticks', annotations = false, pseudoFrames = true } = options
  if (unit === 'micros' && profile.savedAs?.weightUnit === 'ticks') {
    const message = 'the file that was read has no times, so there are no microseconds to write; write ticks'
    throw new NativeprofError('ERR_NATIVEPROF_INVALID_ARGUMENT', message)
  }
  const { labels, labelIdOfStack, leafLabelIds } = internLabels(profile, view, options.granularity)
  const words = labels.map((label) => collapsedWord(labelText(label)))
  const isAnnotated = annotations && showingOf(view, 'js') === 'itself'
  const wordOf = (stackId: number): string | null => {
    const shown = words[labelIdOfStack[stackId] ?? -1]
    if (shown === undefined || (!pseudoFrames && isPseudo(profile, stackId))) return null
    return shown + (isAnnotated ? annotationOf(profile, stackId) : '')
  }
  const leafOf = (stackId: number): string | null => {
    if (pseudoFrames || !isPseudo(profile, stackId)) return words[leafLabelIds.get(stackId) ?? -1] ?? null
    for (let id = stackId; id >= 0; id = profile.stacks[id]?.parentId ?? -1)
      if (wordOf(id) !== null) return null
    return NOTHING_LEFT
  }
  const roots = threadRoots(profile, view, threads)
  const folded = fold(profile, {
    nameOf: wordOf,
    leafOf,
    rootOf: (thread) => {
      const root = roots.get(thread)
      return root === undefined ? null : collapsedWord(root)
    },
    weightOf: (total) => (unit === 'ticks' ? total.ticks : total.weightNanos / 1000),
  })
  return inParts(function* () {
    for (const [stack, weight] of folded) yield `${stack} ${Math.round(weight)}\n`
  })
}

/** What stands for a stack of which nothing else is shown. */
const NOTHING_LEFT = '(no frames)'

function isPseudo({ stacks, frames }: Profile, stackId: number): boolean {
  const kind = frames[stacks[stackId]?.frameId ?? -1]?.kind
  return kind === 'runtime' || kind === 'gc'
}

function annotationOf({ stacks, frames }: Profile, stackId: number): string {
  const frame = frames[stacks[stackId]?.frameId ?? -1]
  if (frame?.kind !== 'js') return ''
  if (frame.inlined) return '_[i]'
  return frame.tier === null || frame.tier === 'interpreted' ? '' : '_[j]'
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
