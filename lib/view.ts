// view.ts — which frames of a stack a reader sees, and as what. Chosen when a profile is folded; a recording has all
// frames. Pure. Neighbours: labels.ts, which applies it to a profile, and the formats, which all take it.

import { NativeprofError } from './errors.js'
import type { FrameKind, Profile } from './profile.js'

/**
 * For whom a profile is written. `js`: who writes JavaScript sees functions, V8's builtins, and words for what the
 * runtime did under them. `mixed`: everything that was recorded, native frames and V8's helpers among it. `native`: who
 * writes C++ sees native frames, and where JavaScript lies between them.
 */
export type ViewName = 'js' | 'mixed' | 'native'

/** What a profile is shown as where nobody names a view. */
export const DEFAULT_VIEW: ViewName = 'js'

/** All of them. */
export const VIEWS: readonly ViewName[] = ['js', 'mixed', 'native']

/**
 * How a view shows a frame. `itself`: by its name. `javascript`: neighbours of this kind are one `(JavaScript)` together.
 * `leaf`: only where nothing lies under it, for what lies under it says it better. `hidden`: its time is its caller's.
 */
export type Showing = 'itself' | 'javascript' | 'leaf' | 'hidden'

const SHOWINGS: Readonly<Record<ViewName, Readonly<Partial<Record<FrameKind, Showing>>>>> = {
  // Helpers of V8's are part of the function that uses them, as the machine instructions of an addition are.
  js: { native: 'hidden', helper: 'hidden' },
  mixed: {},
  native: { js: 'javascript', builtin: 'javascript', helper: 'javascript', runtime: 'leaf' },
}

/**
 * The view that a profile is written in: the one asked for, else {@link DEFAULT_VIEW}. What was read from a file has the frames
 * of one view already, and is written with all of them.
 */
export function viewFor(profile: Profile, asked: ViewName | undefined): ViewName {
  return asked ?? (profile.savedAs ? 'mixed' : DEFAULT_VIEW)
}

/** The view whose frames are left when a profile is written in `view`; null where a file did not say which it has. */
export function viewLeft({ savedAs }: Profile, view: ViewName): ViewName | null {
  return savedAs && view === 'mixed' ? savedAs.view : view
}

/** How a view shows frames of a kind. */
export function showingOf(view: ViewName, kind: FrameKind): Showing {
  return SHOWINGS[view][kind] ?? 'itself'
}

/** Whether a frame stands for a function, or for the line of it that was being executed. */
export type GranularityName = 'function' | 'line'

/** What a profile is shown by where nobody names a granularity. */
export const DEFAULT_GRANULARITY: GranularityName = 'function'

/** Throws ERR_NATIVEPROF_INVALID_ARGUMENT for any other name. */
export function granularityNamed(name: string): GranularityName {
  if (name === 'function' || name === 'line') return name
  throw new NativeprofError(
    'ERR_NATIVEPROF_INVALID_ARGUMENT',
    `no granularity is called "${name}"; there are function, line`,
  )
}

/** Throws ERR_NATIVEPROF_INVALID_ARGUMENT for a name that is not in {@link VIEWS}. */
export function viewNamed(name: string): ViewName {
  const view = VIEWS.find((each) => each === name)
  if (view !== undefined) return view
  throw new NativeprofError(
    'ERR_NATIVEPROF_INVALID_ARGUMENT',
    `no view is called "${name}"; there are ${VIEWS.join(', ')}`,
  )
}
