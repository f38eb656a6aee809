// demo.test.ts — `npm run demo` as a newcomer runs it, once, and what it leaves in build/demo/. Numbers are checked in the
// data of the flame graphs, the table only for what it names.

import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { ROOT, runNode } from './support/run-program.js'
import { CHROMIUM, FLAMEGRAPH_PL } from './support/tools.js'

const LINES_OF_PROFILER = 25
const PROFILER = 'scripts/demo/profiler-in-25-lines.mjs'
const COLLAPSED_LINE = /^(.+) (\d+)$/

/** What an HTML file has inside: JSON of speedscope. */
interface Speedscope {
  readonly shared: { readonly frames: readonly { readonly name: string; readonly file?: string }[] }
  readonly profiles: readonly { readonly samples: readonly (readonly number[])[] }[]
}

t.test('the demo, as a newcomer runs it', async (t) => {
  const { code, stdout, stderr } = await runNode(['scripts/demo/run.mjs'], {
    cwd: ROOT,
    deadlineMillis: 280_000,
  })
  t.equal(code, 0, stderr)
  t.equal(stderr, '')

  t.test('a() and b() cost 1 : 2', async (t) => {
    const data = readHtml('one-to-two.html')
    const a = samplesWith(data, 'a')
    const b = samplesWith(data, 'b')
    t.ok(a + b > 100, `there are ${a + b} samples`)
    t.ok(isShare(a, a + b, 1 / 3), `a ${a}, b ${b}`)
  })

  t.test('the table of the type check names the functions of the compiler, with file and line', async (t) => {
    t.match(stdout, /^.* checkSourceFile +\S*\/_tsc\.js:\d+:\d+$/m)
    t.match(stdout, /^.* checkSourceElement +\S*\/_tsc\.js:\d+:\d+$/m)
    t.ok(samplesWith(readHtml('type-check.html'), 'checkSourceFile') > 0)
  })

  t.test('its flame graph opens, and shows them', { skip: CHROMIUM.skip }, async (t) => {
    const picture = join(t.testdir(), 'picture.png')
    const html = join(ROOT, 'build/demo/type-check.html')
    const { code, stdout, stderr } = await runNode(['scripts/demo/screenshot.mjs', html, picture], {
      cwd: ROOT,
    })
    t.equal(code, 0, stderr)
    t.match(stdout, /^[\d.]+\w+ \(\d+%\) checkSourceFile node_modules\/typescript\/lib\/_tsc\.js:\d+/)
    t.ok(statSync(picture).size > 10_000)
  })

  t.test('the slow function is the hottest, and the fast one counts the same', async (t) => {
    t.equal(hottest(readHtml('digits-slow.html')), 'countDigits')
    const [slow, fast] = Array.from(stdout.matchAll(/^(\d+) digits, counted in/gm), ([, digits]) => digits)
    t.ok(Number(slow) > 0)
    t.equal(fast, slow)
    const [, ratio] = /([\d.]+) times as fast/.exec(stdout) ?? []
    t.ok(Number(ratio) > 2, `${ratio} times as fast`)
  })

  t.test('it ends by saying where the flame graphs are', async (t) => {
    const [, end = ''] = stdout.split('The flame graphs are in build/demo/')
    const files = Array.from(end.matchAll(/^ {2}(build\/demo\/\S+\.html)$/gm), ([, file = '']) => file)
    t.equal(files.length, 4)
    for (const file of files) t.ok(existsSync(join(ROOT, file)), file)
  })
})

t.test('the logarithm is exact where the demo uses it', async (t) => {
  const digitsOf = (number: number): number => Math.floor(Math.log10(number)) + 1
  for (let power = 1; power <= 12; power++) {
    const first = 10 ** power
    t.strictSame([digitsOf(first - 1), digitsOf(first), digitsOf(first + 1)], [power, power + 1, power + 1])
  }
})

t.test('a profiler in 25 lines', async (t) => {
  const source = readFileSync(join(ROOT, PROFILER), 'utf8')
  const lines = source.trimEnd().split('\n')
  const { code, stdout } = await runNode([PROFILER, 'scripts/demo/one-to-two.mjs'], { cwd: ROOT })

  t.test('has no more, and none that is too long to read', async (t) => {
    t.ok(lines.length <= LINES_OF_PROFILER, `${lines.length} lines`)
    t.strictSame(
      lines.filter((line) => line.length > 100),
      [],
    )
  })

  t.test('is what the README quotes', async (t) => {
    t.ok(readFileSync(join(ROOT, 'README.md'), 'utf8').includes(`\`\`\`js\n${source}\`\`\`\n`))
  })

  t.test('prints collapsed stacks, a() to b() as 1 : 2', async (t) => {
    t.equal(code, 0)
    let a = 0
    let b = 0
    for (const line of stdout.trimEnd().split('\n')) {
      const [, stack = '', ticks] = COLLAPSED_LINE.exec(line) ?? []
      if (stack === '') t.fail(`no collapsed stack: ${line}`)
      if (/;a \S+one-to-two\.mjs:\d+;work /.test(stack)) a += Number(ticks)
      if (/;b \S+one-to-two\.mjs:\d+;work /.test(stack)) b += Number(ticks)
    }
    t.ok(a + b > 100, `there are ${a + b} samples`)
    t.ok(isShare(a, a + b, 1 / 3), `a ${a}, b ${b}`)
  })

  t.test('makes a flame graph with flamegraph.pl', { skip: FLAMEGRAPH_PL.skip }, async (t) => {
    const svg = execFileSync('perl', [FLAMEGRAPH_PL.path], { input: stdout, encoding: 'utf8' })
    t.match(svg, /<title>work file:\S+one-to-two\.mjs:\d+ \(\d+ samples/)
  })
})

function readHtml(name: string): Speedscope {
  const html = readFileSync(join(ROOT, 'build/demo', name), 'utf8')
  const [, json = ''] = /<script id="profile" type="application\/json">(.*?)<\/script>/s.exec(html) ?? []
  return JSON.parse(json) as Speedscope
}

/** How many samples have a function of this name on the stack. */
function samplesWith({ shared, profiles }: Speedscope, name: string): number {
  const samples = profiles.flatMap((profile) => profile.samples)
  return samples.filter((stack) => stack.some((frame) => shared.frames[frame]?.name === name)).length
}

/** The name of the function with the most time of its own. */
function hottest({ shared, profiles }: Speedscope): string | undefined {
  const samplesOfFrame = new Map<number, number>()
  for (const stack of profiles.flatMap((profile) => profile.samples)) {
    const leaf = stack.at(-1) ?? -1
    samplesOfFrame.set(leaf, (samplesOfFrame.get(leaf) ?? 0) + 1)
  }
  const [most] = [...samplesOfFrame].sort(([, one], [, other]) => other - one)
  return shared.frames[most?.[0] ?? -1]?.name
}

/** Whether `part` of `whole` ticks is the expected share, within three standard errors of so many independent ticks. */
function isShare(part: number, whole: number, share: number): boolean {
  const standardError = Math.sqrt((share * (1 - share)) / whole)
  return Math.abs(part / whole - share) <= 3 * standardError
}
