// current-stack.ts — the stack of whoever asks, at this moment: with V8's builtins and C++ under and between JavaScript.

import { addonFile, loadBinding } from './binding.js'
import { NativeprofError } from './errors.js'
import { profileOfStacks, stackFrameOf } from './lone-stack.js'
import type { StackFrame } from './lone-stack.js'
import { NativeFrames } from './native-frames.js'
import { OWN_MODULES_URL } from './own-package.js'
import { framesLeafFirst } from './profile.js'
import type { Frame, Profile } from './profile.js'
import { StackTable } from './stack-table.js'
import { resolveSources } from './sources/resolve.js'
import type { SourceOptions } from './sources/resolve.js'
import { Symbolizer } from './symbolize.js'
import { DEFAULT_VIEW, showingOf, viewNamed } from './view.js'
import type { ViewName } from './view.js'

/** Choices for {@link currentStack}. */
export interface CurrentStackOptions extends Pick<SourceOptions, 'sourceMaps' | 'packagePaths'> {
  /** Whose frames: `js`, the default, has functions and V8's builtins; `mixed` has native frames, too; `native` those alone. */
  readonly view?: ViewName
}

const MAX_DEPTH = 1024

/**
 * The stack of the calling function, which comes first, in its own thread, main or worker; whether a sampler runs or not. What it
 * needs is found anew each time: that takes some 100 ms, in which the program waits. For `new Error().stack` there is a faster way.
 *
 * Throws ERR_NATIVEPROF_INVALID_ARGUMENT for an unknown view; ERR_NATIVEPROF_NO_BINDING and ERR_NATIVEPROF_UNSUPPORTED_PLATFORM
 * where nativeprof cannot run; ERR_NATIVEPROF_SYSTEM if the stack cannot be walked.
 */
export function currentStack(options: CurrentStackOptions = {}): StackFrame[] {
  const view = viewNamed(options.view ?? DEFAULT_VIEW)
  const binding = loadBinding()
  const { addresses, codeEvents, codeRanges, tables } = binding.stackHere(MAX_DEPTH)
  if (addresses.length === 0)
    throw new NativeprofError('ERR_NATIVEPROF_SYSTEM', 'the stack cannot be walked on this platform')
  const table = new StackTable()
  const nativeFrames = new NativeFrames(table, (all) => binding.nativeSymbols(all))
  const symbolizer = new Symbolizer({
    table,
    nativeFrames,
    // Nothing is ours here: it is what the caller's own stack looks like, and is cut off below.
    ownUrl: 'nativeprof:',
    ownModule: '',
    codeRanges,
    findCode: (address) => binding.findCode(address),
  })
  symbolizer.tables = tables
  symbolizer.addCodeEvents(Buffer.from(codeEvents))
  const stackId = symbolizer.stackOf({
    kind: 'sample',
    timeNanos: 0,
    sequence: 2 ** 32 - 1,
    threadNumber: 1,
    tid: 0,
    ticks: 1,
    vmState: 'js',
    labelNumber: 0,
    codeIsMoving: false,
    addresses,
  })
  const recorded = profileOfStacks(table, [stackId])
  const { sourceMaps = true, packagePaths = false } = options
  const profile = resolveSources(recorded, { sourceMaps, packagePaths })
  return ofCaller(recorded, profile, stackId)
    .filter(({ kind }) => showingOf(view, kind) === 'itself')
    .map((frame) => stackFrameOf(profile, frame))
}

/** Leaf-first, from the function on that called us: behind the last frame of ours that is nearest to the leaf. */
function ofCaller(recorded: Profile, profile: Profile, stackId: number): Frame[] {
  const isOwn = (frame: Frame): boolean => {
    const url = recorded.functions[frame.functionId]?.url ?? ''
    return (OWN_MODULES_URL !== '' && url.startsWith(OWN_MODULES_URL)) || url === addonFile()
  }
  const before = framesLeafFirst(recorded, stackId)
  const first = before.findIndex((frame) => frame.kind === 'js' && isOwn(frame))
  let at = first < 0 ? 0 : first
  for (let frame = before[at]; frame !== undefined && isOwn(frame); frame = before[at]) at++
  // The same frames, with the names of the sources; and without those of ours that call functions of the program.
  const hidden = new Set(before.flatMap((frame, i) => (i >= at && isOwn(frame) ? [i] : [])))
  return framesLeafFirst(profile, stackId).filter((_, i) => i >= at && !hidden.has(i))
}
