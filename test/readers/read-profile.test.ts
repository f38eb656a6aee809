import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { Profile as Message, StringTable } from 'pprof-format'
import t from 'tap'
import {
  readProfile,
  toCollapsed,
  toCpuProfile,
  toHtml,
  toMarkdown,
  toPprof,
  toSpeedscope,
  toTable,
} from 'nativeprof'
import type { Profile, Thread } from 'nativeprof'
import { FORMATS } from '#lib/formats/index.js'
import { goPprofBytes } from '../support/go-pprof.js'
import { buildProfile, builtin, gc, js, native, runtime } from '../support/profile-builder.js'
import { GO } from '../support/tools.js'

const THREADS: readonly Thread[] = [
  { kind: 'main', name: 'node', tid: 100 },
  { kind: 'worker', name: 'resizer', tid: 102 },
  { kind: 'other', name: 'V8Worker', tid: 103 },
]

const main = js('main', 'file:///app/my%20lib/main.js', 3)
const parse = js('Parser.parse', '/app/parser.js', 12, { atLine: 15, column: 200 })

const profile = buildProfile(
  [
    { stack: [main, parse], ticks: 2 },
    { stack: [main, parse, native('std::vector<int>::push_back(int const&)'), gc()], ticks: 4 },
    { stack: [main, builtin('ArrayPrototypeSort'), js('(anonymous)', '/app/min.js', 1, { column: 77 })] },
    { stack: [main, js('get size', '/app/set.js', 5), runtime('JSON.parse')], ticks: 7 },
    { stack: [main], ticks: 3, thread: 1 },
    { stack: [runtime('(V8 worker: compiler)'), native('Compile')], ticks: 5, thread: 2 },
  ],
  {
    threads: THREADS,
    notes: ['two timers were busy'],
    weightScale: 0.9,
    counters: { dropped: 2, notWalkable: 1 },
  },
)

const bytesOf = (content: string | Uint8Array): Uint8Array => Buffer.from(content)
const MERGED = { threads: 'merged' } as const
const INPUT = { code: 'ERR_NATIVEPROF_INPUT' } as const

t.test('what we write is read as what it was, frames and counters and all', async (t) => {
  for (const view of ['js', 'mixed', 'native'] as const) {
    for (const write of [toPprof, toSpeedscope, toCpuProfile, toHtml]) {
      const read = readProfile(bytesOf(write(profile, { view })))
      const what = `${write.name} in ${view} view`
      // What is left out for want of interest, and threads that their frames name, are other ones in the native view.
      if (view === 'native' && write !== toCpuProfile)
        t.equal(toCollapsed(read, MERGED), toCollapsed(profile, { ...MERGED, view }), what)
      if (view !== 'native') {
        t.equal(toCollapsed(read), toCollapsed(profile, { view }), what)
        t.equal(toTable(read), toTable(profile, { view }), what)
      }
      t.strictSame(read.counters, profile.counters, what)
      t.equal(read.savedAs?.view, view, what)
      t.strictSame(read.process.pid, 4711)
    }
  }
})

t.test('what is read is written again without a loss, in every format', async (t) => {
  const read = readProfile(toPprof(profile))
  for (const write of [toPprof, toSpeedscope, toCpuProfile, toCollapsed])
    t.equal(toCollapsed(readProfile(bytesOf(write(read)))), toCollapsed(profile), write.name)
  for (const { name, write } of FORMATS) t.doesNotThrow(() => write(read, { view: 'native' }), name)
})

t.test('collapsed stacks have ticks, names and threads, and no times', async (t) => {
  const read = readProfile(bytesOf(toCollapsed(profile)))
  t.equal(toCollapsed(read), toCollapsed(profile))
  t.match(read.savedAs, { format: 'collapsed', view: null, weightUnit: 'ticks' })
  t.equal(read.counters.samples, 22)
  for (const time of [read.cpuNanos, read.durationNanos, read.periodMicros, read.startTimeMillis])
    t.ok(Number.isNaN(time))
  t.strictSame(read.threads.map(({ kind }) => kind).sort(), ['main', 'other', 'worker'])
  t.notMatch(toTable(read), ' ms')
  t.match(toTable(read), /^ +7 +31\.8 +7 +31\.8 +JSON\.parse$/m)
  t.throws(() => toCollapsed(read, { unit: 'micros' }), { code: 'ERR_NATIVEPROF_INVALID_ARGUMENT' })
  t.match(JSON.parse(toSpeedscope(read)), { profiles: [{ unit: 'none' }] })
  t.equal(readProfile(toPprof(read)).savedAs?.weightUnit, 'ticks')
})

t.test('collapsed stacks of other tools', async (t) => {
  const text =
    '# a remark\n\njava/lang/Thread.run_[j];Main.work_[i];memcpy_[k] 12\n' +
    'swapper;do_idle 3.5\r\nnode;LazyCompile:*parse /srv/app.js:10:5;operator new[](unsigned long) [libc.so.6] 4\n' +
    '-;0x1234 1e3'
  const read = readProfile(bytesOf(text))
  t.equal(
    toCollapsed(read),
    '-;0x1234 1000\njava/lang/Thread.run;Main.work;memcpy 12\n' +
      'node;LazyCompile:*parse /srv/app.js:10:5;operator new[](unsigned long) [libc.so.6] 4\nswapper;do_idle 4\n',
  )
  const inlined = read.frames.filter((frame) => frame.inlined)
  t.strictSame(
    inlined.map(({ functionId }) => read.functions[functionId]?.name),
    ['Main.work'],
  )
})

t.test('two profiles that Go has merged add up', { skip: GO.skip }, async (t) => {
  const once = toPprof(profile, { view: 'mixed' })
  const read = readProfile(goPprofBytes(['-proto'], [once, once]))
  t.equal(read.counters.samples, 44, 'what the comments say of one is not said of both')
  t.equal(read.counters.dropped, 0)
  t.match(toTable(read), /^ +8 +72\.0 +18\.2 +8 +72\.0 +18\.2 +\(garbage collector\)$/m)
  t.match(read.threads, [{ kind: 'main' }, { kind: 'worker', name: 'resizer', tid: 102 }, { kind: 'other' }])
})

t.test("V8's own profile is read, idle time and all", async (t) => {
  const folder = t.testdir({
    'busy.cjs': 'function burn() { let n = 0; for (let i = 0; i < 3e8; i++) n += i % 7; return n }\nburn()\n',
  })
  const args = [
    '-u',
    'NODE_OPTIONS',
    process.execPath,
    '--cpu-prof',
    '--cpu-prof-name=v8.cpuprofile',
    'busy.cjs',
  ]
  t.equal(spawnSync('/usr/bin/env', args, { cwd: folder }).status, 0)
  const text = readFileSync(join(folder, 'v8.cpuprofile'), 'utf8')
  const read = readProfile(bytesOf(text), { name: 'v8.cpuprofile' })
  const { startTime, endTime, samples } = JSON.parse(text) as {
    startTime: number
    endTime: number
    samples: number[]
  }
  t.equal(read.timer, 'wall')
  t.equal(read.durationNanos, (endTime - startTime) * 1000)
  t.ok(read.counters.samples <= samples.length && read.counters.samples > samples.length / 2)
  t.match(toMarkdown(read), /\| `burn` \| `.*busy\.cjs:1:14` \|/)
  t.match(toTable(read), /^CPU profile of v8\.cpuprofile\n/)
})

t.test('the shapes that files of speedscope may have', async (t) => {
  const frames = [
    { name: 'main', file: 'a.js', line: 1 },
    { name: 'work', file: 'a.js', line: 9 },
  ]
  const evented = {
    type: 'evented',
    name: 'CPU',
    unit: 'milliseconds',
    startValue: 10,
    endValue: 40,
    events: [
      { type: 'O', frame: 0, at: 10 },
      { type: 'O', frame: 1, at: 15 },
      { type: 'C', frame: 1, at: 35 },
      { type: 'C', frame: 0, at: 40 },
    ],
  }
  const file = { $schema: 'x', shared: { frames }, profiles: [evented] }
  const read = readProfile(bytesOf(JSON.stringify(file)))
  t.match(toTable(read), /^ +1 +20\.0 +66\.7 +1 +20\.0 +66\.7 +work +a\.js:9$/m)
  const bytes = { ...file, profiles: [{ ...evented, unit: 'bytes' }] }
  t.throws(() => readProfile(bytesOf(JSON.stringify(bytes))), { ...INPUT, message: /bytes, not of time/ })
  const open = { ...file, profiles: [{ ...evented, events: evented.events.slice(0, 2) }] }
  t.throws(() => readProfile(bytesOf(JSON.stringify(open))), { ...INPUT, message: /cut off/ })
})

t.test('what is no profile is refused, with what it is', async (t) => {
  const refused: readonly (readonly [string | Uint8Array, RegExp])[] = [
    ['', /empty/],
    [gzipSync(''), /empty/],
    ['hello world\n', /line 1 is not "caller;callee number".*"hello world"/],
    ['main;a 1\nmain;b', /line 2/],
    ['main;a 10 12\nmain;b 3 4\n', /two numbers.*comparison/],
    ['# only remarks\n', /no stacks/],
    ['{"a": 1}', /neither a \.cpuprofile nor/],
    ['{"traceEvents": []}', /trace of Chrome/],
    ['{"nodes": [', /cut off or damaged/],
    ['<!DOCTYPE html><p>', /HTML, but not a flame graph/],
    ['PERFILE2........', /perf script/],
    [Buffer.from('\x7fELF\0\0'), /a program/],
    [Buffer.from([0, 1, 2, 3]), /no (whole )?pprof profile/],
    ['{"head":{"callFrame":{"functionName":"(root)"},"selfSize":0,"children":[]}}', /heap profile/],
  ]
  for (const [content, message] of refused)
    t.throws(() => readProfile(bytesOf(content)), { ...INPUT, message }, String(content).slice(0, 20))
})

t.test('a file that is cut off anywhere is refused, zipped or not', async (t) => {
  const zipped = toPprof(profile)
  const plain = gunzipSync(zipped)
  const json = bytesOf(toSpeedscope(profile))
  for (const whole of [zipped, json])
    for (const share of [0.1, 0.5, 0.9, 0.999])
      t.throws(() => readProfile(whole.subarray(0, Math.floor(whole.length * share))), INPUT)
  let whole = 0
  for (let length = 1; length < plain.length; length++) {
    try {
      readProfile(plain.subarray(0, length))
      whole++
    } catch (error) {
      if ((error as { code?: string }).code !== 'ERR_NATIVEPROF_INPUT') throw error
    }
  }
  t.ok(
    whole < 20,
    `only between two fields of the end a cut cannot be seen, ${whole} times of ${plain.length}`,
  )
})

t.test('no byte of a file can do harm', async (t) => {
  const plain = gunzipSync(toPprof(profile))
  let refused = 0
  for (let at = 0; at < plain.length; at++) {
    const damaged = Uint8Array.from(plain)
    damaged[at] = (damaged[at] ?? 0) ^ 0xff
    try {
      toTable(readProfile(damaged))
    } catch (error) {
      if ((error as { code?: string }).code !== 'ERR_NATIVEPROF_INPUT') throw error
      refused++
    }
  }
  t.ok(refused > plain.length / 10)
})

t.test('names are text, whatever is in them', async (t) => {
  const hostile = '</script><b>\u001b]0;pwned\u0007\u202e;`|@all\n__proto__ 12'
  const text = JSON.stringify({
    $schema: 'x',
    shared: { frames: [{ name: hostile, file: `${hostile}.js`, line: 1 }, { name: '__proto__' }] },
    profiles: [
      {
        type: 'sampled',
        name: hostile,
        unit: 'none',
        startValue: 0,
        endValue: 4,
        samples: [[0], [1, 0]],
        weights: [1, 3],
      },
    ],
  })
  const read = readProfile(bytesOf(text))
  for (const { name, write } of FORMATS) {
    const content = write(read)
    const shown = typeof content === 'string' ? content : stringsOf(content)
    t.notMatch(shown, /\u001b|\u0007/, `${name} has no terminal escapes`)
    if (name === 'html') t.equal(shown.match(/<\/script>/g)?.length, 3)
    if (name === 'collapsed') t.equal(shown.split('\n').length, 3)
  }
  t.match(toMarkdown(read), '| 100.0 | 100.0 | 4 | ``</script><b>')
})

t.test('a difference, or a profile of memory, is no profile of time', { skip: GO.skip }, async (t) => {
  const other = toPprof(buildProfile([{ stack: [main], ticks: 50 }]))
  const difference = goPprofBytes(['-proto', '-diff_base'], [other, toPprof(profile)])
  t.throws(() => readProfile(difference), { ...INPUT, message: /negative/ })
})

t.test('a profile of Go itself, inlined functions and all', { skip: GO.skip }, async (t) => {
  // pprof's own encoder, from a profile with two lines in a location.
  const strings = new StringTable()
  const text = (words: string): number => strings.dedup(words)
  const message = new Message({
    stringTable: strings,
    sampleType: [{ type: text('cpu'), unit: text('milliseconds') }],
    mapping: [{ id: 7, filename: text('/usr/bin/server') }],
    function: [
      { id: 3, name: text('main.handle'), filename: text('/src/main.go'), startLine: 10 },
      { id: 9, name: text('main.inlined'), filename: text('/src/main.go'), startLine: 30 },
    ],
    location: [
      {
        id: 5,
        mappingId: 7,
        address: 4096,
        line: [
          { functionId: 9, line: 31 },
          { functionId: 3, line: 12 },
        ],
      },
      { id: 1000, mappingId: 7, address: 0xabc },
    ],
    sample: [
      { locationId: [5], value: [20], label: [{ key: text('bytes'), num: 64, numUnit: text('bytes') }] },
      { locationId: [1000, 5], value: [30] },
    ],
  })
  const read = readProfile(goPprofBytes(['-proto'], [gzipSync(message.encode())]))
  t.equal(
    toCollapsed(read),
    'main.handle /src/main.go:10;main.inlined /src/main.go:30 1\n' +
      'main.handle /src/main.go:10;main.inlined /src/main.go:30;0xabc [server] 1\n',
  )
  t.strictSame(read.totals.map(({ weightNanos }) => weightNanos).sort(), [20e6, 30e6])
  t.strictSame(read.labelSets, [{}, { bytes: '64 bytes' }])
  t.match(read.notes, [/how many ticks/])
  t.match(read.process.command, ['/usr/bin/server'])
})

t.test('samples stay in order of time', async (t) => {
  const inOrder = (each: Profile): string[] =>
    each.samples
      .filter(({ threadId }) => threadId === 0)
      .map(({ stackId }) => String(each.stacks[stackId]?.frameId))
  const read = readProfile(bytesOf(toSpeedscope(profile, { view: 'mixed' })))
  t.equal(new Set(inOrder(read)).size, 4)
  t.equal(
    toSpeedscope(read, { name: 'x' }),
    toSpeedscope(readProfile(bytesOf(toSpeedscope(read))), { name: 'x' }),
  )
  const profilesOf = (each: Profile, view: 'mixed'): unknown =>
    (JSON.parse(toSpeedscope(each, { view })) as { profiles: unknown }).profiles
  t.strictSame(profilesOf(read, 'mixed'), profilesOf(profile, 'mixed'))
})

function stringsOf(pprof: Uint8Array): string {
  return Message.decode(gunzipSync(pprof)).stringTable.strings.join('\n')
}
