// Tables of a part of a profile, and by other things than functions.

import t from 'tap'
import { filterProfile, toTable } from 'nativeprof'
import { displayWidth } from '#lib/formats/columns.js'
import { buildProfile, js, runtime } from './support/profile-builder.js'

const main = js('main', '/app/main.js', 1)
const route = js('route', '/app/node_modules/express/lib/router.js', 5)
const next = js('next', '/app/node_modules/express/lib/next.js', 7, { atLine: 9 })
const scoped = js('parse', '/app/node_modules/.pnpm/@x+y@1/node_modules/@x/y/index.js', 3)
const profile = buildProfile(
  [
    { stack: [main, route, next], ticks: 40 },
    { stack: [main, route, next, scoped], ticks: 30 },
    { stack: [main, scoped], ticks: 20, thread: 1 },
    { stack: [main, runtime('JSON.parse')], ticks: 10 },
  ],
  {
    threads: [
      { name: 'node', kind: 'main', tid: 1 },
      { name: '1', kind: 'worker', tid: 2 },
    ],
  },
)

t.test('by package: what a package used itself, and with what it called, each sample once', async (t) => {
  const rows = rowsOf(toTable(profile, { by: 'package' }))
  t.match(rows, [
    /^ +50 .* 50\.0 +50 .* 50\.0 +@x\/y$/,
    /^ +40 .* 40\.0 +70 .* 70\.0 +express$/,
    /^ +10 .* 10\.0 +10 .* 10\.0 +\(runtime\)$/,
    /^ +0 .* 0\.0 +100 .* 100\.0 +\(program\)$/,
  ])
})

t.test('by module and by line', async (t) => {
  t.match(
    toTable(profile, { by: 'module' }),
    /^ +40 .* 40\.0 +70 .* \/app\/node_modules\/express\/lib\/next\.js$/m,
  )
  t.match(toTable(profile, { by: 'line' }), /^ +40 .* next +\S*next\.js:9$/m)
  t.match(toTable(profile, { by: 'function' }), /^ +40 .* next +\S*next\.js:7:1$/m)
})

t.test('by thread', async (t) => {
  t.match(rowsOf(toTable(profile, { by: 'thread' })), [/^ +80 .* main thread$/, /^ +20 .* worker 1$/])
  t.throws(() => toTable(profile, { by: 'file' as 'module' }), {
    code: 'ERR_NATIVEPROF_INVALID_ARGUMENT',
    message: /by must be one of function, line, module, package, thread, not 'file'/,
  })
})

t.test(
  'focus keeps stacks with a frame that matches, ignore drops them, and a note says what is left',
  async (t) => {
    const focused = filterProfile(profile, { focus: /express/g })
    t.equal(ticksOf(focused), 70)
    t.match(focused.notes, [/with a frame that matches \/express\/g: 70 of 100 ticks in samples, 70\.0 %/])
    t.equal(ticksOf(filterProfile(profile, { focus: /express/, ignore: /parse/ })), 40)
    t.equal(ticksOf(filterProfile(profile, { ignore: /main\.js:1/ })), 0)
    t.equal(filterProfile(profile, {}).totals.length, profile.totals.length)
    t.equal(filterProfile(profile, { focus: /express/ }).samples.length, 2)
  },
)

t.test('a table fits the width it is given, with colours too', async (t) => {
  for (const columns of [60, 80, 140]) {
    const plain = toTable(profile, { columns })
    for (const line of plain.split('\n')) t.ok(displayWidth(line) <= columns, line)
    t.equal(
      toTable(profile, { columns, color: true })
        .replace(/\x1b\[\d+m/g, '')
        .replace(/ +$/gm, ''),
      plain,
    )
  }
  t.match(toTable(profile, { color: true }), /\x1b\[31m +40 /)
})

function ticksOf({ totals }: { totals: readonly { ticks: number }[] }): number {
  return totals.reduce((sum, { ticks }) => sum + ticks, 0)
}

function rowsOf(text: string): string[] {
  return text
    .slice(text.lastIndexOf('\n\n') + 2)
    .trimEnd()
    .split('\n')
    .slice(1)
}
