import t from 'tap'
import type { RawSample } from '#lib/records.js'
import { FRAMES_LEFT_OUT } from '#lib/records.js'
import { randomBelow } from './support/random.js'
import { CODE, CODE_BYTES, HEAP, NATIVE, NATIVES, NATIVE_BYTES, OWN_URL } from './support/symbolizing.js'
import { add, addAt, fn, inNative, makeSymbolizer, moved, sampleOf, textOf } from './support/symbolizing.js'

t.test('a stack is read from its leaf, and kept from its root', async (t) => {
  const { stackOf } = makeSymbolizer(add(1, 0, fn('main')), add(2, 100, fn('work')), add(3, 200, fn('leaf')))
  t.equal(stackOf([250, 150, 50]), 'main;work;leaf')
  t.equal(stackOf([150, 50]), 'main;work')
})

t.test('a frame has what V8 says of its function', async (t) => {
  const { table, stackOf } = makeSymbolizer(add(1, 0, 'JS:*parse /app/file.js:10:3'))
  stackOf([50])
  t.strictSame(table.functions, [{ name: 'parse', url: '/app/file.js', line: 10, column: 3, scriptId: -1 }])
  t.match(table.frames, [{ functionId: 0, kind: 'js', tier: 'turbofan' }])
})

t.test('a sample sees the code of its tick, though later code is known', async (t) => {
  const { stackOf } = makeSymbolizer(add(5, 0, fn('old')), add(8, 0, fn('new')))
  t.equal(stackOf([50], { sequence: 4 }), '(unknown code)')
  t.equal(stackOf([50], { sequence: 5 }), 'old')
  t.equal(stackOf([50], { sequence: 7 }), 'old')
  t.equal(stackOf([50], { sequence: 8 }), 'new')
})

t.test('code events may come in any number of pieces', async (t) => {
  const { stackOf, symbolizer: it } = makeSymbolizer(add(1, 0, fn('a')), add(4, 0, fn('d')))
  t.equal(stackOf([50], { sequence: 2 }), 'a')
  it.addCodeEvents(Buffer.alloc(0))
  it.addCodeEvents(add(5, 100, fn('e')))
  t.equal(stackOf([150, 50], { sequence: 4 }), 'd;(unknown code)')
  t.equal(stackOf([150, 50], { sequence: 5 }), 'd;e')
})

t.test('code that moved is found at its new place, and its old place is free', async (t) => {
  const { stackOf } = makeSymbolizer(add(1, 0, fn('f')), moved(2, [0, 500]), add(3, 0, fn('g')))
  t.equal(stackOf([50], { sequence: 1 }), 'f')
  t.equal(stackOf([550, 50], { sequence: 2 }), '(unknown code);f')
  t.equal(stackOf([550, 50], { sequence: 3 }), 'g;f')
})

t.test('a stack of a collection may hold code at its old and at its new place', async (t) => {
  const { stackOf } = makeSymbolizer(
    add(1, 0, fn('caller')),
    add(2, 100, fn('callee')),
    add(3, 500, fn('gone')), // where the callee goes there was another function
    moved(4, [100, 500]),
  )
  const gc = { sequence: 3, vmState: 'gc', codeIsMoving: true } as const
  t.equal(stackOf([150, 50], { sequence: 3 }), 'caller;callee')
  t.equal(stackOf([150, 50], gc), 'caller;callee;(garbage collector)', 'not corrected yet')
  t.equal(stackOf([550, 50], gc), 'caller;callee;(garbage collector)', 'corrected')
  const late = { ...gc, vmState: 'external' } as const
  t.equal(stackOf([550, 50], late), 'caller;callee', 'in what is done at its end')
  t.equal(stackOf([550, 50], { sequence: 3 }), 'caller;gone', 'before the collection')
  t.equal(stackOf([550, 50], { sequence: 4 }), 'caller;callee', 'after it')
  t.equal(stackOf([150, 50], { sequence: 4 }), 'caller;(unknown code)')
})

t.test('a range that another function reuses in part is no longer the first one', async (t) => {
  const { stackOf } = makeSymbolizer(add(1, 0, fn('old')), add(2, 50, fn('new')))
  t.equal(stackOf([60], { sequence: 1 }), 'old')
  t.equal(stackOf([60], { sequence: 2 }), 'new')
  t.equal(stackOf([10], { sequence: 2 }), '(unknown code)')
})

t.test('a return address belongs to the call before it, an interrupted instruction to itself', async (t) => {
  const { stackOf } = makeSymbolizer(add(1, 0, fn('f')), add(2, 100, fn('g')), add(3, 300, fn('h')))
  t.equal(stackOf([350, 100, 50]), 'f;f;h', 'a call may be the last instruction of a function')
  t.equal(stackOf([350, 101, 50]), 'f;g;h')
  t.equal(stackOf([350, 200]), 'g;h')
  t.equal(stackOf([350, 201]), '(unknown code);h')
  t.equal(stackOf([100, 50]), 'f;g', 'but the first one may be the one that is interrupted')
  t.equal(stackOf([99, 50]), 'f;f')
  t.equal(stackOf([200, 50]), 'f;(unknown code)')
})

t.test('an interpreted function is at its bytecode, or one byte in front while it is entered', async (t) => {
  const { stackOfAddresses } = makeSymbolizer(
    add(1, 0, fn('main')),
    addAt(2, HEAP, fn('before')),
    addAt(3, HEAP + 100, fn('f')),
  )
  t.equal(stackOfAddresses([HEAP + 120, CODE + 50]), 'main;f')
  t.equal(stackOfAddresses([HEAP + 120, HEAP + 100, CODE + 50]), 'main;f;f', 'no call ends before a bytecode')
  t.equal(stackOfAddresses([HEAP + 99, CODE + 50]), 'main;f')
  t.equal(stackOfAddresses([HEAP + 98, CODE + 50]), 'main;before')
})

t.test('bytecode that is gone is told from bytecode next to it by which one came last', async (t) => {
  const { stackOfAddresses } = makeSymbolizer(
    addAt(1, HEAP + 100, fn('gone')),
    addAt(2, HEAP, fn('lives')), // ends where the other began
    addAt(3, HEAP + 1100, fn('entered')),
  )
  t.equal(stackOfAddresses([HEAP + 99], { sequence: 2 }), 'lives', 'at its last byte')
  t.equal(stackOfAddresses([HEAP + 1099], { sequence: 3 }), 'entered')
  const { stackOfAddresses: stackOfReused } = makeSymbolizer(
    addAt(1, HEAP, fn('gone')),
    addAt(2, HEAP + 100, fn('entered')),
  )
  t.equal(stackOfReused([HEAP + 99]), 'entered', 'in its header, where another one was')
})

t.test('plumbing is not shown, and neither are the C++ functions in between', async (t) => {
  const { stackOf } = makeSymbolizer(
    add(1, 0, 'Builtin:JSEntryTrampoline'),
    add(2, 100, fn('main')),
    add(3, 200, 'Builtin:InterpreterEntryTrampoline'),
    add(4, 300, fn('work')),
  )
  t.equal(stackOf([350, 250, CODE_BYTES + 8, 150, 50]), 'main;work')
  t.equal(stackOf([50]), '(program)', 'nothing but plumbing')
})

t.test('helpers are told apart from builtins that JavaScript can call', async (t) => {
  const { table, stackOf } = makeSymbolizer(
    add(1, 0, 'Builtin:ArrayMap', { callable: true }),
    add(2, 100, 'Builtin:LoadIC'),
    add(3, 200, 'RegExp:a+'),
  )
  t.equal(stackOf([250, 150, 50]), 'ArrayMap;LoadIC;RegExp: a+')
  t.strictSame(
    table.frames.map(({ kind }) => kind),
    ['builtin', 'helper', 'runtime'],
  )
})

t.test("a function of nativeprof's own ends the stack, whatever it calls", async (t) => {
  const { stackOf } = makeSymbolizer(
    add(1, 0, fn('main')),
    add(2, 100, `JS:~drain ${OWN_URL}sampler.js:10:3`),
    add(3, 200, fn('callback')),
  )
  t.equal(stackOf([250, 150, 50]), 'main;(nativeprof)')
  t.equal(stackOf([150, 50]), 'main;(nativeprof)')
  t.equal(stackOf([150]), '(nativeprof)')
  t.equal(stackOf([150, 50], { vmState: 'gc' }), 'main;(nativeprof)', 'its garbage is its own')
  t.equal(stackOf([250, 50]), 'main;callback')
})

t.test(
  "a function of nativeprof's that calls the program's is not between them, unless it is the last",
  async (t) => {
    const { stackOf } = makeSymbolizer(
      add(1, 0, fn('main')),
      add(2, 100, `JS:~withLabels ${OWN_URL}with-labels.js:10:3`),
      add(3, 200, `JS:~run ${OWN_URL}label-carrier.js:10:3`),
      add(4, 300, fn('handle')),
      add(5, 400, `JS:~numberOf ${OWN_URL}thread-labels.js:10:3`),
    )
    t.equal(stackOf([350, 250, 150, 50]), 'main;handle')
    t.equal(stackOf([250, 150, 50]), 'main;(nativeprof)')
    t.equal(stackOf([350, 250, 150, 50]), 'main;handle', 'again, with callers that are known')
    t.equal(stackOf([150, 50]), 'main;(nativeprof)')
    t.equal(stackOf([450, 150, 50]), 'main;(nativeprof)', 'what it calls of its own is its own')
    const collecting = inNative('v8::internal::Heap::CollectGarbage')
    t.match(
      stackOf([collecting, 250, 150, 50], { vmState: 'gc' }),
      /^main;\(nativeprof\);\(garbage collector\)/,
    )
    t.match(
      stackOf([collecting, 250, 150, 50], { vmState: 'gc' }),
      /^main;\(nativeprof\);\(garbage collector\)/,
    )
    t.match(stackOf([collecting, 350, 250, 150, 50], { vmState: 'gc' }), /^main;handle;\(garbage collector\)/)
  },
)

t.test('garbage is collected on behalf of whatever runs, also if no native frame was seen', async (t) => {
  const { table, stackOf } = makeSymbolizer(add(1, 0, fn('main')))
  t.equal(stackOf([50], { vmState: 'gc' }), 'main;(garbage collector)')
  t.equal(stackOf([], { vmState: 'gc' }), '(garbage collector)')
  t.strictSame(
    table.frames.map(({ kind }) => kind),
    ['js', 'gc'],
  )
})

t.test('a stack without any frame is the program, or what V8 was doing', async (t) => {
  const { stackOf } = makeSymbolizer()
  t.equal(stackOf([]), '(program)')
  t.equal(stackOf([], { vmState: 'parser' }), '(parser)')
})

t.test("code in V8's ranges that V8 did not announce is shown and counted", async (t) => {
  const { symbolizer: it, stackOf } = makeSymbolizer(add(1, 100, fn('f')))
  t.equal(stackOf([50, 150]), 'f;(unknown code)')
  t.equal(it.unknownAddresses, 1)
  t.equal(stackOf([150, CODE_BYTES - 1, 1]), '(unknown code);(unknown code);f')
  t.equal(it.unknownAddresses, 3)
  t.equal(stackOf([150, CODE_BYTES, -1]), 'f', 'outside of them it is hidden')
  t.equal(it.unknownAddresses, 3)
})

t.test('frames that were left out are marked where they were', async (t) => {
  const { stackOfAddresses, symbolizer } = makeSymbolizer(add(1, 0, fn('main')), add(2, 100, fn('f')))
  const cut = [CODE + 150, FRAMES_LEFT_OUT, CODE + 50]
  t.equal(stackOfAddresses([CODE + 150, CODE + 50]), 'main;f')
  t.equal(stackOfAddresses(cut), 'main;(truncated);f')
  t.equal(stackOfAddresses(cut), 'main;(truncated);f', 'again, when all of it is known')
  t.equal(stackOfAddresses([CODE + 150, CODE + 50]), 'main;f', 'and does not colour the next one')
  t.equal(stackOfAddresses([CODE + 150, FRAMES_LEFT_OUT]), '(truncated);f', "as V8's own walk cuts them")
  t.equal(symbolizer.unknownAddresses, 0)
})

t.test('callers are those of the sample before, whatever native code runs under them', async (t) => {
  const { stackOf } = makeSymbolizer(add(1, 0, fn('main')), add(2, 100, fn('f')))
  const [memcpy, parse] = [inNative('memcpy'), inNative('v8::internal::Builtin_JsonParse')]
  t.equal(stackOf([150, 50]), 'main;f')
  t.equal(stackOf([memcpy, 150, 50]), 'main;f;(native);memcpy')
  t.equal(stackOf([memcpy, parse, 150, 50]), 'main;f;JSON.parse;v8::internal::Builtin_JsonParse;memcpy')
  t.equal(stackOf([memcpy, 150, 50]), 'main;f;(native);memcpy')
  t.equal(stackOf([parse, 50]), 'main;JSON.parse;v8::internal::Builtin_JsonParse')
  t.equal(
    stackOf([150, parse, 50]),
    'main;v8::internal::Builtin_JsonParse;f',
    'what was a run is one no more',
  )
  t.equal(stackOf([parse, 50]), 'main;JSON.parse;v8::internal::Builtin_JsonParse', 'and the other way round')
  t.equal(stackOf([100, 50]), 'main;f', 'the one that was a caller is interrupted')
  t.equal(stackOf([150, 100, 50]), 'main;main;f', 'and the other way round')
})

t.test('equal stacks are one', async (t) => {
  const { table, stackOf } = makeSymbolizer(add(1, 0, fn('a')), add(2, 100, fn('b')), add(3, 200, fn('a')))
  stackOf([110, 10])
  stackOf([190, 90])
  stackOf([150, 250])
  t.equal(table.stacks.length, 2, 'the same function may lie in two places')
})

t.test('a symbolizer that has seen samples before gives the stacks that a fresh one does', async (t) => {
  for (const seed of [1, 2, 3, 4, 5]) {
    const { samples, stacks, eventChunks } = randomRecording(seed)
    const used = makeSymbolizer()
    const wrong: unknown[] = []
    samples.forEach((sample, i) => {
      const chunk = eventChunks[i]
      if (chunk) used.symbolizer.addCodeEvents(chunk)
      const got = textOf(used.table, used.symbolizer.stackOf(sample))
      const fresh = makeSymbolizer(...eventChunks)
      const wanted = textOf(fresh.table, fresh.symbolizer.stackOf(sample))
      stacks.add(wanted)
      if (got !== wanted) wrong.push({ i, got, wanted })
    })
    t.strictSame(wrong.slice(0, 3), [], `seed ${seed}`)
    t.ok(stacks.size > 100, `seed ${seed} makes many different stacks: ${stacks.size}`)
  }
})

/** Mostly code of V8's; now and then native code between it, WebAssembly, bytecode, or the mark of a cut. */
function anyAddress(below: (limit: number) => number): number {
  if (below(5) > 0) return CODE + below(1600)
  const others = [HEAP + below(1600), -CODE - below(1600), -NATIVE - below(0x400), FRAMES_LEFT_OUT]
  return others[below(others.length)] ?? FRAMES_LEFT_OUT
}

/** Samples that mostly share their callers with the one before; the events that come just before each of them. */
function randomRecording(seed: number) {
  const below = randomBelow(seed)
  const samples: RawSample[] = []
  const eventChunks: Buffer[] = []
  let sequence = 0
  let rootFirst: number[] = []
  for (let i = 0; i < 300; i++) {
    const events: Buffer[] = []
    for (let left = i === 0 ? 30 : below(4) > 0 ? 0 : 1 + below(2); left > 0; left--) {
      sequence++
      const start = () => below(25) * 60
      const names = [fn(`f${sequence}`), fn(`f${sequence}`), 'Builtin:JSEntry', `JS:~x ${OWN_URL}x.js:1:9`]
      events.push(
        below(5) > 0
          ? add(sequence, start(), names[below(10)] ?? fn(`g${sequence}`))
          : moved(sequence, [start(), start(), start(), start()]),
      )
    }
    eventChunks.push(Buffer.concat(events))
    if (below(3) > 0) rootFirst = rootFirst.slice(0, below(rootFirst.length + 1))
    for (let more = below(4); more > 0 && rootFirst.length < 12; more--) {
      rootFirst.push(anyAddress(below))
    }
    const run = Array.from(
      { length: below(2) * below(4) },
      () => -NATIVE - below(NATIVES.length * NATIVE_BYTES),
    )
    samples.push(
      sampleOf([...run, ...rootFirst.toReversed()], {
        // A tick may be older than the latest event.
        sequence: Math.max(samples[i - 1]?.sequence ?? 0, sequence - below(2)),
        vmState: below(10) === 0 ? 'gc' : 'js',
      }),
    )
  }
  return { samples, eventChunks, stacks: new Set<string>() }
}
