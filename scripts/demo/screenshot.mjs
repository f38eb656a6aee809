// screenshot.mjs [flame graph] [picture] — the picture in the README: opens what `npm run demo` made of the TypeScript
// compiler in headless Chromium, scrolls past what starts a program in node, points at checkSourceFile(), and takes a
// picture. Prints what the page says of that function. Needs Chromium, `npm run demo` and `npm run build:test`.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { openPage } from '../../build/test/support/chromium.js'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const FUNCTION = 'checkSourceFile'
const ROW_HEIGHT = 20
const FIRST_ROW = 153 // the middle of it
const LAST_ROW = 690
const COLUMN = 200
const DEEPEST_ROW = 200
const ROWS_ABOVE = 8 // callers of the function that stay in the picture
const IS_DRAWN = `document.title.endsWith(' - speedscope') && document.querySelectorAll('canvas').length > 1`

const [
  flameGraph = join(ROOT, 'build/demo/type-check.html'),
  picture = join(ROOT, 'docs/flamegraph-type-check.png'),
] = process.argv.slice(2)

const closers = []
const folder = mkdtempSync(join(tmpdir(), 'nativeprof-screenshot-'))
try {
  // Paths are shown from the root of the repository, wherever that is.
  const copy = join(folder, 'type-check.html')
  writeFileSync(copy, readFileSync(flameGraph, 'utf8').replaceAll(ROOT, ''))
  const page = await openPage({ teardown: (close) => closers.push(close) }, pathToFileURL(copy).href)
  await page.waitFor(IS_DRAWN)
  const row = await rowOf(page, FUNCTION)
  await scroll(page, row - ROWS_ABOVE)
  console.log(await pointAtRow(page, ROWS_ABOVE))
  writeFileSync(picture, Buffer.from(await page.screenshot(), 'base64'))
} finally {
  for (const close of closers) await close()
  rmSync(folder, { recursive: true })
}

/** The row of the page, from 0, in which a function is found; scrolls down until it is. */
async function rowOf(page, name) {
  const rowsOnPage = Math.floor((LAST_ROW - FIRST_ROW) / ROW_HEIGHT)
  for (let top = 0; top < DEEPEST_ROW; top += rowsOnPage) {
    for (let row = 0; row < rowsOnPage; row++) {
      const text = await pointAtRow(page, row)
      if (text.includes(`) ${name} `)) return row
    }
    await scroll(page, rowsOnPage)
  }
  throw new Error(`${name} is not in the flame graph`)
}

/** Points at a row, and returns what the page then says of the frame: its time, its share, its name and its place. */
async function pointAtRow(page, row) {
  await page.pointAt(COLUMN, FIRST_ROW + row * ROW_HEIGHT)
  await page.waitFor('true')
  const [, text = ''] = /\n([\d.]+\w+ \([^)]*%\) [^]*)$/.exec(await page.text()) ?? []
  return text.replaceAll(/\s+/g, ' ')
}

async function scroll(page, rows) {
  const event = `new WheelEvent('wheel', { deltaY: ${rows * ROW_HEIGHT}, bubbles: true, cancelable: true })`
  await page.evaluate(`document.elementFromPoint(${COLUMN}, ${FIRST_ROW}).dispatchEvent(${event})`)
  await page.waitFor('true')
}
