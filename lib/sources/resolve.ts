// resolve.ts — a recording as V8 has it → with original files, lines and names. Reads files; the recording stays as it is.
// Neighbours: resolve-script.ts (one script), formats/ (each writer asks here first).

import { withLabelFrames } from '../label-frames.js'
import type { Frame, Profile, ProfileFunction, Script } from '../profile.js'
import { NO_LIMITS, NO_STACK, StackTable } from '../stack-table.js'
import { mergeTotals } from '../tally.js'
import { packagePath } from './package-path.js'
import type { FrameSource, ScriptUse } from './resolve-script.js'
import { SourceMemory } from './source-memory.js'

/** What every writer takes. */
export interface SourceOptions {
  /** Whether files, lines and names are those of the sources, where a source map leads to them; true by default. */
  readonly sourceMaps?: boolean | undefined
  /**
   * Whether files of npm packages are shown as `package/path`, not where they are installed; false by default. Copies of
   * a package then are one.
   */
  readonly packagePaths?: boolean | undefined
  /**
   * Names of labels that are frames at the root of the stacks, in this order, such as `route=/users`, or `(no route)` in stacks
   * without; none by default. See `withLabels()`.
   */
  readonly labels?: readonly string[] | undefined
}

// What was resolved before, by the options; and what is resolved already.
const RESOLVED = new WeakMap<Profile, Map<string, Profile>>()
const RESULTS = new WeakSet<Profile>()

/** How many scripts a note names. */
const SCRIPTS_IN_NOTE = 3

/**
 * The same samples with better names: of functions by the text around them, and with `sourceMaps` files, lines and names
 * of the sources. Functions that become equal are one. Ids are others than those of `profile`, unless there was nothing to
 * change: then it is `profile` itself. What could not be used is a note; no file makes this throw. A result given to it
 * again comes back as it is, and so does what was read from a file, but for `packagePaths`. Who writes one window of a
 * recording after the other gives the same memory each time, with the same options: then what it has of scripts is not read again.
 */
export function resolveSources(
  profile: Profile,
  options: SourceOptions = {},
  memory?: SourceMemory,
): Profile {
  if (RESULTS.has(profile)) return profile
  const { sourceMaps = true, packagePaths = false, labels = [] } = options
  if (memory !== undefined) {
    const result = withLabelFrames(resolve(profile, { sourceMaps, packagePaths }, memory), labels)
    RESULTS.add(result)
    return result
  }
  const key = `${sourceMaps} ${packagePaths} ${JSON.stringify(labels)}`
  const known = RESOLVED.get(profile) ?? new Map<string, Profile>()
  RESOLVED.set(profile, known)
  const before = known.get(key)
  if (before !== undefined) return before
  const result = withLabelFrames(resolve(profile, { sourceMaps, packagePaths }, new SourceMemory()), labels)
  known.set(key, result)
  // Nothing to change with these options does not say that there is nothing with others.
  if (result !== profile) RESULTS.add(result)
  return result
}

/** Says of a profile that its names are final, so that {@link resolveSources} gives it back as it is. Returns it. */
export function markResolved(profile: Profile): Profile {
  RESULTS.add(profile)
  return profile
}

/** Whether the names of a profile are final: it is a result of {@link resolveSources}, or was made of such. */
export function isResolved(profile: Profile): boolean {
  return RESULTS.has(profile)
}

function resolve(
  profile: Profile,
  { sourceMaps, packagePaths }: { sourceMaps: boolean; packagePaths: boolean },
  memory: SourceMemory,
): Profile {
  // A file has what its writer knew. Where it was written, sources may have been other ones.
  if (profile.savedAs) return packagePaths ? withPackagePaths(profile) : profile
  const sources = new Map<number, FrameSource>()
  const changed: string[] = []
  const problems: string[] = []
  for (const use of usesOf(profile)) {
    const script = memory.resolve(use, sourceMaps)
    for (const [frameId, source] of script.frames) sources.set(frameId, source)
    if (script.changed) changed.push(use.script.url)
    if (script.mapProblem !== '') problems.push(`${use.script.url}: ${script.mapProblem}`)
  }
  if (packagePaths) {
    for (const [frameId, { function: fn, ...place }] of sources)
      sources.set(frameId, { function: { ...fn, url: packagePath(fn.url) }, ...place })
  }
  const notes = [...profile.notes]
  if (changed.length > 0)
    notes.push(`names are as V8 has them where the file is not what was loaded: ${listed(changed, ', ')}`)
  if (problems.length > 0)
    notes.push(
      `${problems.length === 1 ? 'a source map was' : 'source maps were'} not used: ${listed(problems, '; ')}`,
    )
  if (notes.length === profile.notes.length && !isDifferent(profile, sources)) return profile
  return { ...withFrames(profile, sources), notes }
}

function withPackagePaths(profile: Profile): Profile {
  return { ...profile, functions: profile.functions.map((fn) => ({ ...fn, url: packagePath(fn.url) })) }
}

function listed(texts: readonly string[], separator: string): string {
  const more = texts.length - SCRIPTS_IN_NOTE
  const text = texts.slice(0, SCRIPTS_IN_NOTE).join(separator)
  return more > 0 ? `${text}${separator}and ${more} more` : text
}

/** The scripts that have samples, each with its functions and frames. A profile may list more: those of an earlier window. */
function usesOf(profile: Profile): Iterable<ScriptUse> {
  const uses = new Map<
    string,
    ScriptUse & { functions: Map<number, ProfileFunction>; frames: Map<number, Frame> }
  >()
  const scriptOfUrl = new Map<string, Script>()
  for (const script of profile.scripts) if (script.url !== '') scriptOfUrl.set(script.url, script)
  for (const frameId of framesWithSamples(profile)) {
    const frame = profile.frames[frameId]
    const fn = frame && profile.functions[frame.functionId]
    if (!fn || frame.kind !== 'js' || fn.url.startsWith('node:')) continue
    const script = profile.scripts[fn.scriptId] ??
      scriptOfUrl.get(fn.url) ?? { url: fn.url, sourceMapUrl: '', origin: '' }
    if (fn.url === '' && script.sourceMapUrl === '') continue
    const key = `${fn.scriptId} ${fn.url}`
    const use = uses.get(key) ?? { script, functions: new Map(), frames: new Map() }
    uses.set(key, use)
    use.functions.set(frame.functionId, fn)
    use.frames.set(frameId, frame)
  }
  return uses.values()
}

function framesWithSamples(profile: Profile): Set<number> {
  const seen = new Set<number>()
  const frameIds = new Set<number>()
  for (const { stackId } of [...profile.totals, ...profile.samples]) {
    for (let id = stackId; id >= 0 && !seen.has(id); id = profile.stacks[id]?.parentId ?? NO_STACK) {
      seen.add(id)
      frameIds.add(profile.stacks[id]?.frameId ?? -1)
    }
  }
  return frameIds
}

function isDifferent(profile: Profile, sources: ReadonlyMap<number, FrameSource>): boolean {
  for (const [frameId, { function: fn, line, column }] of sources) {
    const frame = profile.frames[frameId]
    const before = frame && profile.functions[frame.functionId]
    if (!before || frame.line !== line || frame.column !== column) return true
    if (before.name !== fn.name || before.url !== fn.url) return true
    if (before.line !== fn.line || before.column !== fn.column) return true
  }
  return false
}

// Everything is interned anew, so that what has become equal is one.
function withFrames(profile: Profile, sources: ReadonlyMap<number, FrameSource>): Profile {
  // As large as the profile is, which has its limits, or none if it is a sum.
  const table = new StackTable(NO_LIMITS)
  const frameIds = profile.frames.map(({ functionId, ...frame }, frameId) => {
    const before = profile.functions[functionId]
    if (!before) throw new RangeError(`function ${functionId} is not in this profile`)
    return table.frame({ ...frame, function: before, ...sources.get(frameId) })
  })
  const stackIds: number[] = []
  for (const { frameId, parentId } of profile.stacks)
    stackIds.push(table.push(stackIds[parentId] ?? NO_STACK, frameIds[frameId] ?? -1))
  const moved = <Item extends { readonly stackId: number }>(item: Item): Item => ({
    ...item,
    stackId: stackIds[item.stackId] ?? NO_STACK,
  })
  const { functions, frames, stacks } = table
  return {
    ...profile,
    functions,
    frames,
    stacks,
    totals: mergeTotals(profile.totals.map(moved)),
    samples: profile.samples.map(moved),
  }
}
