import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import t from 'tap'
import type { Test } from 'tap'
import { toHtml } from '#lib/formats/html.js'
import { toTable } from '#lib/formats/table.js'
import type { Profile } from '#lib/profile.js'
import type { ViewName } from '#lib/view.js'
import { openPage } from '../support/chromium.js'
import { buildProfile, builtin, js, native, pseudo } from '../support/profile-builder.js'
import { ROOT } from '../support/run-program.js'
import { CHROMIUM } from '../support/tools.js'

const HOSTILE = `</script><script>document.title='hacked'</script><!--<img src="x:y" onerror="alert(1)">`
const IS_LOADED = `document.title.endsWith(' - speedscope')`
const HAS_ROWS = `${IS_LOADED} && document.querySelector('td')`
const IS_DRAWN = `${IS_LOADED} && document.querySelectorAll('canvas').length > 1`

const main = js('main', 'file:///app/main.js', 3)

t.test('the page is one file, with nothing in it that is elsewhere', async (t) => {
  const html = toHtml(buildProfile([{ stack: [main] }]))
  t.match(html, '<title>main.js --fast</title>')
  t.notMatch(html, 'sourceMappingURL')
  t.notMatch(html, /<(script|link|img)\b[^>]*\b(src|href)="(?!data:)/)
  t.notMatch(html, /url\("?(?!"?data:)/)
  t.match(html, 'The above copyright notice and this permission notice', 'the terms of the viewer go with it')
})

t.test('a reader without JavaScript gets the table', async (t) => {
  const profile = buildProfile([{ stack: [main, js(HOSTILE, '/a&b.js', 1)] }])
  const [, table = ''] = /<noscript><pre>\n(.*?)<\/pre><\/noscript>/s.exec(toHtml(profile)) ?? []
  t.notMatch(table, '<')
  t.equal(table.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&'), toTable(profile))
})

t.test('names cannot end the element that they stand in', async (t) => {
  const process = { ...buildProfile([]).process, command: ['</title><script>1</script>'] }
  const html = toHtml(buildProfile([{ stack: [js(HOSTILE)] }], { process }))
  t.equal(html.match(/<script\b/g)?.length, 3)
  t.equal(html.match(/<\/script>/g)?.length, 3)
  t.equal(html.match(/<\/title>/g)?.length, 1)
})

t.test('without the package of the viewer the error says what to do', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'nativeprof-html-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  cpSync(new URL('..', import.meta.resolve('#lib/formats/html.js')), join(folder, 'dist'), {
    recursive: true,
  })
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  mkdirSync(join(folder, 'node_modules'))
  for (const name of ['acorn', '@jridgewell'])
    symlinkSync(join(ROOT, 'node_modules', name), join(folder, 'node_modules', name))
  const copy = pathToFileURL(join(folder, 'dist', 'formats', 'html.js')).href
  const { toHtml: toHtmlWithoutViewer } = (await import(copy)) as { toHtml: typeof toHtml }
  t.throws(() => toHtmlWithoutViewer(buildProfile([])), {
    code: 'ERR_NATIVEPROF_OUTPUT',
    message: /reinstall/,
  })
})

t.test('the flame graph is drawn, left-heavy, without a network', { skip: CHROMIUM.skip }, async (t) => {
  const parse = js('parse', '/app/parser.js', 12)
  const profile = buildProfile(
    [
      { stack: [main], ticks: 10 },
      { stack: [main, parse, builtin('ArrayPrototypeSort')], ticks: 20 },
      { stack: [main], ticks: 10 },
      { stack: [main, parse, js(HOSTILE, '/a.js', 1)], ticks: 60 },
      { stack: [pseudo('(garbage collector)')], ticks: 30, thread: 1 },
    ],
    {
      threads: [
        { kind: 'main', name: 'node', tid: 1 },
        { kind: 'other', name: 'V8Worker', tid: 2 },
      ],
    },
  )
  const url = htmlFile(t, profile)
  const page = await openPage(t, url)
  await page.waitFor(IS_DRAWN)
  t.equal(await page.evaluate('document.title'), 'main.js --fast - speedscope')
  t.equal(await page.evaluate('location.hash'), '#view=left-heavy')
  t.match(await page.text(), 'main thread (1/2)')

  // The first row of frames is at 143, each is 20 high, and a thousandth of the CPU time is 1.2 wide. In order of time
  // parse would begin after 10 ticks of main alone, and the sort would be left of the hostile name.
  await page.pointAt(20, 175)
  await page.waitFor(`document.body.innerText.includes('800.00ms (80%) parse')`)
  t.match(await page.text(), '/app/parser.js:12')
  await page.pointAt(20, 195)
  await page.waitFor(`document.body.innerText.includes('600.00ms (60%) </script>')`)
  t.match(await page.text(), HOSTILE)
  await page.pointAt(1100, 175)
  await page.waitFor(`!document.body.innerText.includes('%')`)

  const colors = [await page.colorAt(300, 175), await page.colorAt(900, 175), await page.colorAt(1100, 175)]
  t.not(colors[0], '255,255,255', 'parse is painted')
  t.equal(colors[1], colors[0], 'to its end')
  t.equal(colors[2], '255,255,255', 'and no further')

  t.strictSame(page.requests, [url], 'the page asked for nothing but itself')
  t.strictSame(page.complaints, [], 'and was denied nothing')
})

t.test('the address can name another view', { skip: CHROMIUM.skip }, async (t) => {
  const page = await openPage(t, `${htmlFile(t, buildProfile([{ stack: [main], ticks: 3 }]))}#view=sandwich`)
  await page.waitFor(HAS_ROWS)
  t.strictSame(await page.tableRows(), ['30.00ms (100%) 30.00ms (100%) main'])
})

t.test(
  'names that look mangled are read where no code from elsewhere may run',
  { skip: CHROMIUM.skip },
  async (t) => {
    const profile = buildProfile([
      { stack: [js('_Router'), native('_ZN4node2fs4ReadEv'), js('_RNv')], ticks: 3 },
    ])
    const page = await openPage(t, `${htmlFile(t, profile, 'mixed')}#view=sandwich`)
    await page.waitFor(HAS_ROWS)
    t.match((await page.tableRows()).sort(), [/ _Router$/, / node::fs::Read\(\)$/, / _RNv$/])
    t.strictSame(page.complaints, [])
  },
)

t.test('a profile without samples opens, and says so', { skip: CHROMIUM.skip }, async (t) => {
  const page = await openPage(t, htmlFile(t, buildProfile([])))
  await page.waitFor(IS_DRAWN)
  t.match(await page.text(), 'no samples')
  t.strictSame(page.complaints, [])
})

t.test('what a page asks for and is denied is seen', { skip: CHROMIUM.skip }, async (t) => {
  const file = join(t.testdir(), 'page.html')
  const denial = `<meta http-equiv="Content-Security-Policy" content="script-src 'none'">`
  writeFileSync(file, `${denial}<title>loaded</title><img src="http://127.0.0.1:9/a.png"><script>1</script>`)
  const page = await openPage(t, pathToFileURL(file).href)
  await page.waitFor(`document.title === 'loaded' && document.readyState === 'complete'`)
  t.match(page.requests, [/page\.html$/, 'http://127.0.0.1:9/a.png'])
  t.match(page.complaints.join('\n'), /Content Security Policy/)
})

function htmlFile(t: Test, profile: Profile, view: ViewName = 'js'): string {
  const file = join(t.testdir(), 'profile.html')
  writeFileSync(file, toHtml(profile, { view }))
  return pathToFileURL(file).href
}
