import t from 'tap'
import { closingLines } from '#lib/closing-line.js'
import { buildProfile, js } from './support/profile-builder.js'

const BUSY = [{ stack: [js('main')], ticks: 100 }]

t.test('the line has the CPU time, the sum of all ticks, the rate and the file', async (t) => {
  const counters = { dropped: 3, notWalkable: 2 }
  const profile = buildProfile(BUSY, { cpuNanos: 1.05e9, durationNanos: 2.5e9, counters })
  t.equal(
    closingLines(profile, '/app/out.html'),
    'nativeprof: 1.05 s CPU in 2.50 s; 105 ticks = 100 samples + 3 dropped + 2 not walkable; ' +
      'asked 100 Hz, got 100; /app/out.html\n',
  )
})

t.test('a rate that is not whole has one digit more', async (t) => {
  const profile = buildProfile(BUSY, { periodMicros: 1500, cpuNanos: 1.5e8 })
  t.match(closingLines(profile, null), 'asked 666.7 Hz, got 666.7\n')
})

t.test('where the profile has no file, none is named', async (t) => {
  t.match(closingLines(buildProfile(BUSY), null), /got 100\n$/)
})

t.test('each note has a line of its own', async (t) => {
  const profile = buildProfile(BUSY, { notes: ['one thing', 'another'] })
  t.strictSame(closingLines(profile, null).split('\n').slice(1), [
    'nativeprof: one thing',
    'nativeprof: another',
    '',
  ])
})

t.test('a profile without ticks says that there was nothing to sample', async (t) => {
  const profile = buildProfile([], { cpuNanos: 0, durationNanos: 5e9 })
  const lines = closingLines(profile, null)
  t.match(lines, '0 ticks = 0 samples')
  t.match(lines, 'got 0\n')
  t.match(lines, /\nnativeprof: there was no CPU to sample/)
  t.notMatch(lines, 'mostly waited')
})

t.test('a program that mostly waited is told so, unless it was short', async (t) => {
  const remark = 'the program mostly waited'
  t.match(closingLines(buildProfile(BUSY, { durationNanos: 5.1e9, cpuNanos: 1e9 }), null), remark)
  t.notMatch(closingLines(buildProfile(BUSY, { durationNanos: 5e9, cpuNanos: 1e9 }), null), remark)
  t.notMatch(closingLines(buildProfile(BUSY, { durationNanos: 0.9e9, cpuNanos: 1e7 }), null), remark)
})

t.test('whatever a note has in it, a line is one line of text', async (t) => {
  const notes = ['\u001b]0;title\u0007 of\r\nfile\u202e.js <b>']
  const text = closingLines(buildProfile([{ stack: [js('main')] }], { notes }), null)
  t.match(text, 'nativeprof: \ufffd]0;title\ufffd of file\ufffd.js <b>\n')
  t.notMatch(text.replaceAll('\n', ''), /[\u0000-\u001f\u007f\u202e]/)
})
