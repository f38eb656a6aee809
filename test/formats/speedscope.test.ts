import { writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import t from 'tap'
import type { Test } from 'tap'
import { toSpeedscope } from '#lib/formats/speedscope.js'
import type { Thread } from '#lib/profile.js'
import { openPage } from '../support/chromium.js'
import { buildProfile, builtin, js, pseudo } from '../support/profile-builder.js'
import { CHROMIUM } from '../support/tools.js'

interface SpeedscopeFile {
  readonly name: string
  readonly exporter: string
  readonly activeProfileIndex: number
  readonly shared: { readonly frames: readonly { readonly name: string }[] }
  readonly profiles: readonly {
    readonly name: string
    readonly unit: string
    readonly endValue: number
    readonly samples: readonly (readonly number[])[]
    readonly weights: readonly number[]
  }[]
}

const THREADS: readonly Thread[] = [
  { kind: 'main', name: 'node', tid: 1 },
  { kind: 'worker', name: 'resizer', tid: 2 },
  { kind: 'worker', name: 'resizer', tid: 3 },
]

const main = js('main', '/app/main.js', 1)

t.test('samples are in order of time, root-first, each with its CPU time', async (t) => {
  const profile = buildProfile([
    { stack: [main, js('a', '/a.js', 2)], ticks: 2 },
    { stack: [main, builtin('ArrayMap')] },
    { stack: [main, js('a', '/a.js', 2)] },
  ])
  const { nativeprof, ...file } = JSON.parse(toSpeedscope(profile)) as Record<string, unknown>
  t.match(nativeprof, { view: 'js', timer: 'process', counters: { ticks: 4, samples: 4 } })
  t.strictSame(file, {
    $schema: 'https://www.speedscope.app/file-format-schema.json',
    exporter: 'nativeprof',
    name: 'main.js --fast',
    activeProfileIndex: 0,
    shared: {
      frames: [
        { name: 'main', file: '/app/main.js', line: 1, col: 1 },
        { name: 'a', file: '/a.js', line: 2, col: 1 },
        { name: 'Array.prototype.map', file: '[v8:builtin]' },
      ],
    },
    profiles: [
      {
        type: 'sampled',
        name: 'main thread',
        unit: 'nanoseconds',
        startValue: 0,
        endValue: 40_000_000,
        samples: [
          [0, 1],
          [0, 2],
          [0, 1],
        ],
        weights: [20_000_000, 10_000_000, 10_000_000],
      },
    ],
  })
})

t.test('tiers and lines of one function are one frame', async (t) => {
  const { shared, profiles } = parse(
    toSpeedscope(
      buildProfile([
        { stack: [js('f', '/a.js', 3, { tier: 'interpreted', atLine: 3 })] },
        { stack: [js('f', '/a.js', 3, { tier: 'turbofan', atLine: 4 })] },
        { stack: [js('f', '/b.js', 3)] },
      ]),
    ),
  )
  t.equal(shared.frames.length, 2)
  t.strictSame(profiles[0]?.samples, [[0], [0], [1]])
})

t.test('each thread with samples is a profile, and the busiest is shown first', async (t) => {
  const profile = buildProfile(
    [
      { stack: [main], thread: 2, ticks: 3 },
      { stack: [main], ticks: 1 },
      { stack: [pseudo('(garbage collector)')], thread: 1, ticks: 2 },
    ],
    { threads: [...THREADS, { kind: 'other', name: 'idle', tid: 4 }] },
  )
  const { profiles, activeProfileIndex } = parse(toSpeedscope(profile))
  t.strictSame(
    profiles.map((each) => [each.name, each.endValue]),
    [
      ['main thread', 10_000_000],
      ['worker resizer (2)', 20_000_000],
      ['worker resizer (3)', 30_000_000],
    ],
  )
  t.equal(activeProfileIndex, 2)
})

t.test('the weights add up to the CPU time, scaled or not', async (t) => {
  const profile = buildProfile(
    Array.from({ length: 300 }, () => ({ stack: [main] })),
    { weightScale: 1.0123456789 },
  )
  const [first] = parse(toSpeedscope(profile)).profiles
  const sum = first?.weights.reduce((total, weight) => total + weight, 0) ?? 0
  t.equal(first?.endValue, sum)
  t.ok(Math.abs(sum - profile.cpuNanos) < 1000)
  t.ok(first?.weights.every(Number.isInteger))
})

t.test('once samples are forgotten, the sums stand for them, and the name says so', async (t) => {
  const whole = buildProfile([
    { stack: [main, js('a')], ticks: 5 },
    { stack: [main], ticks: 1 },
    { stack: [main, js('a')], ticks: 2 },
  ])
  const { profiles } = parse(toSpeedscope({ ...whole, samples: whole.samples.slice(2), samplesForgotten: 2 }))
  t.match(profiles, [
    {
      name: 'main thread (sums of equal stacks, not in order of time)',
      endValue: 80_000_000,
      samples: [[0, 1], [0]],
      weights: [70_000_000, 10_000_000],
    },
  ])
})

t.test('the whole can be given a name', async (t) => {
  t.equal(parse(toSpeedscope(buildProfile([]), { name: 'window 3' })).name, 'window 3')
})

t.test('a profile without samples is a file that says so', async (t) => {
  const { profiles } = parse(toSpeedscope(buildProfile([])))
  t.match(profiles, [{ name: 'no samples', endValue: 0, samples: [], weights: [] }])
})

t.test('the published app shows the functions and their CPU time', { skip: CHROMIUM.skip }, async (t) => {
  const profile = buildProfile([
    { stack: [main, js('parse', '/app/parser.js', 12)], ticks: 30 },
    { stack: [main, js('größe <b> "漢字"', '/app/parser.js', 50)], ticks: 15 },
    { stack: [main, js('f\nx', ''), js('', '')], ticks: 10 },
    { stack: [main], ticks: 5 },
  ])
  const page = await openPage(t, publishedApp(t, toSpeedscope(profile)))
  await page.waitFor(`document.title === 'main.js --fast - speedscope' && document.querySelector('td')`)
  t.strictSame((await page.tableRows()).sort(), [
    '100.00ms (17%) 0.00ns (<0.01%) f x',
    '100.00ms (17%) 100.00ms (17%) (anonymous)',
    '150.00ms (25%) 150.00ms (25%) größe <b> "漢字"',
    '300.00ms (50%) 300.00ms (50%) parse',
    '600.00ms (100%) 50.00ms (8.3%) main',
  ])
  t.strictSame(page.complaints, [])
})

// As speedscope's own command line opens a file: in the app on disk, by a script that it is told to load.
function publishedApp(t: Test, file: string): string {
  const script = join(t.testdir(), 'profile.js')
  const content = Buffer.from(file).toString('base64')
  writeFileSync(script, `speedscope.loadFileFromBase64('profile.speedscope.json', '${content}')`)
  const app = createRequire(import.meta.url).resolve('speedscope/dist/release/index.html')
  return `${pathToFileURL(app).href}#view=sandwich&localProfilePath=${script}`
}

function parse(text: string): SpeedscopeFile {
  return JSON.parse(text) as SpeedscopeFile
}
