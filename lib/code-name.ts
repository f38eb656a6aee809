// code-name.ts — V8's name of a piece of code → what it is. Pure.
//
// The form is that of V8's CodeEventLogger (src/logging/log.cc): a tag and a colon; for JavaScript a mark of the tier, the
// function's name (empty if it has none), a space, the script's name, and the 1-based line and column where the function
// starts. Both names may hold spaces and colons. A regular expression's name is its source; from V8 13 on the tag carries a
// sign for the width of its characters, and the flags follow. WebAssembly's names are told by the type of the event.

import type { FrameKind, Tier } from './profile.js'

export interface CodeName {
  /** What to show. Never empty. */
  readonly name: string
  readonly url: string
  /** 1-based; 0 where V8 gives none. */
  readonly line: number
  readonly column: number
  readonly kind: FrameKind
  readonly tier: Tier | null
  /** Code that calls or carries functions and is none itself: V8's trampolines and bytecode handlers. Not shown. */
  readonly plumbing: boolean
}

const TIER_OF_MARK: Readonly<Record<string, Tier>> = {
  '~': 'interpreted',
  '^': 'baseline',
  '+': 'maglev',
  '*': 'turbofan',
}

const JS_TAGS = new Set(['JS', 'Function', 'Script', 'Eval', 'LazyCompile'])

const PLUMBING = new RegExp(
  '^(?:' +
    [
      'InterpreterEntryTrampoline(?:ForProfiling)?',
      'InterpreterEnterAt(?:Next)?Bytecode',
      'InterpreterPush\\w+',
      'InterpreterForward\\w+',
      'InterpreterOnStackReplacement\\w*',
      'Baseline(?:OutOfLinePrologue|LeaveFrame|OnStackReplacement|OrInterpreterEnterAt)\\w*',
      'Maglev(?:OnStackReplacement|FunctionEntryStackCheck)\\w*',
      'JS(?:Construct)?Entry(?:Trampoline)?',
      'JSRunMicrotasksEntry',
      'JSBuiltinsConstructStub|JSConstructStubGeneric',
      'C?Entry_\\w+',
      'WasmCEntry',
      '(?:JSToWasm|WasmToJs)\\w*',
      'Call(?:Function)?(?:_Receiver\\w+|ForwardVarargs|Varargs|WithSpread|WithArrayLike|BoundFunction)\\w*',
      'Construct(?:Function|BoundFunction|ForwardVarargs|ForwardAllArgs|Varargs|WithSpread|WithArrayLike)?\\w*',
      'FunctionPrototype(?:Apply|Call)',
      'AdaptorWith\\w+|ArgumentsAdaptorTrampoline',
      'HandleApiCall\\w*|CallApi\\w+',
      'ContinueTo\\w+',
      'DeoptimizationEntry_\\w+',
      'CompileLazy\\w*',
      'RunMicrotasks(?:Trampoline)?',
      'ResumeGeneratorTrampoline',
      'DirectCEntry',
    ].join('|') +
    ')$',
)

const NOWHERE = { url: '', line: 0, column: 0, tier: null, plumbing: false } as const

const REG_EXP = /^RegExp\.\S* src: '(.*)' flags: '\w*'$/s

// The code through which JavaScript calls WebAssembly: a stub while it is made, a function of the module's later.
const WASM_ENTRY = /^js-to-wasm:/
const WASM_NAME = /^\w+:(.*)-(\d+|<anonymous>)-\w+$/s
// And the code through which WebAssembly calls JavaScript; Node 20 gives it an index.
const WASM_EXIT = /^wasm-to-js(?::|$)/

/** Takes V8's name apart. Whatever the text, there is a result. */
export function parseCodeName(text: string): CodeName {
  const colon = text.indexOf(':')
  const tag = colon < 0 ? text : text.slice(0, colon)
  const rest = colon < 0 ? '' : text.slice(colon + 1)
  const regExp = REG_EXP.exec(text)
  if (regExp) return { ...NOWHERE, name: `RegExp: ${regExp[1] ?? ''}`, kind: 'runtime' }
  if (JS_TAGS.has(tag)) return parseJavaScript(tag, rest)
  switch (tag) {
    case 'Builtin': {
      const name = rest.trim() || '(builtin)'
      return { ...NOWHERE, name, kind: 'builtin', plumbing: PLUMBING.test(name) }
    }
    case 'BytecodeHandler':
      return { ...NOWHERE, name: rest.trim() || '(bytecode handler)', kind: 'builtin', plumbing: true }
    case 'RegExp':
      return { ...NOWHERE, name: `RegExp: ${rest.trim()}`, kind: 'runtime' }
    default:
      return {
        ...NOWHERE,
        name: rest.trim() || tag || '(unknown code)',
        kind: 'builtin',
        plumbing: WASM_ENTRY.test(rest),
      }
  }
}

/**
 * Takes V8's name of a piece of code that was compiled from WebAssembly apart: the function's name, `wasm-function[0]` if
 * the module gives none, its index, and the compiler, as in `JS:parse-7-liftoff`.
 */
export function parseWasmName(text: string): CodeName {
  const [, name = '', index] = WASM_NAME.exec(text) ?? []
  if (index === undefined) return { ...NOWHERE, name: text || '(unknown code)', kind: 'wasm' }
  return { ...NOWHERE, name: name || `wasm-function[${index}]`, kind: 'wasm', plumbing: WASM_EXIT.test(name) }
}

// The mark, perhaps with V8 14's `o` for on-stack replacement before it and `'` for context-specialized code behind it.
const MARK = /^o?([~^+*])'?/
// Where a script's name begins: a path, a URL, or one of Node's names for evaluated code. Of schemes without slashes only
// those count that Node has, since a function's name may be any text: `does a thing: well`, `a / b`. The last place counts: a name
// may have a regular expression in it, `Identifier[name = /^to/]`, and few folders have a name that ends with a space.
const URL_START =
  / (?=\/\S|[a-z][a-z0-9+.-]+:\/\/|(?:node|data|blob):\S|evalmachine\.<|\[eval|\[worker eval|\[stdin)/g
const POSITION = /:(\d+):(\d+)$/

function parseJavaScript(tag: string, rest: string): CodeName {
  const mark = MARK.exec(rest)
  const tier = TIER_OF_MARK[mark?.[1] ?? ''] ?? null
  let text = mark ? rest.slice(mark[0].length) : rest
  const position = POSITION.exec(text)
  if (position) text = text.slice(0, position.index)
  const urlAt = [...text.matchAll(URL_START)].at(-1)
  const split = urlAt ? urlAt.index : text.startsWith(' ') ? 0 : text.lastIndexOf(' ')
  const name = split < 0 ? text : text.slice(0, split)
  const line = position ? Number(position[1]) : 0
  const column = position ? Number(position[2]) : 0
  // What node wraps around a CommonJS module starts with the file, and has no name; so has the body of an ES module.
  const isTopLevel = name === '' && (tag === 'Script' || (line === 1 && column === 1))
  return {
    name: isTopLevel ? '(top level)' : name || '(anonymous)',
    url: split < 0 ? '' : text.slice(split + 1),
    line: isTopLevel ? 1 : line,
    column: isTopLevel ? 1 : column,
    kind: 'js',
    tier,
    plumbing: mark === null && WASM_ENTRY.test(text),
  }
}
