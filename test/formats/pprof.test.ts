import { gunzipSync } from 'node:zlib'
import { Profile as Message } from 'pprof-format'
import t from 'tap'
import { toPprof } from '#lib/formats/pprof.js'
import type { Profile, Thread } from '#lib/profile.js'
import { goPprof, goTop } from '../support/go-pprof.js'
import { buildProfile, builtin, gc, js, native, runtime } from '../support/profile-builder.js'
import { GO } from '../support/tools.js'

const MAIN: Thread = { kind: 'main', name: 'node', tid: 100 }
const WORKER: Thread = { kind: 'worker', name: 'resizer', tid: 102 }
const HELPER: Thread = { kind: 'other', name: 'V8Worker', tid: 103 }

const main = js('main', 'file:///app/main.js', 3)
const parse = js('Parser.parse', '/app/parser.js', 12, { atLine: 15, atColumn: 4, tier: 'turbofan' })
const next = js('next', '/app/scanner.js', 40, { atLine: 44, tier: 'turbofan', inlined: true })

// 100 ticks of 10 ms.
const profile = buildProfile(
  [
    { stack: [main], ticks: 10 },
    { stack: [main, parse, next], ticks: 50 },
    { stack: [main, js('Parser.parse', '/app/parser.js', 12, { atLine: 17 })], ticks: 10 },
    { stack: [main, parse, native('std::vector<int>::push_back(int const&)')], ticks: 5 },
    { stack: [main, parse, builtin('ArrayPrototypeSort'), gc()], ticks: 5 },
    { stack: [main], ticks: 15, thread: 1 },
    { stack: [runtime('(V8 worker: compiler)')], ticks: 5, thread: 2 },
  ],
  { threads: [MAIN, WORKER, HELPER], notes: ['two timers were busy'] },
)

t.test('go tool pprof -top has self and total of every function', { skip: GO.skip }, async (t) => {
  t.strictSame(
    [...goTop([toPprof(profile)])],
    [
      ['next', '500ms 500ms'],
      ['main', '250ms 950ms'],
      ['Parser.parse', '150ms 700ms'],
      ['(V8 worker: compiler)', '50ms 50ms'],
      ['(garbage collector)', '50ms 50ms'],
      ['Array.prototype.sort', '0 50ms'],
    ],
  )
  const mixed = goTop([toPprof(profile, { view: 'mixed' })])
  t.equal(mixed.get('std::vector<int>::push_back(int const&)'), '50ms 50ms', 'names are not cut')
})

t.test('an inlined function has its caller, and lines are told apart', { skip: GO.skip }, async (t) => {
  const [, above = ''] = goPprof(['-peek', '^next$', '-unit=ms'], [toPprof(profile)]).split(
    /calls% \+ context.*\n/,
  )
  t.match(above, /500ms +100% \| +Parser\.parse\n +500ms +50\.00% +50\.00% +500ms +50\.00% +\| next/)
  const lines = goTop([toPprof(profile)], ['-lines'])
  t.equal(lines.get('next /app/scanner.js:44'), '500ms 500ms')
  t.equal(lines.get('Parser.parse /app/parser.js:15'), '50ms 600ms')
  t.equal(lines.get('Parser.parse /app/parser.js:17'), '100ms 100ms')
})

t.test('stacks are leaf-first, with their labels', { skip: GO.skip }, async (t) => {
  const traces = goPprof(['-traces', '-unit=ms'], [toPprof(profile)])
  t.match(traces, /thread: +main thread\n +thread_id: +100\n +500ms +next\n +Parser\.parse\n +main\n/)
  t.match(traces, /thread: +worker resizer\n +thread_id: +102\n +150ms +main\n/)
  t.match(traces, /thread: +V8Worker \(V8 worker\)\n +50ms +\(V8 worker: compiler\)\n/)
})

t.test('the raw file is what the consumers insist on', { skip: GO.skip }, async (t) => {
  const raw = goPprof(['-raw'], [toPprof(profile, { view: 'mixed' })])
  t.match(raw, 'PeriodType: cpu nanoseconds\nPeriod: 10000000\n')
  t.match(raw, /Time: 2023-11-14 22:13:20 \+0000 UTC\nDuration: 1(s|\.00)\n/, 'the start of the window')
  t.match(raw, 'samples/count cpu/nanoseconds[dflt]\n')
  t.match(raw, /M=1 next \/app\/scanner\.js:44 s=40\(next \/app\/scanner\.js:40:1\)\n/)
  t.match(
    raw,
    /^1: 0x0\/0x0\/0x0 main\.js +\[FN\]\[FL\]\[LN\]\[IN\]\n2: 0x0\/0x0\/0x0 \/usr\/bin\/node +\[FN\]/m,
  )
  t.match(raw, /M=2 std::vector<int>::push_back\(int const&\) \[node\]:0/)
})

t.test('comments say what was asked for, what came, and what was lost', { skip: GO.skip }, async (t) => {
  const lossy = { ...profile, counters: { ...profile.counters, ticks: 103, dropped: 2, notWalkable: 1 } }
  t.equal(
    goPprof(['-comments'], [toPprof(lossy)]),
    'exporter: nativeprof\n' +
      'command: main.js --fast\n' +
      'process: pid 4711, Node.js v22.12.0, V8 12.4.254.21-node.21, linux x64\n' +
      'view: js\n' +
      'timer: process\n' +
      'rate: 103 ticks per second of CPU time, asked for 100\n' +
      'ticks: 103 = 100 samples + 2 dropped + 1 not walkable (0 truncated, 0 walked by V8; 0 foreign signals forwarded)\n' +
      'time: 1000000000 ns of CPU, 1000000000 ns sampled, coverage 1, weights times 1\n' +
      'note: two timers were busy\n',
  )
})

t.test(
  'two profiles add up, and the difference of a profile to itself is nothing',
  { skip: GO.skip },
  async (t) => {
    const bytes = toPprof(profile)
    const other = toPprof(
      { ...profile, startTimeMillis: profile.startTimeMillis + 60_000 },
      { view: 'mixed' },
    )
    const merged = goTop([bytes, other])
    t.equal(merged.get('next'), '1000ms 1000ms')
    t.equal(merged.get('main'), '500ms 1900ms')
    t.equal(merged.get('std::vector<int>::push_back(int const&)'), '50ms 50ms')
    const difference = goPprof(['-top', '-unit=ms', '-diff_base'], [bytes, toPprof(profile)])
    t.match(difference, /Showing nodes accounting for 0, 0% of 1000ms total\n/)
  },
)

t.test('labels of the program, and threads as they were asked for', { skip: GO.skip }, async (t) => {
  const labelled: Profile = {
    ...profile,
    labelSets: [{}, { route: '/users/:id', 'with "quotes"': 'a;b' }],
    totals: profile.totals.map((total) => (total.ticks === 50 ? { ...total, labelsId: 1 } : total)),
  }
  const tags = (options: Parameters<typeof toPprof>[1]): string =>
    goPprof(['-tags'], [toPprof(labelled, options)])
  t.match(tags({}), / route: Total 500\.0ms\n +500\.0ms \( +100%\): \/users\/:id\n/)
  t.match(tags({}), /V8Worker \(V8 worker\)/)
  t.match(tags({}), / thread_id: Total [^:]*\n[^:]*: 100\n[^:]*: 102\n/)
  t.match(tags({ threads: 'split' }), /: 103\n/)
  t.notMatch(tags({ threads: 'merged' }), 'thread')
  t.match(tags({ threads: 'merged' }), '/users/:id')
})

t.test('functions without a name of their own stay apart', { skip: GO.skip }, async (t) => {
  const anonymous = buildProfile([
    { stack: [js('', '/app/a.js', 3)], ticks: 2 },
    { stack: [js('(anonymous)', '/app/a.js', 9)], ticks: 3 },
    { stack: [js('(top level)', '/app/b.js', 1)], ticks: 1 },
  ])
  t.strictSame(
    [...goTop([toPprof(anonymous)]).keys()],
    ['(anonymous a.js:9:1)', '(anonymous a.js:3:1)', '(top level b.js:1:1)'],
  )
})

t.test('by line, each line is a function for those who know no lines', async (t) => {
  const decoded = decode(toPprof(profile, { granularity: 'line' }))
  const starts = decoded.function
    .filter(({ name }) => decoded.stringTable.strings[Number(name)] === 'Parser.parse')
    .map(({ startLine }) => startLine)
  t.strictSame(starts, [15, 17])
})

t.test(
  'wall time is not called CPU time, and not by the name that Pyroscope files elsewhere',
  { skip: GO.skip },
  async (t) => {
    const raw = goPprof(['-raw'], [toPprof({ ...profile, timer: 'wall' })])
    t.match(raw, 'PeriodType: time nanoseconds\n')
    t.match(raw, 'samples/count time/nanoseconds[dflt]\n')
  },
)

t.test('ids count from 1 without a gap, every location has one line, and all text is valid', async (t) => {
  const hostile = js('a\u0000b\n\ud800;\u001b[31m<script>', '/tmp/\udfff.js', 1)
  const bytes = toPprof(buildProfile([{ stack: [main, hostile, native('f', '/lib/x.so')] }]), {
    view: 'mixed',
  })
  const decoded = decode(bytes)
  for (const table of [decoded.mapping, decoded.location, decoded.function])
    t.strictSame(
      table.map(({ id }) => id),
      table.map((_, index) => index + 1),
    )
  t.ok(decoded.location.every(({ line }) => line.length === 1))
  t.doesNotThrow(() => new TextDecoder('utf-8', { fatal: true }).decode(stringBytes(decoded)))
  t.equal(decoded.stringTable.strings[0], '')
  t.notMatch(decoded.stringTable.strings.join(''), /[\0-\x1f]/)
  if (GO.skip === false) t.match([...goTop([bytes]).keys()].join(), 'script')
})

t.test('a profile without samples is a file without samples', { skip: GO.skip }, async (t) => {
  t.match(goPprof(['-raw'], [toPprof(buildProfile([]))]), 'samples/count cpu/nanoseconds[dflt]\nLocations\n')
})

function decode(bytes: Uint8Array): Message {
  return Message.decode(gunzipSync(bytes))
}

function stringBytes(message: Message): Uint8Array {
  return Buffer.concat(message.stringTable.strings.map((text) => Buffer.from(text)))
}
