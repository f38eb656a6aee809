// native-words.ts — what the runtime did while no JavaScript ran, in words that who writes JavaScript understands. Pure.
// The function nearest to JavaScript decides, for that is what JavaScript called; the table is in native-word-rules.ts.

import { COMPILER, GARBAGE_COLLECTOR, PARSER, meaningOf } from './native-word-rules.js'
import type { Meaning } from './native-word-rules.js'
import type { VmState } from './records.js'

/** A native function by its demangled name, '' if it has none, and the path of its module. */
export interface NativeSymbol {
  readonly name: string
  readonly module: string
}

/** A frame to put in front of the native frames. */
export interface NativeWord {
  readonly name: string
  readonly kind: 'runtime' | 'gc'
}

const COLLECTOR: NativeWord = { name: '(garbage collector)', kind: 'gc' }

const WAITING = /^(?:uv__io_poll|epoll_p?wait2?|__?epoll_wait|kevent|__?poll|ppoll)$/

/** V8's own account, where the functions have no names: a node whose symbols were stripped has few. */
const WORD_OF_STATE: Readonly<Partial<Record<VmState, string>>> = {
  parser: PARSER,
  compiler: COMPILER,
  'bytecode-compiler': COMPILER,
  'atomics-wait': 'Atomics.wait',
}

/**
 * The word for native frames, given leaf-first: those under the last frame of JavaScript, or if there is none (`alone`)
 * all of the stack. What is not recognised is `(native)`; without JavaScript `(program)`.
 */
export function wordOf(
  symbolsLeafFirst: readonly NativeSymbol[],
  vmState: VmState,
  { alone = false }: { readonly alone?: boolean } = {},
): NativeWord {
  if (vmState === 'gc' || symbolsLeafFirst.some(isCollector)) return COLLECTOR
  const name = meaningNearestToRoot(symbolsLeafFirst)
  if (name === COMPILER && vmState === 'parser') return runtime(PARSER)
  if (name !== null) return runtime(name)
  const state = WORD_OF_STATE[vmState]
  if (state !== undefined) return runtime(state)
  if (WAITING.test(symbolsLeafFirst[0]?.name ?? '')) return runtime('(idle)')
  return runtime(alone ? '(program)' : '(native)')
}

const V8_WORKER = '(V8 worker)'

/** Who runs on a thread without JavaScript, by any function of its stack. The first that matches. */
const THREADS: readonly (readonly [RegExp, string])[] = [
  [/^node::(?:\(anonymous namespace\)::)?PlatformWorkerThread|^node::WorkerThreadsTaskRunner::/, V8_WORKER],
  [/^v8::platform::(?:DefaultWorkerThreads|DefaultJobWorker)/, V8_WORKER],
  [/^node::worker::Worker::StartThread/, '(worker, not attached)'],
  [/^node::inspector::/, '(inspector)'],
  [/^node::\w*Watchdog/, '(watchdog)'],
  [/^node::tracing::/, '(trace events)'],
  [/^uv__(?:fs|getaddrinfo|getnameinfo|random|queue)_work$|^node::ThreadPoolWork::/, '(libuv pool)'],
]

/** The word for a thread whose frames do not tell what it is. */
export const UNTOLD_THREAD = '(other threads)'

/**
 * The word for a thread without JavaScript, from its native frames, leaf-first: `(libuv pool)`, `(V8 worker)` and what it
 * does, `(sharp.node)` for a thread that an addon started; {@link UNTOLD_THREAD} where the frames do not tell.
 */
export function threadWordOf(symbolsLeafFirst: readonly NativeSymbol[]): NativeWord {
  for (let i = symbolsLeafFirst.length - 1; i >= 0; i--) {
    const { name, module } = symbolsLeafFirst[i] as NativeSymbol
    if (module.endsWith('.node')) return runtime(`(${module.slice(module.lastIndexOf('/') + 1)})`)
    if (isPoolWorker(name, module)) return runtime('(libuv pool)')
    const word = THREADS.find(([pattern]) => pattern.test(name))?.[1]
    if (word === V8_WORKER) return workerDoing(symbolsLeafFirst) ?? runtime(V8_WORKER)
    if (word !== undefined) return runtime(word)
  }
  // Only V8's workers collect or compile; so they are known even where the root of the stack was cut off.
  return workerDoing(symbolsLeafFirst) ?? runtime(UNTOLD_THREAD)
}

function workerDoing(symbolsLeafFirst: readonly NativeSymbol[]): NativeWord | null {
  if (symbolsLeafFirst.some(isCollector)) return runtime('(V8 worker: garbage collector)')
  return symbolsLeafFirst.some(isCompiler) ? runtime('(V8 worker: compiler)') : null
}

// libuv calls it just `worker`, which any library may; libuv is part of node, or a library of that name.
function isPoolWorker(name: string, module: string): boolean {
  return name === 'worker' && (module.includes('/libuv') || !/\.(?:so|dylib)\b/.test(module))
}

/** The word of the function nearest to JavaScript that has one, or of one under it that says it more exactly. */
function meaningNearestToRoot(symbolsLeafFirst: readonly NativeSymbol[]): string | null {
  let found: Meaning | null = null
  for (let i = symbolsLeafFirst.length - 1; i >= 0; i--) {
    const { meaning } = factsOf(symbolsLeafFirst[i] as NativeSymbol)
    if (meaning === null) continue
    if (found === null) found = meaning
    else if (found.narrower?.test(meaning.word) === true) return meaning.word
    if (found.narrower === undefined) return found.word
  }
  return found?.word ?? null
}

function isCollector(symbol: NativeSymbol): boolean {
  return factsOf(symbol).isCollector
}

function isCompiler(symbol: NativeSymbol): boolean {
  const word = factsOf(symbol).meaning?.word
  return word === COMPILER || word === PARSER || word === 'WebAssembly compile'
}

function runtime(name: string): NativeWord {
  return { name, kind: 'runtime' }
}

interface Facts {
  readonly meaning: Meaning | null
  readonly isCollector: boolean
}

// A recording meets the same few thousand functions again and again, and the table is long. By module and then by name:
// both strings are the caller's, with their hashes known, where a joined key would be hashed anew each time.
const FACTS_MAX = 20_000
const factsOfModule = new Map<string, Map<string, Facts>>()
let factsKept = 0

function factsOf(symbol: NativeSymbol): Facts {
  let factsOfName = factsOfModule.get(symbol.module)
  let facts = factsOfName?.get(symbol.name)
  if (facts === undefined) {
    facts = { meaning: meaningOf(symbol), isCollector: GARBAGE_COLLECTOR.test(symbol.name) }
    if (factsKept++ === FACTS_MAX) {
      factsOfModule.clear()
      factsKept = 1
      factsOfName = undefined
    }
    if (factsOfName === undefined) factsOfModule.set(symbol.module, (factsOfName = new Map<string, Facts>()))
    factsOfName.set(symbol.name, facts)
  }
  return facts
}
