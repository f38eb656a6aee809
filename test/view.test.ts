// What each view shows of a stack, in every format alike.

import t from 'tap'
import { toCollapsed } from '#lib/formats/collapsed.js'
import { toHtml } from '#lib/formats/html.js'
import { toSpeedscope } from '#lib/formats/speedscope.js'
import { toTable } from '#lib/formats/table.js'
import type { FrameKind, Thread } from '#lib/profile.js'
import { VIEWS, showingOf, viewNamed } from '#lib/view.js'
import type { ViewName } from '#lib/view.js'
import { buildProfile, builtin, gc, helper, js, native, pseudo, runtime } from './support/profile-builder.js'
import type { SampleSpec } from './support/profile-builder.js'

const start = native('node::Start')
const run = native('uv_run')
const main = js('main', '/app/main.js', 1)
const work = js('work', '/app/work.js', 9)
const wasm = { kind: 'wasm', name: 'wasm-function[7]' } as const

// Every kind of frame, and every place that a frame can have.
const SPECS: readonly SampleSpec[] = [
  { stack: [start, main, helper('LoadIC')], ticks: 1 },
  { stack: [start, main, builtin('ArrayPrototypeSort'), work], ticks: 2 },
  { stack: [start, main, runtime('JSON.parse'), native('ParseJson')], ticks: 4 },
  { stack: [start, main, runtime('zlib'), native('Callback'), work], ticks: 8 },
  { stack: [start, main, gc(), native('Heap::Scavenge')], ticks: 16 },
  { stack: [runtime('(program)'), start, run], ticks: 32 },
  { stack: [start, main, wasm, runtime('(native)')], ticks: 64 },
  { stack: [pseudo('(truncated)'), work], ticks: 128 },
  { stack: [pseudo('(nativeprof)')], ticks: 256 },
  { stack: [start, main, runtime('RegExp: /a+/')], ticks: 512 },
]

const EXPECTED: Readonly<Record<ViewName, readonly string[]>> = {
  js: [
    '(nativeprof) 256',
    '(program) 32',
    '(truncated);work 128',
    'main 1',
    'main;(garbage collector) 16',
    'main;Array.prototype.sort;work 2',
    'main;JSON.parse 4',
    'main;RegExp: /a+/ 512',
    'main;wasm-function[7];(native) 64',
    'main;zlib;work 8',
  ],
  mixed: [
    '(nativeprof) 256',
    '(program);node::Start;uv_run 32',
    '(truncated);work 128',
    'node::Start;main;(garbage collector);Heap::Scavenge 16',
    'node::Start;main;Array.prototype.sort;work 2',
    'node::Start;main;JSON.parse;ParseJson 4',
    'node::Start;main;LoadIC 1',
    'node::Start;main;RegExp: /a+/ 512',
    'node::Start;main;wasm-function[7];(native) 64',
    'node::Start;main;zlib;Callback;work 8',
  ],
  native: [
    '(nativeprof) 256',
    '(truncated);(JavaScript) 128',
    'node::Start;(JavaScript) 3',
    'node::Start;(JavaScript);(garbage collector);Heap::Scavenge 16',
    'node::Start;(JavaScript);Callback;(JavaScript) 8',
    'node::Start;(JavaScript);ParseJson 4',
    'node::Start;(JavaScript);RegExp: /a+/ 512',
    'node::Start;(JavaScript);wasm-function[7];(native) 64',
    'node::Start;uv_run 32',
  ],
}

t.test('each view shows each kind of frame in its way, and no tick is lost by it', async (t) => {
  for (const view of VIEWS) {
    const text = toCollapsed(buildProfile(SPECS), { view })
    t.strictSame(namesOnly(text), EXPECTED[view], view)
  }
})

t.test('the view of JavaScript is what is shown unless another is asked for', async (t) => {
  const profile = buildProfile(SPECS)
  t.equal(toCollapsed(profile), toCollapsed(profile, { view: 'js' }))
  t.equal(toTable(profile), toTable(profile, { view: 'js' }))
  t.equal(toSpeedscope(profile), toSpeedscope(profile, { view: 'js' }))
  t.equal(toHtml(profile), toHtml(profile, { view: 'js' }))
})

t.test('speedscope shows the same stacks, and its title names the view', async (t) => {
  const titles = {
    js: 'main.js --fast',
    mixed: 'main.js --fast (mixed view)',
    native: 'main.js --fast (native view)',
  }
  const profile = buildProfile(SPECS)
  for (const view of VIEWS) {
    const text = toSpeedscope(profile, { view })
    t.strictSame(stacksOf(text), EXPECTED[view], view)
    t.match(JSON.parse(text), { name: titles[view] })
    t.match(JSON.parse(toSpeedscope(profile, { view, name: 'mine' })), { name: 'mine' })
    const html = toHtml(profile, { view })
    t.match(html, `<title>${titles[view]}</title>`)
    const [, embedded = ''] = /<script id="profile" type="application\/json">(.*?)<\/script>/.exec(html) ?? []
    t.strictSame(stacksOf(embedded), EXPECTED[view], `${view} in HTML`)
    t.match(html, `CPU profile of ${titles[view]} (`, 'the table of the page, too')
  }
})

t.test('the table lists the functions of the view, and self adds up to all ticks', async (t) => {
  const profile = buildProfile(SPECS)
  for (const view of VIEWS) {
    const self = selfTicks(toTable(profile, { view, top: 100 }))
    const expected: Record<string, number> = {}
    for (const line of EXPECTED[view]) {
      const [, leaf = '', ticks] = /([^;]*) (\d+)$/.exec(line) ?? []
      expected[leaf] = (expected[leaf] ?? 0) + Number(ticks)
    }
    for (const [name, ticks] of Object.entries(expected)) t.equal(self.get(name), ticks, `${view}: ${name}`)
    t.equal(
      [...self.values()].reduce((sum, ticks) => sum + ticks),
      1023,
    )
  }
})

t.test('native frames carry their module', async (t) => {
  const profile = buildProfile([{ stack: [start, main, native('malloc', '/usr/lib/libc.so.6')] }])
  t.equal(toCollapsed(profile, { view: 'native' }), 'node::Start [node];(JavaScript);malloc [libc.so.6] 1\n')
})

t.test('neighbours of JavaScript are one frame, even around what is hidden', async (t) => {
  const stack = [main, main, helper('LoadIC'), builtin('ArrayMap'), runtime('zlib'), work, work]
  t.strictSame(namesOnly(toCollapsed(buildProfile([{ stack }]), { view: 'native' })), ['(JavaScript) 1'])
  const recursive = [native('f'), native('f'), main, native('f')]
  t.strictSame(
    namesOnly(toCollapsed(buildProfile([{ stack: recursive }]), { view: 'native' })),
    ['f;f;(JavaScript);f 1'],
    'native recursion is kept',
  )
})

t.test('what a view shows nothing of is counted as that', async (t) => {
  const profile = buildProfile([{ stack: [start, run], ticks: 3 }, { stack: [helper('LoadIC')] }])
  t.equal(toCollapsed(profile), '(no frames) 4\n')
  t.equal(selfTicks(toTable(profile)).get('(no frames)'), 4)
  t.strictSame(stacksOf(toSpeedscope(profile)), ['(no frames) 4'])
})

t.test('threads without JavaScript begin with a word, and in the native view with their name', async (t) => {
  const threads: Thread[] = [
    { kind: 'main', name: 'node', tid: 1 },
    { kind: 'other', name: '', tid: 0 },
  ]
  const specs = [
    { stack: [main] },
    { stack: [runtime('(libuv pool)'), native('worker'), native('uv__fs_work')], thread: 1 },
    { stack: [runtime('(other threads)')], thread: 1 },
  ]
  const profile = buildProfile(specs, { threads })
  const of = (view: ViewName): string[] => namesOnly(toCollapsed(profile, { view }))
  t.strictSame(of('js'), ['(libuv pool) 1', '(main thread);main 1', '(other threads) 1'])
  t.strictSame(of('mixed'), [
    '(libuv pool);worker;uv__fs_work 1',
    '(main thread);main 1',
    '(other threads) 1',
  ])
  t.strictSame(of('native'), [
    '(main thread);(JavaScript) 1',
    '(other threads) 1',
    '(other threads);worker;uv__fs_work 1',
  ])
})

t.test('every view says something of every kind of frame', async (t) => {
  const kinds: FrameKind[] = ['js', 'native', 'builtin', 'helper', 'runtime', 'gc', 'wasm', 'pseudo']
  for (const view of VIEWS)
    for (const kind of kinds) t.match(showingOf(view, kind), /^(itself|javascript|leaf|hidden)$/)
})

t.test('a view that does not exist is refused by every writer, with the list', async (t) => {
  const refusal = {
    code: 'ERR_NATIVEPROF_INVALID_ARGUMENT',
    message: 'no view is called "cpp"; there are js, mixed, native',
  }
  const view = 'cpp' as ViewName
  const profile = buildProfile(SPECS)
  t.throws(() => viewNamed('cpp'), refusal)
  for (const write of [toCollapsed, toHtml, toSpeedscope, toTable])
    t.throws(() => write(profile, { view }), refusal, write.name)
  for (const name of VIEWS) t.equal(viewNamed(name), name)
})

// Without places and modules, sorted anew: a name that is short sorts elsewhere.
function namesOnly(collapsed: string): string[] {
  const lines = collapsed.trimEnd().split('\n')
  return lines.map((line) => line.replace(/ (\/app\/[^;]*?|\[[^\]]*\])(?=;| \d+$)/g, '')).sort()
}

function stacksOf(speedscope: string): string[] {
  const { shared, profiles } = JSON.parse(speedscope) as {
    shared: { frames: { name: string }[] }
    profiles: { samples: number[][]; weights: number[] }[]
  }
  const ticks = new Map<string, number>()
  for (const { samples, weights } of profiles) {
    samples.forEach((frames, index) => {
      const stack = frames.map((frame) => shared.frames[frame]?.name).join(';')
      ticks.set(stack, (ticks.get(stack) ?? 0) + (weights[index] ?? 0) / 1e7)
    })
  }
  return Array.from(ticks, ([stack, count]) => `${stack} ${count}`).sort()
}

function selfTicks(table: string): Map<string, number> {
  const lines = table.trimEnd().split('\n')
  const rows = lines.slice(lines.findIndex((line) => line.includes('self ticks')) + 1)
  return new Map(
    rows.map((row) => {
      const [, self, name = ''] = /^ *(\d+)(?: +[\d.]+){5} +(.*?)(?: {2}.*)?$/.exec(row) ?? []
      return [name, Number(self)]
    }),
  )
}
