import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import t from 'tap'
import { toCollapsed } from '#lib/formats/collapsed.js'
import type { Thread } from '#lib/profile.js'
import { buildProfile, builtin, gc, js, native, runtime } from '../support/profile-builder.js'
import { FLAMEGRAPH_PL } from '../support/tools.js'

const MAIN: Thread = { kind: 'main', name: 'node', tid: 1 }
const WORKER: Thread = { kind: 'worker', name: 'resizer', tid: 2 }
const HELPER: Thread = { kind: 'other', name: 'V8Worker', tid: 3 }

const main = js('main', '/app/main.js', 1)

t.test(
  'every distinct stack is a line, root-first, sorted, with its ticks after the last space',
  async (t) => {
    const profile = buildProfile([
      {
        stack: [main, js('work', 'file:///app/my%20lib/work.js', 20), builtin('ArrayPrototypeSort')],
        ticks: 3,
      },
      { stack: [main], ticks: 2 },
      { stack: [main, native('node::fs::Read(v8::Arguments const&)')] },
      { stack: [main], ticks: 4 },
    ])
    t.equal(
      toCollapsed(profile, { view: 'mixed' }),
      'main /app/main.js:1:1 6\n' +
        'main /app/main.js:1:1;node::fs::Read(v8::Arguments const&) [node] 1\n' +
        'main /app/main.js:1:1;work /app/my lib/work.js:20:1;Array.prototype.sort [v8:builtin] 3\n',
    )
  },
)

t.test('functions of one name in different places stay apart', async (t) => {
  const profile = buildProfile([
    { stack: [js('get', '/a.js', 1)] },
    { stack: [js('get', '/b.js', 1)] },
    { stack: [js('get', '/b.js', 1, { column: 2000 })] },
  ])
  t.equal(toCollapsed(profile), 'get /a.js:1:1 1\nget /b.js:1:1 1\nget /b.js:1:2000 1\n')
})

t.test('tiers and lines of one function are one frame', async (t) => {
  const profile = buildProfile([
    { stack: [main, js('f', '/a.js', 3, { tier: 'interpreted', atLine: 3 })] },
    { stack: [main, js('f', '/a.js', 3, { tier: 'turbofan', atLine: 4 })] },
  ])
  t.equal(toCollapsed(profile), 'main /app/main.js:1:1;f /a.js:3:1 2\n')
})

t.test('names cannot break the format', async (t) => {
  const profile = buildProfile([
    { stack: [js('a;b', ''), js('c\nd\r\n', ''), js('\u001b[1m', ''), js('', '')] },
    { stack: [js('version 12', '')] },
    { stack: [js('version 1.', '')] },
  ])
  t.equal(
    toCollapsed(profile),
    'a,b;c d;\ufffd[1m;(anonymous) 1\n' +
      'version_1. 1\n' + // a number of its own at the end would be read as the first count of two
      'version_12 1\n',
  )
})

t.test('threads are roots once there are several, but for those that a word names', async (t) => {
  const specs = [
    { stack: [main] },
    { stack: [main], thread: 1 },
    { stack: [runtime('(V8 worker: garbage collector)')], thread: 2 },
  ]
  const threads = [MAIN, WORKER, HELPER]
  const profile = buildProfile(specs, { threads })
  t.equal(
    toCollapsed(profile),
    '(V8 worker: garbage collector) 1\n' +
      '(main thread);main /app/main.js:1:1 1\n' +
      '(worker resizer);main /app/main.js:1:1 1\n',
  )
  const single = buildProfile(specs.slice(0, 1), { threads })
  t.equal(toCollapsed(single), 'main /app/main.js:1:1 1\n', 'a thread without ticks does not count')
  t.equal(toCollapsed(single, { threads: 'split' }), '(main thread);main /app/main.js:1:1 1\n')
  t.equal(
    toCollapsed(profile, { threads: 'merged' }),
    '(V8 worker: garbage collector) 1\nmain /app/main.js:1:1 2\n',
  )
})

t.test('workers of one name share a root, unless threads are to be apart', async (t) => {
  const threads = [MAIN, WORKER, { ...WORKER, tid: 9 }]
  const specs = [{ stack: [main] }, { stack: [main], thread: 1 }, { stack: [main], thread: 2 }]
  const profile = buildProfile(specs, { threads })
  t.equal(
    toCollapsed(profile),
    '(main thread);main /app/main.js:1:1 1\n(worker resizer);main /app/main.js:1:1 2\n',
  )
  t.equal(
    toCollapsed(profile, { threads: 'split' }),
    '(main thread);main /app/main.js:1:1 1\n' +
      '(worker resizer (2));main /app/main.js:1:1 1\n' +
      '(worker resizer (9));main /app/main.js:1:1 1\n',
  )
})

t.test('microseconds are whole numbers, scaled as the weights are', async (t) => {
  const profile = buildProfile([{ stack: [main], ticks: 3 }], { weightScale: 1.00005 })
  t.equal(toCollapsed(profile, { unit: 'micros' }), 'main /app/main.js:1:1 30002\n')
})

const tiers = buildProfile([
  {
    stack: [
      main,
      js('f', '/a.js', 3, { tier: 'turbofan' }),
      js('g', '/a.js', 9, { tier: 'turbofan', inlined: true }),
    ],
  },
  { stack: [main, js('f', '/a.js', 3, { tier: 'baseline' }), native('memcpy', '/usr/lib/libc.so.6')] },
  { stack: [main, js('f', '/a.js', 3)], ticks: 2 },
])

t.test('annotations tell compiled and inlined functions, where functions are shown', async (t) => {
  t.equal(
    toCollapsed(tiers, { annotations: true }),
    'main /app/main.js:1:1;f /a.js:3:1 2\n' +
      'main /app/main.js:1:1;f /a.js:3:1_[j] 1\n' +
      'main /app/main.js:1:1;f /a.js:3:1_[j];g /a.js:9:1_[i] 1\n',
  )
  t.equal(
    toCollapsed(tiers),
    'main /app/main.js:1:1;f /a.js:3:1 3\nmain /app/main.js:1:1;f /a.js:3:1;g /a.js:9:1 1\n',
  )
  t.equal(toCollapsed(tiers, { annotations: true, view: 'native' }), toCollapsed(tiers, { view: 'native' }))
})

t.test('without pseudo frames, what the runtime did is time of who had it done', async (t) => {
  const profile = buildProfile([
    { stack: [main], ticks: 1 },
    { stack: [main, gc()], ticks: 2 },
    { stack: [main, runtime('JSON.parse'), js('reviver', '/a.js', 3)], ticks: 4 },
    { stack: [runtime('(libuv pool)'), gc()], ticks: 8 },
  ])
  t.equal(
    toCollapsed(profile, { pseudoFrames: false }),
    '(no frames) 8\nmain /app/main.js:1:1 3\nmain /app/main.js:1:1;reviver /a.js:3:1 4\n',
  )
  t.match(toCollapsed(profile), '(garbage collector) 2')
})

// Old ones do not know annotations, and take them for part of the name.
const COLOURS =
  FLAMEGRAPH_PL.skip ||
  (readFileSync(FLAMEGRAPH_PL.path, 'utf8').includes('kwij')
    ? false
    : 'this flamegraph.pl knows no annotations')

t.test('flamegraph.pl leaves annotations out of names', { skip: COLOURS }, async (t) => {
  const input = toCollapsed(tiers, { annotations: true })
  const args = [FLAMEGRAPH_PL.path, '--color=java']
  const { stdout, stderr, status } = spawnSync('perl', args, { input, encoding: 'utf8' })
  t.equal(status, 0)
  t.equal(stderr, '')
  t.match(stdout, '<title>g /a.js:9:1 (1 samples, 25%)</title>')
})

t.test('a profile without samples is an empty file', async (t) => {
  t.equal(toCollapsed(buildProfile([])), '')
})

t.test('flamegraph.pl reads every line and draws the names', { skip: FLAMEGRAPH_PL.skip }, async (t) => {
  const profile = buildProfile(
    [
      { stack: [main, js('parse', '/app/parser.js', 12)], ticks: 40 },
      { stack: [main, js('größe', '/app/parser.js', 50), native('memcpy', '/usr/lib/libc.so.6')], ticks: 20 },
      { stack: [main, js('a;b\n</text> & "c" 7', '')], ticks: 20 },
      { stack: [main, js('', '')], ticks: 20 },
      { stack: [runtime('(libuv pool)')], ticks: 20, thread: 1 },
    ],
    { threads: [MAIN, HELPER] },
  )
  const { stdout, stderr, status } = spawnSync('perl', [FLAMEGRAPH_PL.path, '--color=js'], {
    input: toCollapsed(profile, { view: 'mixed' }),
    encoding: 'utf8',
  })
  t.equal(status, 0)
  t.equal(stderr, '', 'nothing is ignored')
  const titles = Array.from(stdout.matchAll(/<title>(.*?)<\/title>/g), ([, title]) => title)
  t.strictSame(titles.sort(), [
    '(anonymous) (20 samples, 16.67%)',
    '(libuv pool) (20 samples, 16.67%)',
    '(main thread) (100 samples, 83.33%)',
    'a,b (/text) &amp; &quot;c&quot;_7 (20 samples, 16.67%)', // it turns < and > into parentheses itself
    'all (120 samples, 100%)',
    'größe /app/parser.js:50:1 (20 samples, 16.67%)',
    'main /app/main.js:1:1 (100 samples, 83.33%)',
    'memcpy [libc.so.6] (20 samples, 16.67%)',
    'parse /app/parser.js:12:1 (40 samples, 33.33%)',
  ])
})
