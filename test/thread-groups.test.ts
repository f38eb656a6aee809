// Threads apart or as one: what each choice shows, in every format alike.

import t from 'tap'
import { toCollapsed } from '#lib/formats/collapsed.js'
import { toHtml } from '#lib/formats/html.js'
import { toSpeedscope } from '#lib/formats/speedscope.js'
import { toTable } from '#lib/formats/table.js'
import type { Profile, Thread } from '#lib/profile.js'
import { groupThreads } from '#lib/thread-groups.js'
import { THREADS_NAMES, threadsNamed } from '#lib/threads.js'
import type { ThreadsName } from '#lib/threads.js'
import { buildProfile, js, native, runtime } from './support/profile-builder.js'
import type { SampleSpec } from './support/profile-builder.js'

interface SpeedscopeFile {
  readonly activeProfileIndex: number
  readonly shared: { readonly frames: readonly { readonly name: string }[] }
  readonly profiles: readonly {
    readonly name: string
    readonly endValue: number
    readonly samples: readonly (readonly number[])[]
    readonly weights: readonly number[]
  }[]
}

const THREADS: readonly Thread[] = [
  { kind: 'main', name: 'main', tid: 1 },
  { kind: 'worker', name: '1 (resizer)', tid: 11 },
  { kind: 'worker', name: '2 (resizer)', tid: 12 },
  { kind: 'other', name: 'V8Worker', tid: 21 },
  { kind: 'other', name: 'V8Worker', tid: 22 },
  { kind: 'other', name: 'libuv-worker', tid: 31 },
  { kind: 'other', name: 'V8Worker', tid: 23 },
]

const main = js('main', '/app/main.js', 1)
const resize = js('resize', '/app/resize.js', 7)
const collect = [runtime('(V8 worker: garbage collector)'), native('Scavenge')]
const compile = [runtime('(V8 worker: compiler)'), native('Compile')]
const pool = [runtime('(libuv pool)'), native('uv__fs_read')]

// Two workers run one function; two of V8's threads collect, and one of them compiles as well; one thread has no ticks.
const SPECS: readonly SampleSpec[] = [
  { stack: [main], ticks: 1 },
  { stack: [main, resize], thread: 1, ticks: 2 },
  { stack: collect, thread: 3, ticks: 8 },
  { stack: [main, resize], thread: 2, ticks: 4 },
  { stack: collect, thread: 4, ticks: 16 },
  { stack: compile, thread: 3, ticks: 32 },
  { stack: pool, thread: 5, ticks: 64 },
]
const TICKS = 127

const profile = buildProfile(SPECS, { threads: THREADS })

t.test('collapsed stacks: apart by a root frame for every thread, as one without any', async (t) => {
  t.strictSame(linesOf(toCollapsed(profile, { threads: 'split' })), [
    '(V8Worker (21));(V8 worker: compiler) 32',
    '(V8Worker (21));(V8 worker: garbage collector) 8',
    '(V8Worker (22));(V8 worker: garbage collector) 16',
    '(libuv-worker);(libuv pool) 64',
    '(main thread);main /app/main.js:1:1 1',
    '(worker 1 (resizer));main /app/main.js:1:1;resize /app/resize.js:7:1 2',
    '(worker 2 (resizer));main /app/main.js:1:1;resize /app/resize.js:7:1 4',
  ])
  t.strictSame(linesOf(toCollapsed(profile, { threads: 'merged' })), [
    '(V8 worker: compiler) 32',
    '(V8 worker: garbage collector) 24',
    '(libuv pool) 64',
    'main /app/main.js:1:1 1',
    'main /app/main.js:1:1;resize /app/resize.js:7:1 6',
  ])
  t.strictSame(linesOf(toCollapsed(profile, { threads: 'auto' })), [
    '(V8 worker: compiler) 32',
    '(V8 worker: garbage collector) 24',
    '(libuv pool) 64',
    '(main thread);main /app/main.js:1:1 1',
    '(worker 1 (resizer));main /app/main.js:1:1;resize /app/resize.js:7:1 2',
    '(worker 2 (resizer));main /app/main.js:1:1;resize /app/resize.js:7:1 4',
  ])
})

t.test('collapsed stacks: a worker without a name is called by its number alone', async (t) => {
  const threads: Thread[] = [...THREADS.slice(0, 1), { kind: 'worker', name: '1', tid: 11 }]
  const unnamed = buildProfile([{ stack: [main], thread: 1 }], { threads })
  t.equal(toCollapsed(unnamed, { threads: 'split' }), '(worker 1);main /app/main.js:1:1 1\n')
})

t.test('speedscope: a profile for every thread, for threads of one kind, or for all', async (t) => {
  t.strictSame(ticksByProfile(profile, 'split'), {
    'main thread': 1,
    'worker 1 (resizer)': 2,
    'worker 2 (resizer)': 4,
    'V8Worker (21)': 40,
    'V8Worker (22)': 16,
    'libuv-worker': 64,
  })
  t.strictSame(ticksByProfile(profile, 'auto'), {
    'main thread': 1,
    'worker 1 (resizer)': 2,
    'worker 2 (resizer)': 4,
    'V8Worker (V8 worker)': 56,
    'libuv-worker (libuv pool)': 64,
  })
  t.strictSame(ticksByProfile(profile, 'merged'), { 'all threads': TICKS })
  for (const threads of ['auto', 'split'] as const)
    t.equal(
      parse(toSpeedscope(profile, { threads })).activeProfileIndex,
      2,
      'the busiest that runs JavaScript',
    )
})

t.test('speedscope, as one: samples of all threads in order of time, a function once', async (t) => {
  const { shared, profiles } = parse(toSpeedscope(profile, { threads: 'merged' }))
  t.equal(shared.frames.filter(({ name }) => name === 'resize').length, 1)
  const names = profiles[0]?.samples.map((frames) => frames.map((id) => shared.frames[id]?.name).join(';'))
  t.strictSame(names, [
    'main',
    'main;resize',
    '(V8 worker: garbage collector)',
    'main;resize',
    '(V8 worker: garbage collector)',
    '(V8 worker: compiler)',
    '(libuv pool)',
  ])
  t.strictSame(
    profiles[0]?.weights.map((nanos) => nanos / 1e7),
    SPECS.map(({ ticks }) => ticks),
  )
})

t.test(
  'speedscope: where sums stand for samples, a stack of several threads is summed up, too',
  async (t) => {
    const forgetful = { ...profile, samples: [], samplesForgotten: TICKS }
    const { profiles } = parse(toSpeedscope(forgetful, { threads: 'merged' }))
    t.strictSame(
      profiles.map(({ name, weights }) => [name, weights.map((nanos) => nanos / 1e7)]),
      [['all threads (sums of equal stacks, not in order of time)', [1, 6, 24, 32, 64]]],
    )
    const inAuto = parse(toSpeedscope(forgetful)).profiles
    t.strictSame(
      inAuto.find(({ name }) => name.startsWith('V8Worker'))?.weights.map((nanos) => nanos / 1e7),
      [24, 32],
    )
  },
)

t.test('the table: one list of functions, or one for each thread by its ticks', async (t) => {
  const merged = toTable(profile, { threads: 'merged' })
  t.equal(toTable(profile), merged)
  t.match(merged, /^ +6 +60\.0 +4\.7 +6 .* resize +\/app\/resize\.js:7:1$/m, 'both workers in one row')
  const text = toTable(profile, { threads: 'split' })
  const summary = merged.slice(0, merged.indexOf('\nself ticks'))
  t.ok(text.startsWith(summary), 'where every tick went is said once, before the lists')
  t.equal(
    text.slice(summary.length + 1).slice(0, text.slice(summary.length + 1).indexOf('\nworker 1')),
    `libuv-worker: 64 ticks, 640 ms of CPU time, 50.4 % of the process

self ticks  CPU ms      %  total ticks  CPU ms      %  function      file:line
        64   640.0  100.0           64   640.0  100.0  (libuv pool)

V8Worker (21): 40 ticks, 400 ms of CPU time, 31.5 % of the process

self ticks  CPU ms     %  total ticks  CPU ms     %  function                        file:line
        32   320.0  80.0           32   320.0  80.0  (V8 worker: compiler)
         8    80.0  20.0            8    80.0  20.0  (V8 worker: garbage collector)

V8Worker (22): 16 ticks, 160 ms of CPU time, 12.6 % of the process

self ticks  CPU ms      %  total ticks  CPU ms      %  function                        file:line
        16   160.0  100.0           16   160.0  100.0  (V8 worker: garbage collector)

worker 2 (resizer): 4 ticks, 40 ms of CPU time, 3.1 % of the process

self ticks  CPU ms      %  total ticks  CPU ms      %  function  file:line
         4    40.0  100.0            4    40.0  100.0  resize    /app/resize.js:7:1
         0     0.0    0.0            4    40.0  100.0  main      /app/main.js:1:1
`,
  )
  t.match(text, /\nmain thread: 1 tick, 10 ms of CPU time, 0\.8 % of the process\n/)
  const onWallTime = toTable({ ...profile, timer: 'wall' }, { threads: 'split' })
  t.match(onWallTime, 'main thread: 1 tick, 10 ms of wall time')
})

t.test('the rows of a table are counted in each list', async (t) => {
  const text = toTable(profile, { threads: 'split', top: 1, sort: 'total' })
  t.equal(text.match(/^self ticks/gm)?.length, 6)
  t.equal(text.match(/\(1 other function\)/g)?.length, 1, 'of the V8 worker that did two things')
})

t.test('a profile without samples has one table that says why', async (t) => {
  const empty = buildProfile([], { threads: THREADS })
  t.equal(toTable(empty, { threads: 'split' }), toTable(empty))
  for (const threads of THREADS_NAMES)
    t.match(parse(toSpeedscope(empty, { threads })).profiles, [{ name: 'no samples' }])
})

t.test('the page has the flame graphs and the table of the choice in it', async (t) => {
  for (const threads of THREADS_NAMES) {
    const html = toHtml(profile, { threads })
    const [, json = ''] = /<script id="profile" type="application\/json">(.*?)<\/script>/.exec(html) ?? []
    t.strictSame(JSON.parse(json), JSON.parse(toSpeedscope(profile, { threads })), threads)
    const [, table] = /<noscript><pre>\n(.*?)<\/pre><\/noscript>/s.exec(html) ?? []
    t.equal(table, toTable(profile, { threads }))
  }
})

t.test('no choice loses a tick, in any format', async (t) => {
  for (const threads of THREADS_NAMES) {
    const counts = linesOf(toCollapsed(profile, { threads })).map((line) => Number(/\d+$/.exec(line)?.[0]))
    t.equal(sum(counts), TICKS, threads)
    t.equal(sum(Object.values(ticksByProfile(profile, threads))), TICKS, threads)
    const self = toTable(profile, { threads, top: 100 }).matchAll(/^ +(\d+)(?: +[\d.]+){5} /gm)
    t.equal(sum(Array.from(self, ([, ticks]) => Number(ticks))), TICKS, threads)
  }
})

t.test('nobody says: that is auto', async (t) => {
  for (const write of [toCollapsed, toHtml, toSpeedscope, toTable])
    t.equal(write(profile), write(profile, { threads: 'auto' }), write.name)
})

t.test('threads of one name that do different work stay apart, and are called after it', async (t) => {
  const threads = THREADS.map((thread) => (thread.kind === 'other' ? { ...thread, name: 'node' } : thread))
  const onNode20 = buildProfile(SPECS, { threads })
  t.strictSame(Object.keys(ticksByProfile(onNode20, 'auto')).slice(3), [
    'node (V8 worker)',
    'node (libuv pool)',
  ])
  t.strictSame(Object.keys(ticksByProfile(onNode20, 'split')).slice(3), [
    'node (21)',
    'node (22)',
    'node (31)',
  ])
})

t.test('a thread whose stacks were often cut off is known by those that were not', async (t) => {
  const cut = { stack: [runtime('(other threads)')], thread: 4, ticks: 100 }
  const { groupIdOfThread } = groupThreads(buildProfile([...SPECS, cut], { threads: THREADS }), 'auto')
  t.equal(groupIdOfThread[4], groupIdOfThread[3])
  t.equal(groupIdOfThread[6], -1, 'a thread without samples is in no group')
  const untold = { ...cut, thread: 6 }
  const { groups } = groupThreads(buildProfile([...SPECS, untold], { threads: THREADS }), 'auto')
  t.equal(groups.at(-1)?.name, 'V8Worker', 'of whom nothing is known but the name is called by that')
})

t.test('a choice that does not exist is refused by every writer, with the list', async (t) => {
  const refusal = {
    code: 'ERR_NATIVEPROF_INVALID_ARGUMENT',
    message: "threads must be one of auto, split, merged, not 'always'",
  }
  const threads = 'always' as ThreadsName
  for (const write of [toCollapsed, toHtml, toSpeedscope, toTable])
    t.throws(() => write(profile, { threads }), refusal, write.name)
  t.throws(() => threadsNamed('--threads', 'x'), { ...refusal, message: /^--threads must be .*, not 'x'$/ })
  for (const name of THREADS_NAMES) t.equal(threadsNamed('threads', name), name)
})

function linesOf(collapsed: string): string[] {
  return collapsed.trimEnd().split('\n')
}

function ticksByProfile(of: Profile, threads: ThreadsName): Record<string, number> {
  const { profiles } = parse(toSpeedscope(of, { threads }))
  return Object.fromEntries(profiles.map(({ name, endValue }) => [name, endValue / 1e7]))
}

function parse(text: string): SpeedscopeFile {
  return JSON.parse(text) as SpeedscopeFile
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
