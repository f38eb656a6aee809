// function-context.ts — where in a function its own time goes, and who called it then. Pure. Neighbour: markdown.ts.

import { labelIdsLeafFirst } from '../labels.js'
import type { LabelTable } from '../labels.js'
import type { Profile } from '../profile.js'

/** Of the time that a function used itself. All lists begin with the most. */
export interface FunctionContext {
  /** Executed lines, as far as known. */
  readonly lines: readonly { readonly line: number; readonly nanos: number }[]
  /** Direct callers, as indexes into the labels; -1 for none. */
  readonly callers: readonly { readonly labelId: number; readonly nanos: number }[]
  /** The stack with the most of the time, root-first, as indexes into the labels. */
  readonly hottestPath: readonly number[]
}

/** The contexts of some labels, in their order. */
export function contextsOf(
  profile: Profile,
  table: LabelTable,
  labelIds: readonly number[],
): readonly FunctionContext[] {
  const drafts = new Map(labelIds.map((id) => [id, new Draft()]))
  for (const { stackId, weightNanos } of profile.totals) {
    const path = labelIdsLeafFirst(profile, table, stackId)
    const draft = drafts.get(path[0] ?? -1)
    draft?.add(path, lineOfLeaf(profile, table, stackId), weightNanos)
  }
  return Array.from(drafts.values(), (draft) => draft.finish())
}

class Draft {
  readonly #nanosOfLine = new Map<number, number>()
  readonly #nanosOfCaller = new Map<number, number>()
  readonly #nanosOfPath = new Map<string, { readonly path: readonly number[]; nanos: number }>()

  add(leafFirst: readonly number[], line: number, nanos: number): void {
    if (line > 0) this.#nanosOfLine.set(line, (this.#nanosOfLine.get(line) ?? 0) + nanos)
    const caller = leafFirst[1] ?? -1
    this.#nanosOfCaller.set(caller, (this.#nanosOfCaller.get(caller) ?? 0) + nanos)
    const key = leafFirst.join(' ')
    const known = this.#nanosOfPath.get(key)
    if (known) known.nanos += nanos
    else this.#nanosOfPath.set(key, { path: leafFirst, nanos })
  }

  finish(): FunctionContext {
    const [hottest] = [...this.#nanosOfPath.values()].sort((a, b) => b.nanos - a.nanos)
    return {
      lines: sorted(this.#nanosOfLine, (line, nanos) => ({ line, nanos })),
      callers: sorted(this.#nanosOfCaller, (labelId, nanos) => ({ labelId, nanos })),
      hottestPath: [...(hottest?.path ?? [])].reverse(),
    }
  }
}

// Of the innermost frame that is shown, which is the function itself.
function lineOfLeaf(profile: Profile, table: LabelTable, stackId: number): number {
  if (table.leafLabelIds.has(stackId)) return 0
  for (let id = stackId; id >= 0;) {
    const stack = profile.stacks[id]
    if (!stack) return 0
    if ((table.labelIdOfStack[id] ?? -1) >= 0) return profile.frames[stack.frameId]?.line ?? 0
    id = stack.parentId
  }
  return 0
}

function sorted<Item>(
  nanosOf: ReadonlyMap<number, number>,
  make: (key: number, nanos: number) => Item,
): Item[] {
  return Array.from(nanosOf)
    .sort(([, a], [, b]) => b - a)
    .map(([key, nanos]) => make(key, nanos))
}
