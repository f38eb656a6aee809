import t from 'tap'
import { FRAMES_LEFT_OUT } from '#lib/records.js'
import type { RawSample } from '#lib/records.js'
import { CODE, NATIVE_BYTES, add, addAt, fn, inNative } from './support/symbolizing.js'
import { makeNativeSymbolizer, makeSymbolizer } from './support/symbolizing.js'

t.test('native frames stand behind the word for what they do, and where they call back', async (t) => {
  const { table, stackOf } = makeSymbolizer(add(1, 0, fn('main')), add(2, 100, fn('reviver')))
  const [parse, parser, memcpy] = [
    inNative('v8::internal::Builtin_JsonParse'),
    inNative('v8::internal::JsonParser<unsigned char>::ParseJson'),
    inNative('memcpy'),
  ]
  const native = 'v8::internal::Builtin_JsonParse;v8::internal::JsonParser<unsigned char>::ParseJson'
  t.equal(stackOf([memcpy, parser, parse, 50]), `main;JSON.parse;${native};memcpy`)
  t.equal(stackOf([150, parser, parse, 50]), `main;${native};reviver`, 'no word for what has come back')
  t.equal(stackOf([memcpy, 150, parser, parse, 50]), `main;${native};reviver;(native);memcpy`)
  t.equal(stackOf([50, inNative('node::SpinEventLoop'), inNative('main')]), 'main;node::SpinEventLoop;main')
  t.strictSame(new Set(table.frames.map(({ kind }) => kind)), new Set(['js', 'native', 'runtime']))
})

t.test('a native function is found by the call, the interrupted one by its instruction', async (t) => {
  const { stackOf } = makeSymbolizer(add(1, 0, fn('main')))
  const [last, first] = [inNative('node::SpinEventLoop', NATIVE_BYTES), inNative('node::SpinEventLoop', 0)]
  t.equal(stackOf([inNative('memcpy'), last, 50]), 'main;(native);node::SpinEventLoop;memcpy')
  t.equal(stackOf([inNative('memcpy'), first, 50]), 'main;(native);main;memcpy')
  t.equal(stackOf([first, 50]), 'main;(native);node::SpinEventLoop')
  t.equal(stackOf([50, first]), 'main;main', 'at the root as well')
})

t.test('what V8 was doing is the word where the functions have none', async (t) => {
  const { stackOf } = makeSymbolizer(add(1, 0, fn('main')))
  const wordOf = (vmState: RawSample['vmState']) => stackOf([inNative('memcpy'), 50], { vmState })
  t.equal(wordOf('parser'), 'main;(parser);memcpy')
  t.equal(wordOf('compiler'), 'main;(compiler);memcpy')
  t.equal(wordOf('bytecode-compiler'), 'main;(compiler);memcpy')
  for (const state of ['js', 'other', 'external', 'idle'] as const) {
    t.equal(wordOf(state), 'main;(native);memcpy', state)
  }
  t.equal(stackOf([inNative('main')], { vmState: 'external' }), '(program);main', 'without JavaScript')
})

t.test('a collection is the garbage collector, by its functions and by what V8 says', async (t) => {
  const { table, stackOf } = makeSymbolizer(add(1, 0, fn('main')))
  const parse = inNative('v8::internal::Builtin_JsonParse')
  const collect = inNative('v8::internal::Heap::CollectGarbage')
  const names = 'v8::internal::Builtin_JsonParse;v8::internal::Heap::CollectGarbage'
  t.equal(stackOf([collect, parse, 50]), `main;(garbage collector);${names}`)
  t.equal(stackOf([inNative('memcpy'), 50], { vmState: 'gc' }), 'main;(garbage collector);memcpy')
  t.equal(stackOf([inNative('memcpy'), 50]), 'main;(native);memcpy', 'one word does not become the other')
  t.equal(table.frames.filter(({ kind }) => kind === 'gc').length, 1)
})

t.test("what runs in nativeprof's own module is its own", async (t) => {
  const { table, stackOf } = makeSymbolizer(add(1, 0, fn('main')))
  const drain = inNative('nativeprof::Drain')
  t.equal(stackOf([inNative('memcpy'), drain, 50]), 'main;(nativeprof);nativeprof::Drain;memcpy')
  t.equal(stackOf([drain, 50], { vmState: 'gc' }), 'main;(nativeprof);nativeprof::Drain')
  t.equal(
    table.frames.find(({ functionId }) => table.functions[functionId]?.name === '(nativeprof)')?.kind,
    'pseudo',
  )
})

t.test("WebAssembly lies outside of V8's other code, and is known by its code events", async (t) => {
  const WASM = 0x2222_0000_0000
  const events = [add(1, 0, fn('main')), addAt(2, WASM, 'JS:*fib wasm://wasm/fib:1:1')]
  const { stackOfAddresses: stackOf } = makeSymbolizer(...events)
  const main = CODE + 50
  t.equal(stackOf([-WASM, main]), 'main;fib', 'interrupted at its first byte')
  t.equal(stackOf([-(WASM + 99), main]), 'main;fib')
  t.equal(stackOf([-(WASM + 50), -(WASM + 100), main]), 'main;fib;fib', 'a call may be its last instruction')
  t.equal(stackOf([inNative('memcpy'), -(WASM + 50), main]), 'main;fib;(native);memcpy', 'no part of the run')
  t.equal(stackOf([-(WASM - 200), -(WASM + 50), main]), 'main;fib', 'in the table by which it calls')
  t.equal(stackOf([-(WASM - 200), main]), `main;(native);0x${(WASM - 200).toString(16)}`)
  t.equal(stackOf([inNative('memcpy'), -WASM, main]), `main;(native);0x${(WASM - 1).toString(16)};memcpy`)
})

// Threads without JavaScript.

t.test('a thread without JavaScript begins with the word for what it is', async (t) => {
  const { table, stackOf } = makeNativeSymbolizer()
  const start = inNative('start_thread')
  const on = (...leafFirst: string[]) => stackOf([...leafFirst.map((name) => inNative(name)), start])
  t.equal(
    on('memcpy', 'node::PlatformWorkerThread'),
    '(V8 worker);start_thread;node::PlatformWorkerThread;memcpy',
  )
  t.match(
    on('v8::internal::Heap::CollectGarbage', 'node::PlatformWorkerThread'),
    /^\(V8 worker: garbage collector\);/,
  )
  t.equal(on('memcpy', 'Work'), '(sharp.node);start_thread;Work;memcpy')
  t.equal(on('memcpy'), '(other threads);start_thread;memcpy')
  t.equal(on('nativeprof::Drain'), '(nativeprof);start_thread;nativeprof::Drain')
  t.equal(stackOf([]), '(other threads)', 'without any frame')
  const kinds = table.stacks.flatMap(({ frameId, parentId }) =>
    parentId < 0 ? table.frames[frameId]?.kind : [],
  )
  t.strictSame(kinds, ['runtime', 'runtime', 'runtime', 'runtime', 'pseudo'])
})

t.test("a thread of libuv's pool says what it was asked to do, if that is known", async (t) => {
  const { stackOf } = makeNativeSymbolizer()
  const root = [inNative('worker'), inNative('start_thread')]
  const work = [inNative('memcpy'), inNative('PKCS5_PBKDF2_HMAC'), inNative('uv__queue_work'), ...root]
  t.equal(
    stackOf(work),
    '(libuv pool);crypto pbkdf2;start_thread;worker;uv__queue_work;PKCS5_PBKDF2_HMAC;memcpy',
  )
  t.equal(stackOf([inNative('memcpy'), ...root]), '(libuv pool);start_thread;worker;memcpy')
})

t.test(
  'the interrupted instruction of such a thread is looked up as it is, its callers by their calls',
  async (t) => {
    const { stackOf } = makeNativeSymbolizer()
    const first = inNative('start_thread', 0)
    t.equal(stackOf([first]), '(other threads);start_thread')
    t.equal(stackOf([first, first]), '(other threads);memcpy;start_thread')
  },
)

t.test('frames of such a thread that were left out are marked', async (t) => {
  const { stackOf } = makeNativeSymbolizer()
  const cut = [inNative('memcpy'), FRAMES_LEFT_OUT, inNative('start_thread')]
  t.equal(stackOf(cut), '(other threads);start_thread;(truncated);memcpy')
})
