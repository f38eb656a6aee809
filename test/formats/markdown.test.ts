import t from 'tap'
import { toMarkdown } from '#lib/formats/markdown.js'
import { buildProfile, gc, js, runtime } from '../support/profile-builder.js'

const main = js('main', '/app/main.js', 3, { atLine: 4 })
const parse = js('Parser.parse', '/app/lib/parser.js', 12, { atLine: 15 })

const profile = buildProfile(
  [
    { stack: [main, parse], ticks: 50 },
    { stack: [main, { ...parse, atLine: 17 }], ticks: 10 },
    { stack: [js('other', '/app/other.js', 1), parse], ticks: 20 },
    { stack: [main], ticks: 15 },
    { stack: [main, parse, gc()], ticks: 5 },
  ],
  { counters: { dropped: 2, notWalkable: 1, truncated: 4 }, notes: ['see <b>@everyone</b> `x` *y*'] },
)

t.test('the hottest functions, with lines, callers and what was lost', async (t) => {
  t.equal(
    toMarkdown(profile, { top: 2, cwd: '/app' }),
    [
      '## CPU profile of `main.js --fast`',
      'CPU time: 1.00 s; wall time: 1.00 s; rate: asked for 100 Hz, got 103; coverage: 100.0 %; Node.js v22.12.0, linux x64.',
      'Ticks: 103 = 100 samples + 2 dropped + 1 not walkable; 4 stacks truncated. It is sampled: a share of 10 % is ± 6.0 (two standard errors).',
      '| self % | total % | self ticks | function | where |\n' +
        '|--:|--:|--:|:--|:--|\n' +
        '| 80.0 | 85.0 | 80 | `Parser.parse` | `lib/parser.js:12:1` |\n' +
        '| 15.0 | 80.0 | 15 | `main` | `main.js:3:1` |\n' +
        '| 5.0 | | 5 | 1 more | |',
      '**`Parser.parse`** at `lib/parser.js:12:1`: 80.0 % self\n' +
        '- lines: 15 (87.5 %), 17 (12.5 %)\n' +
        '- called by: `main` `main.js:3:1` (75.0 %), `other` `other.js:1:1` (25.0 %)',
      '**`main`** at `main.js:3:1`: 15.0 % self\n- lines: 4 (100.0 %)\n- called by: nothing (100.0 %)',
      '- Note: see &#60;b&#62;&#64;everyone&#60;/b&#62; \\`x\\` \\*y\\*\n',
    ].join('\n\n'),
  )
})

t.test('names are code, whatever is in them', async (t) => {
  const text = toMarkdown(buildProfile([{ stack: [js('a`` | <img>\n# b', ''), js('`', '/x.js', 1)] }]))
  t.match(text, '| 100.0 | 100.0 | 1 | `` ` `` | `/x.js:1:1` |\n')
  t.match(text, '- called by: ```a`` | <img> # b``` (100.0 %)\n')
})

t.test('threads are listed if there are several', async (t) => {
  const threads = [
    { kind: 'main', name: 'node', tid: 1 },
    { kind: 'other', name: 'V8Worker', tid: 2 },
  ] as const
  const several = buildProfile(
    [
      { stack: [main], ticks: 3 },
      { stack: [runtime('(compiler)')], thread: 1 },
    ],
    { threads },
  )
  t.match(toMarkdown(several), 'Threads: `main thread` 75.0 %, `V8Worker` 25.0 %.')
  t.notMatch(toMarkdown(several, { threads: 'merged' }), 'Threads')
})

t.test('a profile without samples says that there is nothing', async (t) => {
  t.match(toMarkdown(buildProfile([])), 'there is nothing to list')
})
