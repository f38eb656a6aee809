// stack-answer.ts — what a process under nativeprof/auto answers to the question where it is → its threads and their stacks.
// The layout is defined in native/stack_answers.h; this is its only reader. Neighbour: ask-stacks.ts, which asks.

import type { TablesLevel } from '../binding.js'
import { stackFrameOf, profileOfStacks } from '../lone-stack.js'
import type { StackFrame } from '../lone-stack.js'
import { NativeFrames } from '../native-frames.js'
import { NativeSymbolizer } from '../native-symbolizer.js'
import { framesLeafFirst } from '../profile.js'
import { decodeRecords } from '../records.js'
import type { RawSample } from '../records.js'
import { resolveSources } from '../sources/resolve.js'
import { StackTable } from '../stack-table.js'
import { Symbolizer } from '../symbolize.js'

/** Where a thread is. */
export interface ThreadStack {
  /** The kernel's id of the thread, and its name for it. */
  readonly tid: number
  readonly threadName: string
  /** What it runs JavaScript as; 'other' if it runs none. */
  readonly kind: 'main' | 'worker' | 'other'
  /** Of a worker: its number, and the name that it was given. */
  readonly workerId: number
  readonly workerName: string
  /**
   * `came`: `frames` are its stack. `blocked`: it takes no such signal, as threads that must not be disturbed do. `none`: it did
   * not answer in time.
   */
  readonly answer: 'came' | 'blocked' | 'none'
  /** The innermost first; all of them, native ones too. Empty if there is no answer, or the stack could not be walked. */
  readonly frames: readonly StackFrame[]
}

interface ScriptThread {
  readonly number: number
  readonly tid: number
  readonly workerId: number
  readonly name: string
  readonly codeRanges: readonly number[]
  readonly codeBytes: number
}

interface AnswerText {
  readonly isSampling: boolean
  readonly tables: TablesLevel
  readonly recordBytes: number
  readonly threads: readonly ScriptThread[]
  readonly all: readonly {
    readonly tid: number
    readonly name: string
    readonly answer: ThreadStack['answer']
  }[]
  readonly symbols: Readonly<Record<string, readonly [string, string]>>
}

const MAGIC = 'npstacks'
const HEADER_BYTES = 16

/** Whether the answer is complete. Who reads while it is written may have its beginning, with all that says so, and not yet its end. */
export function isComplete(bytes: Buffer): boolean {
  if (bytes.length < HEADER_BYTES || bytes.toString('latin1', 0, MAGIC.length) !== MAGIC) return false
  return (
    bytes.length === HEADER_BYTES + bytes.readUInt32LE(MAGIC.length) + bytes.readUInt32LE(MAGIC.length + 4)
  )
}

/** The threads of the process, those that run JavaScript first; null if no sampler runs there, which alone can tell. */
export function readAnswer(bytes: Buffer): ThreadStack[] | null {
  const textEnd = HEADER_BYTES + bytes.readUInt32LE(MAGIC.length)
  const answer = JSON.parse(bytes.toString('utf8', HEADER_BYTES, textEnd)) as AnswerText
  if (!answer.isSampling) return null
  let at = textEnd + answer.recordBytes
  const samples = decodeRecords(Buffer.from(bytes.subarray(textEnd, at))).filter(
    (record): record is RawSample => record.kind === 'sample',
  )
  const table = new StackTable()
  const nativeFrames = new NativeFrames(table, (addresses) =>
    [...addresses].flatMap((address) => answer.symbols[String(address)] ?? ['', '(unknown)']),
  )
  const sources = { table, nativeFrames, ownModule: '' }
  const nativeSymbolizer = new NativeSymbolizer(sources)
  const symbolizers = new Map<number, Symbolizer>()
  for (const { number, codeRanges, codeBytes } of answer.threads) {
    const symbolizer = new Symbolizer({
      ...sources,
      ownUrl: 'nativeprof:',
      codeRanges: Float64Array.from(codeRanges),
      findCode: () => new ArrayBuffer(0),
    })
    symbolizer.tables = answer.tables
    symbolizer.addCodeEvents(Buffer.from(bytes.subarray(at, (at += codeBytes))))
    symbolizers.set(number, symbolizer)
  }
  const stackIds = new Map<number, number>()
  for (const sample of samples) {
    if (sample.addresses.length === 0) continue
    const symbolizer = symbolizers.get(sample.threadNumber) ?? nativeSymbolizer
    stackIds.set(sample.tid, symbolizer.stackOf(sample))
  }
  const profile = resolveSources(profileOfStacks(table, [...stackIds.values()]), { packagePaths: false })
  const threads = answer.all.map(({ tid, name, answer: how }): ThreadStack => {
    const script = answer.threads.find((thread) => thread.tid === tid)
    const stackId = stackIds.get(tid)
    return {
      tid,
      threadName: name,
      kind: script === undefined ? 'other' : script.workerId === 0 ? 'main' : 'worker',
      workerId: script?.workerId ?? 0,
      workerName: script?.name ?? '',
      answer: how,
      frames:
        stackId === undefined
          ? []
          : framesLeafFirst(profile, stackId).map((frame) => stackFrameOf(profile, frame)),
    }
  })
  const order = ['main', 'worker', 'other']
  return threads.sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind) || a.tid - b.tid)
}
