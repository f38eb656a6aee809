import t from 'tap'
import { NativeFrames } from '#lib/native-frames.js'
import { StackTable } from '#lib/stack-table.js'
import { NATIVE, NATIVE_BYTES, symbolsOf } from './support/symbolizing.js'

/** Native frames, and all that the addon has been asked, question by question. */
function frames() {
  const questions: number[][] = []
  const table = new StackTable()
  const nativeFrames = new NativeFrames(table, (addresses) => {
    questions.push([...addresses])
    return symbolsOf(addresses)
  })
  return { table, nativeFrames, questions }
}

t.test('a function is known by its module and its symbol, and is one frame', async (t) => {
  const { table, nativeFrames } = frames()
  const first = nativeFrames.at(NATIVE)
  t.strictSame(first, { name: 'main', module: '/usr/bin/node', frameId: first.frameId })
  t.equal(nativeFrames.at(NATIVE + NATIVE_BYTES - 1).frameId, first.frameId)
  t.not(nativeFrames.at(NATIVE + NATIVE_BYTES).frameId, first.frameId)
  const frame = table.frames[first.frameId]
  t.match(frame, { kind: 'native', tier: null, inlined: false, line: 0, column: 0 })
  t.strictSame(table.functions[frame?.functionId ?? -1], {
    name: 'main',
    url: '/usr/bin/node',
    line: 0,
    column: 0,
    scriptId: -1,
  })
})

t.test('an address in no module is called by itself', async (t) => {
  const { nativeFrames } = frames()
  t.match(nativeFrames.at(0x1000), { name: '0x1000', module: '' })
})

t.test('the addon is asked once per address, for many at a time', async (t) => {
  const { nativeFrames, questions } = frames()
  nativeFrames.prepare([NATIVE, NATIVE + 1, NATIVE, NATIVE + 2])
  t.strictSame(questions, [[NATIVE, NATIVE + 1, NATIVE + 2]])
  nativeFrames.prepare([NATIVE + 2, NATIVE + 3])
  t.strictSame(questions.slice(1), [[NATIVE + 3]])
  nativeFrames.prepare([NATIVE, NATIVE + 3])
  nativeFrames.prepare([])
  t.equal(nativeFrames.at(NATIVE + 1).name, 'main')
  t.equal(questions.length, 2, 'all of it is known')
  nativeFrames.at(NATIVE + 4)
  t.strictSame(questions.slice(2), [[NATIVE + 4]])
})

t.test('what is known is bounded, and frames keep their ids when it is learnt anew', async (t) => {
  const { table, nativeFrames, questions } = frames()
  const { frameId } = nativeFrames.at(NATIVE)
  const many = Array.from({ length: 70_000 }, (_, i) => NATIVE + (i % NATIVE_BYTES) + i * NATIVE_BYTES)
  nativeFrames.prepare(many)
  t.equal(questions.length, 2)
  nativeFrames.prepare([NATIVE + 5])
  t.equal(nativeFrames.at(NATIVE).frameId, frameId)
  t.strictSame(questions.slice(2), [[NATIVE + 5], [NATIVE]], 'it had been forgotten')
  t.equal(table.frames[frameId]?.kind, 'native')
})
