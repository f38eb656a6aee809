import t from 'tap'
import { internLabels, labelOf, labelText, printable, threadText } from '#lib/labels.js'
import type { Profile } from '#lib/profile.js'
import { buildProfile, builtin, js, native, pseudo } from './support/profile-builder.js'
import type { FrameSpec } from './support/profile-builder.js'

t.test('a JavaScript function is called by its name and where it starts', async (t) => {
  t.equal(textOf(js('parse', '/app/parser.js', 12, { column: 5, atLine: 99 })), 'parse /app/parser.js:12:5')
  t.equal(textOf(js('readSync', 'node:fs', 700)), 'readSync node:fs:700:1')
})

t.test('a file URL is shown as the path it stands for', async (t) => {
  t.equal(textOf(js('f', 'file:///my%20app/%C3%A9t%C3%A9.mjs', 3)), 'f /my app/été.mjs:3:1')
  t.equal(textOf(js('f', 'file:///100%/a.js', 3)), 'f /100%/a.js:3:1', 'as it is where it is no good URL')
})

t.test('of a location only what is known is shown', async (t) => {
  t.equal(textOf(js('f', '/a.js', 3, { column: 0 })), 'f /a.js:3')
  t.equal(textOf(js('f', '/a.js', 0)), 'f /a.js')
  t.equal(textOf(js('f', '', 7)), 'f')
})

t.test('what has no source file says where it comes from in brackets', async (t) => {
  t.equal(textOf(native('read', '/usr/lib/libc.so.6')), 'read [libc.so.6]')
  t.equal(textOf(native('read', '')), 'read')
  t.equal(textOf(builtin('ArrayPrototypeSort')), 'Array.prototype.sort [v8:builtin]')
  t.equal(textOf(pseudo('(garbage collector)')), '(garbage collector)')
})

t.test('a function without a name is anonymous', async (t) => {
  t.equal(textOf(js('', '/a.js', 3)), '(anonymous) /a.js:3:1')
  t.equal(textOf(js(' \n', '/a.js', 3)), '(anonymous) /a.js:3:1')
})

t.test('tiers, inlined copies and lines of one function have one label', async (t) => {
  const profile = buildProfile([
    { stack: [js('f', '/a.js', 3, { tier: 'interpreted', atLine: 4 })] },
    { stack: [js('f', '/a.js', 3, { tier: 'turbofan', atLine: 5 })] },
    { stack: [js('f', '/a.js', 3, { tier: 'turbofan', atLine: 5, inlined: true })] },
    { stack: [js('f', '/b.js', 3)] },
    { stack: [js('f', '/a.js', 3, { column: 40 })] },
  ])
  const { labels, labelIdOfStack } = internLabels(profile, 'js')
  t.strictSame(labels.map(labelText), ['f /a.js:3:1', 'f /b.js:3:1', 'f /a.js:3:40'])
  t.strictSame([...labelIdOfStack], [0, 0, 0, 1, 2])
})

t.test('printable text has one line and nothing that a terminal would act upon', async (t) => {
  t.equal(printable('a\r\nb\tc\u2028d\u00a0e'), 'a b c d e')
  t.equal(printable('\u001b[31mred\u001b[0m'), '\ufffd[31mred\ufffd[0m')
  t.equal(
    printable('bell\u0007 c1\u009b31m del\u007f nul\u0000'),
    'bell\ufffd c1\ufffd31m del\ufffd nul\ufffd',
  )
  t.equal(printable('abc\u202edef\u2066'), 'abc\ufffddef\ufffd', 'marks that turn the writing around')
  t.equal(printable('größe 漢字 😀'), 'größe 漢字 😀')
})

t.test('a thread is called by what it runs', async (t) => {
  t.equal(threadText({ kind: 'main', name: 'node', tid: 1 }), 'main thread')
  t.equal(threadText({ kind: 'worker', name: 'resizer', tid: 2 }), 'worker resizer')
  t.equal(threadText({ kind: 'worker', name: '', tid: 2 }), 'worker')
  t.equal(threadText({ kind: 'other', name: 'V8Worker', tid: 3 }), 'V8Worker')
  t.equal(threadText({ kind: 'other', name: '', tid: 0 }), 'other threads')
})

function textOf(spec: FrameSpec): string {
  const profile: Profile = buildProfile([{ stack: [spec] }])
  const [frame] = profile.frames
  return frame ? labelText(labelOf(profile, frame)) : 'no frame'
}

t.test('by line, a frame of JavaScript is the line being executed', async (t) => {
  const at = (atLine: number) => js('f', '/a.js', 3, { atLine })
  const profile = buildProfile([
    { stack: [at(5)] },
    { stack: [at(6)] },
    { stack: [at(0)] },
    { stack: [native('main')] },
  ])
  const textsBy = (granularity: 'function' | 'line') =>
    internLabels(profile, 'mixed', granularity).labels.map((label) => labelText(label))
  t.strictSame(textsBy('function'), ['f /a.js:3:1', 'main [node]'])
  t.strictSame(textsBy('line'), ['f /a.js:5', 'f /a.js:6', 'f /a.js:3:1', 'main [node]'])
  t.throws(() => internLabels(profile, 'js', 'page' as 'line'), { code: 'ERR_NATIVEPROF_INVALID_ARGUMENT' })
})

t.test('evaluated code has no file but the place that evaluated it', async (t) => {
  const { functions, ...profile } = buildProfile([
    { stack: [js('f', '', 1)] },
    { stack: [js('g', '/a.js', 2)] },
  ])
  const origin = 'parse /app/file.js:10:3'
  const evaluated = {
    ...profile,
    scripts: [{ url: '', sourceMapUrl: '', origin }],
    functions: functions.map((fn) => ({ ...fn, scriptId: 0 })),
  }
  const texts = internLabels(evaluated, 'js').labels.map((label) => labelText(label))
  t.strictSame(texts, ['f [eval at parse /app/file.js:10:3]:1:1', 'g /a.js:2:1'])
})
