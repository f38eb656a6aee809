import t from 'tap'
import { displayWidth } from '#lib/formats/columns.js'
import { toTable } from '#lib/formats/table.js'
import { buildProfile, js, native } from '../support/profile-builder.js'

const main = js('main', 'file:///app/main.js', 1)
const parse = js('parse', '/app/node_modules/parser/index.js', 12)

t.test('the table says where every tick went, and who used the CPU time', async (t) => {
  const profile = buildProfile(
    [
      { stack: [main, parse, native('memcpy', '/usr/lib/libc.so.6')], ticks: 70 },
      { stack: [main, parse], ticks: 20 },
      { stack: [main], ticks: 10 },
    ],
    {
      cpuNanos: 1.05e9,
      durationNanos: 950.5e6,
      coverage: 0.9995,
      counters: { dropped: 3, notWalkable: 2, truncated: 1 },
      notes: ['Ticks of 2 threads merged.'],
    },
  )
  t.equal(
    toTable(profile, { view: 'mixed' }),
    `CPU profile of main.js --fast (mixed view) (pid 4711, Node.js v22.12.0, linux x64)

CPU time      1.05 s
wall time     950.5 ms
ticks         105 = samples + dropped + not walkable
samples       100, of which 1 truncated
dropped       3
not walkable  2
coverage      100.0 % of the CPU time
rate          100.0 ticks per second of CPU time, asked for 100
note          Ticks of 2 threads merged.

self ticks  CPU ms     %  total ticks  CPU ms      %  function  file:line
        70   700.0  70.0           70   700.0   70.0  memcpy    [libc.so.6]
        20   200.0  20.0           90   900.0   90.0  parse     /app/node_modules/parser/index.js:12:1
        10   100.0  10.0          100  1000.0  100.0  main      /app/main.js:1:1
`,
  )
})

t.test('a function counts once for a sample, however often it is on the stack', async (t) => {
  const [row] = rowsOf(toTable(buildProfile([{ stack: [main, parse, parse, main, parse], ticks: 4 }])))
  t.match(row, /^ +4 +40\.0 +100\.0 +4 +40\.0 +100\.0 +parse /)
})

t.test('tiers of a function, and the threads it ran on, are one row', async (t) => {
  const profile = buildProfile([
    { stack: [js('f', '/a.js', 3, { tier: 'interpreted' })], ticks: 1 },
    { stack: [js('f', '/a.js', 3, { tier: 'turbofan', inlined: true })], ticks: 2, thread: 1 },
  ])
  t.match(rowsOf(toTable(profile)), [/^ +3 +30\.0 .* f +\/a\.js:3:1$/])
})

t.test('only the top is listed, and the rest is summed up so that self adds up to all', async (t) => {
  const specs = [1, 2, 3, 4].map((n) => ({ stack: [main, js(`f${n}`, '/a.js', n)], ticks: n }))
  const rows = rowsOf(toTable(buildProfile(specs), { top: 2 }))
  t.match(rows, [/^ +4 .* f4 /, /^ +3 .* f3 /, /^ +3 +30\.0 +30\.0 +\(2 other functions\)$/])
  const one = rowsOf(toTable(buildProfile(specs), { top: 3 }))
  t.match(one.at(-1), /^ +1 +10\.0 +10\.0 +\(1 other function\)$/)
})

t.test('paths below the given directory are relative to it', async (t) => {
  const profile = buildProfile([{ stack: [main, parse] }, { stack: [js('other', '/apple/x.js', 1)] }])
  const rows = rowsOf(toTable(profile, { cwd: '/app' })).join('\n')
  t.match(rows, / node_modules\/parser\/index\.js:12:1/)
  t.match(rows, / main\.js:1:1/)
  t.match(rows, / \/apple\/x\.js:1:1/)
  t.equal(toTable(profile, { cwd: '/app/' }), toTable(profile, { cwd: '/app' }))
})

t.test('no line is wider than 110 columns, and columns line up', async (t) => {
  const long = 'x'.repeat(300)
  const profile = buildProfile(
    [
      { stack: [js(long, `/app/${'folder/'.repeat(40)}file.js`, 123456)], ticks: 1000 },
      { stack: [js('größe漢字😀e\u0301', '/a.js', 1)] },
      { stack: [js('short', `/${long}.js`, 1)] },
    ],
    {
      notes: [`${'word '.repeat(60)}${long}`],
      process: { ...buildProfile([]).process, command: [long, 'x y'] },
    },
  )
  const text = toTable(profile)
  for (const line of text.split('\n')) t.ok(displayWidth(line) <= 110, line)
  const rows = rowsOf(text)
  t.match(rows[0], / x+…  …\/folder\/file\.js:123456:1$/)
  const starts = rows.map((row) => displayWidth(row.slice(0, row.search(/ {2}\S+$/))))
  t.equal(new Set(starts).size, 1, 'locations begin in one column')
})

t.test('names are harmless to a terminal', async (t) => {
  const profile = buildProfile(
    [{ stack: [js('\u001b]0;title\u0007\u001b[2J\nnext', '/a\u001b[31m.js', 1)] }],
    {
      notes: ['note\u001b[5m'],
      process: { ...buildProfile([]).process, command: ['\u001b[7m.js'] },
    },
  )
  const text = toTable(profile)
  t.notMatch(text, /(?!\n)\p{Cc}/u)
  t.match(text, '\ufffd]0;title\ufffd\ufffd[2J next')
})

t.test('scaled weights are admitted', async (t) => {
  const profile = buildProfile([{ stack: [main] }], { coverage: 0.8, weightScale: 1.25 })
  t.match(
    toTable(profile),
    'coverage      80.0 % of the CPU time; times below are scaled by 1.250 to make up for it\n',
  )
})

t.test('a profile without ticks says that there was no CPU to sample', async (t) => {
  const text = toTable(buildProfile([], { cpuNanos: 4.2e6, durationNanos: 5e9, coverage: 0 }))
  t.match(
    text,
    /\n\nThere was no CPU to sample: the process used 4\.2 ms; one tick takes 10 ms of CPU time\.\n$/,
  )
  t.notMatch(text, 'NaN')
  const nothing = toTable(buildProfile([]))
  t.match(nothing, 'coverage      not known: no time was used\n')
  t.match(nothing, 'rate          asked for 100\n')
})

t.test('a profile whose ticks all failed says that', async (t) => {
  t.match(toTable(buildProfile([], { counters: { notWalkable: 2 } })), 'None of the ticks yielded a stack.\n')
})

function rowsOf(table: string): string[] {
  const lines = table.trimEnd().split('\n')
  return lines.slice(lines.findIndex((line) => line.includes('self ticks')) + 1)
}
