// One recording in four formats, each opened by speedscope's published app, whose importers nobody here wrote.

import { writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import t from 'tap'
import { startSampler } from 'nativeprof'
import { toCollapsed } from '#lib/formats/collapsed.js'
import { toCpuProfile } from '#lib/formats/cpuprofile.js'
import { toPprof } from '#lib/formats/pprof.js'
import { toSpeedscope } from '#lib/formats/speedscope.js'
import { functionOf } from '#lib/profile.js'
import type { Profile } from '#lib/profile.js'
import { openPage } from '../support/chromium.js'
import type { Page } from '../support/chromium.js'
import { buildProfile, gc, js } from '../support/profile-builder.js'
import { CHROMIUM } from '../support/tools.js'

const OPTIONS = { threads: 'merged' } as const
const HAS_ROWS = `document.title.endsWith(' - speedscope') && document.querySelector('td')`

/** What each viewer calls a file, and the file. */
function filesOf(profile: Profile): readonly (readonly [string, string | Uint8Array])[] {
  return [
    ['profile.speedscope.json', toSpeedscope(profile, OPTIONS)],
    ['profile.pb.gz', toPprof(profile, OPTIONS)],
    ['profile.cpuprofile', toCpuProfile(profile, OPTIONS)],
    ['profile.folded', toCollapsed(profile, OPTIONS)],
  ]
}

t.test('one recording has the same shares in every format', { skip: CHROMIUM.skip }, async (t) => {
  const profile = record()
  const inlined = profile.frames
    .filter((frame) => frame.inlined)
    .map((frame) => functionOf(profile, frame).name)
  t.ok(inlined.includes('digitsOf'), 'one of the functions was inlined')
  const shares = await sharesIn(t, filesOf(profile))
  const [first, ...others] = shares
  t.match(first?.get('digitsOf')?.self, /^(?!0$)\d+/, 'the inlined function is there')
  t.match(first?.get('countThem')?.total, /^(?!0$)\d+/, 'and its caller')
  for (const name of ['digitsOf', 'countThem']) {
    for (const other of others) {
      // Whole percents are shown; half a one is rounded up or down by the last nanosecond.
      for (const key of ['self', 'total'] as const)
        t.ok(
          Math.abs(Number(other.get(name)?.[key]) - Number(first?.get(name)?.[key])) <= 1,
          `${key} of ${name}`,
        )
    }
  }
})

t.test('the collector stays below the function that caused it', { skip: CHROMIUM.skip }, async (t) => {
  const [main, work] = [js('main', '/a.js', 1), js('work', '/a.js', 9)]
  const profile = buildProfile([
    { stack: [main, work], ticks: 20 },
    { stack: [main], ticks: 30 },
    { stack: [main, work, gc()], ticks: 50 },
  ])
  for (const shares of await sharesIn(t, filesOf(profile)))
    t.strictSame(shares.get('work'), { total: '70', self: '20' }, 'whatever ran before')
})

interface Shares {
  readonly total: string
  readonly self: string
}

async function sharesIn(
  t: Parameters<typeof openPage>[0] & { testdir: () => string },
  files: readonly (readonly [string, string | Uint8Array])[],
): Promise<ReadonlyMap<string, Shares>[]> {
  const page = await openPage(t, 'about:blank')
  const shares: ReadonlyMap<string, Shares>[] = []
  const folder = t.testdir()
  for (const [name, content] of files) {
    await page.open('about:blank')
    await page.open(appWith(folder, name, content))
    await page.waitFor(HAS_ROWS)
    shares.push(await shownShares(page))
  }
  return shares
}

// `700.00ms (70%) 200.00ms (20%) work`, total first; places that follow the name are left out.
async function shownShares(page: Page): Promise<ReadonlyMap<string, Shares>> {
  const rows = await page.tableRows()
  return new Map(
    rows.map((row) => {
      const [, total = '', self = '', name = ''] = /\(<?([\d.]+)%\).*?\(<?([\d.]+)%\) (\S+)/.exec(row) ?? []
      return [name, { total, self }] as const
    }),
  )
}

// As speedscope's own command line opens a file: in the app on disk, by a script that it is told to load.
function appWith(folder: string, name: string, content: string | Uint8Array): string {
  const script = join(folder, `${name}.js`)
  const base64 = Buffer.from(content).toString('base64')
  writeFileSync(script, `speedscope.loadFileFromBase64('${name}', '${base64}')`)
  const app = createRequire(import.meta.url).resolve('speedscope/dist/release/index.html')
  return `${pathToFileURL(app).href}#view=sandwich&localProfilePath=${script}`
}

// Until there are enough ticks of a function that the compiler inlines.
function record(): Profile {
  const sampler = startSampler({ hz: 100 })
  const deadline = performance.now() + 60_000
  const numbers = Array.from({ length: 20_000 }, (_, index) => index * 7919)
  let sum = 0
  do {
    for (let round = 0; round < 20; round++) sum += countThem(numbers)
    const { counters, frames } = sampler.snapshot()
    if (counters.samples >= 100 && frames.some((frame) => frame.inlined)) break
  } while (performance.now() < deadline)
  if (sum === 0) throw new Error('nothing was counted')
  return sampler.stop()
}

function countThem(numbers: readonly number[]): number {
  let digits = 0
  for (const number of numbers) digits += digitsOf(number)
  return digits
}

function digitsOf(number: number): number {
  let digits = 1
  for (let rest = number; rest >= 10; rest = Math.floor(rest / 10)) digits++
  return digits
}
