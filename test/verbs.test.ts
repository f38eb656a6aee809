// The verbs that work on saved files: what they print and write, and how they refuse.

import {
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { readProfile, toPprof } from 'nativeprof'
import type { Profile } from 'nativeprof'
import { buildProfile, js } from './support/profile-builder.js'
import { CLI, runNode, run, scratchFolder } from './support/run-program.js'
import type { Ending } from './support/run-program.js'
import { SCRIPT } from './support/tools.js'

const main = js('main', '/app/main.js', 1)
const parse = js('parse', '/app/node_modules/json/parse.js', 3)
const render = js('render', '/app/render.js', 9)

function profileOf(parseTicks: number): Profile {
  return buildProfile([
    { stack: [main, parse], ticks: parseTicks },
    { stack: [main, render], ticks: 100 },
  ])
}

/** a.pb.gz and b.pb.gz, of which the second has twice as much of `parse`. */
function filesIn(t: { teardown: (callback: () => void) => void }): string {
  const cwd = scratchFolder(t)
  writeFileSync(join(cwd, 'a.pb.gz'), toPprof(profileOf(300)))
  writeFileSync(join(cwd, 'b.pb.gz'), toPprof(profileOf(600)))
  return cwd
}

function nativeprof(cwd: string, ...args: string[]): Promise<Ending> {
  return runNode([CLI, ...args], { cwd })
}

t.test('table: the hottest functions of a file, sorted, filtered and grouped', async (t) => {
  const cwd = filesIn(t)
  const { code, stdout, stderr } = await nativeprof(cwd, 'table', 'a.pb.gz')
  t.equal(code, 0)
  t.equal(stderr, '')
  t.match(stdout, /^ +300 +3000\.0 +75\.0 .* parse +\/app\/node_modules\/json\/parse\.js:3:1$/m)
  t.match(
    (await nativeprof(cwd, 'table', '--sort', 'total', '--top', '1', 'a.pb.gz')).stdout,
    /^ +0 .* 100\.0 +main /m,
  )
  t.match((await nativeprof(cwd, 'table', '--by', 'package', 'a.pb.gz')).stdout, /^ +300 .* json$/m)
  const { stdout: focused } = await nativeprof(cwd, 'table', '--focus', 'ren', '--ignore=xyz', 'a.pb.gz')
  t.match(focused, /: 100\s+of 400 ticks in samples, 25\.0 %/)
  t.notMatch(focused, / parse /)
  const { stdout: piped } = await run('/bin/sh', ['-c', `${process.execPath} ${CLI} table - < a.pb.gz`], {
    cwd,
  })
  t.match(piped, / parse /)
})

t.test('table on a terminal has its width, and colours', { skip: SCRIPT.skip }, async (t) => {
  const cwd = filesIn(t)
  const table = async (env: Record<string, string>): Promise<string> => {
    const command = `stty cols 70 rows 24; ${process.execPath} ${CLI} table a.pb.gz`
    return (await run(SCRIPT.path, ['-qec', command, '/dev/null'], { cwd, env: { TERM: 'xterm', ...env } }))
      .stdout
  }
  const coloured = (await table({ NO_COLOR: '' })).replace(/^.*\x1b\[2K/s, '')
  t.match(coloured, /\x1b\[31m +300 /)
  const plain = (await table({ NO_COLOR: '1' })).replace(/^.*\x1b\[2K/s, '')
  t.notMatch(plain, /\x1b/)
  for (const line of plain.split(/\r?\n/)) t.ok(line.length <= 70, line)
})

t.test('convert writes any format that it reads, and gives back what went in', async (t) => {
  const cwd = filesIn(t)
  for (const out of ['x.collapsed', 'x.speedscope.json', 'x.html', 'x.pprof']) {
    const { code, stdout, stderr } = await nativeprof(cwd, 'convert', 'a.pb.gz', out)
    t.equal(code, 0, stderr)
    t.equal(stdout, '')
    t.match(stderr, new RegExp(`^nativeprof: \\S*${out.replaceAll('.', '\\.')}\\n$`))
    t.equal(ticksOf(readProfile(readFileSync(join(cwd, out)))), 400, out)
  }
  const { stdout } = await nativeprof(cwd, 'convert', '-f', 'collapsed', 'a.pb.gz', '-')
  t.equal(stdout, readFileSync(join(cwd, 'x.collapsed'), 'utf8'))
})

t.test('merge adds files up, of different formats too', async (t) => {
  const cwd = filesIn(t)
  const { code, stderr } = await nativeprof(cwd, 'merge', 'a.pb.gz', 'b.pb.gz', 'all.pb.gz')
  t.equal(code, 0, stderr)
  const all = readProfile(readFileSync(join(cwd, 'all.pb.gz')))
  t.equal(ticksOf(all), 1100)
  t.equal(all.totals.length, 2)
  t.equal(
    all.totals.reduce((sum, { weightNanos }) => sum + weightNanos, 0),
    11e9,
  )
  t.match((await nativeprof(cwd, 'table', 'all.pb.gz')).stdout, /^ +900 +9000\.0 .* parse /m)
})

t.test(
  'diff prints what changed, as table, collapsed stacks and HTML; --check is for machines',
  async (t) => {
    const cwd = filesIn(t)
    const { code, stdout } = await nativeprof(cwd, 'diff', 'a.pb.gz', 'b.pb.gz')
    t.equal(code, 0)
    t.match(stdout, /^changed +1 function: 1 grew$/m)
    t.match(stdout, /^ +3000\.0 +6000\.0 +\+3000\.0 +\+100\.0 +\+10\.0 +\+3000\.0 +parse /m)
    t.equal((await nativeprof(cwd, 'diff', '--check', 'a.pb.gz', 'b.pb.gz')).code, 1)
    t.equal((await nativeprof(cwd, 'diff', '--check', 'b.pb.gz', 'a.pb.gz')).code, 0)
    t.equal((await nativeprof(cwd, 'diff', '--check', 'a.pb.gz', 'a.pb.gz')).code, 0)
    await nativeprof(cwd, 'diff', '-o', 'd.html', 'a.pb.gz', 'b.pb.gz')
    t.match(readFileSync(join(cwd, 'd.html'), 'utf8'), /"name":"grew"/)
    await nativeprof(cwd, 'diff', '-o', 'd.collapsed', 'a.pb.gz', 'b.pb.gz')
    t.match(
      readFileSync(join(cwd, 'd.collapsed'), 'utf8'),
      /^main \S+;parse \S+ 300 600\nmain \S+;render \S+ 100 100\n$/,
    )
  },
)

t.test('view writes HTML, and opens it with the browser that the user has', async (t) => {
  const cwd = filesIn(t)
  const tmp = join(cwd, 'tmp')
  mkdirSync(tmp)
  const { code, stdout } = await runNode([CLI, 'view', '--no-open', 'a.pb.gz'], { cwd, env: { TMPDIR: tmp } })
  t.equal(code, 0)
  const path = stdout.trimEnd()
  t.match(path, /tmp\/nativeprof-view-\w+\/a\.html$/)
  t.equal(statSync(path).mode & 0o777, 0o600)
  t.match(readFileSync(path, 'utf8'), /parse/)
  // A browser that only says what it was given.
  const browser = join(cwd, 'browser.sh')
  writeFileSync(
    browser,
    `echo "$@" > ${join(cwd, 'opened.part')}; mv ${join(cwd, 'opened.part')} ${join(cwd, 'opened')}`,
  )
  const env = { BROWSER: `/bin/sh ${browser}` }
  const { stdout: shown } = await runNode([CLI, 'view', '-o', 'v.html', 'a.pb.gz'], { cwd, env })
  for (const end = Date.now() + 30_000; !existsSync(join(cwd, 'opened')) && Date.now() < end;)
    await new Promise((done) => setImmediate(done))
  t.equal(readFileSync(join(cwd, 'opened'), 'utf8').trimEnd(), `file://${shown.trimEnd()}`)
  const none = await runNode([CLI, 'view', '-o', 'v.html', 'a.pb.gz'], { cwd, env: { BROWSER: '/no/such' } })
  t.equal(none.code, 0)
  t.match(none.stderr, /no browser was opened \(.*\); open the file yourself/)
})

t.test('a reader that goes away, as head does, is no error', async (t) => {
  const cwd = filesIn(t)
  const command = `${process.execPath} ${CLI} convert -f html a.pb.gz - | head -c 100 > part; echo "$?"`
  const { stdout, stderr } = await run('/bin/sh', ['-c', command], { cwd })
  t.equal(stdout, '0\n')
  t.equal(stderr, '')
})

t.test('what cannot be done is one line with a code, exit code 2, and nothing is lost', async (t) => {
  const cwd = filesIn(t)
  const a = readFileSync(join(cwd, 'a.pb.gz'))
  writeFileSync(join(cwd, 'empty'), '')
  writeFileSync(join(cwd, 'cut.pb.gz'), a.subarray(0, a.length >> 1))
  writeFileSync(join(cwd, 'picture.pb.gz'), Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'))
  writeFileSync(join(cwd, 'wall.pb.gz'), toPprof(buildProfile([{ stack: [main] }], { timer: 'wall' })))
  mkdirSync(join(cwd, 'folder'))
  linkSync(join(cwd, 'a.pb.gz'), join(cwd, 'same.pb.gz'))
  symlinkSync('a.pb.gz', join(cwd, 'link.pb.gz'))
  copyFileSync(join(cwd, 'a.pb.gz'), join(cwd, 'esc\x1b[31m.pb.gz'))
  const before = readdirSync(cwd).sort()
  const cases: [string[], RegExp][] = [
    [['table', 'missing'], /missing: there is no such file \[ERR_NATIVEPROF_INPUT\]/],
    [['table', 'esc\x1b[31m'], /: there is no such file \[ERR_NATIVEPROF_INPUT\]/],
    [['table', 'empty'], /empty: the file is empty \[ERR_NATIVEPROF_INPUT\]/],
    [['table', 'cut.pb.gz'], /cut\.pb\.gz: .*cut off.* \[ERR_NATIVEPROF_INPUT\]/],
    [['table', 'picture.pb.gz'], /picture\.pb\.gz: .* \[ERR_NATIVEPROF_INPUT\]/],
    [['table', 'folder'], /folder: it is a folder \[ERR_NATIVEPROF_INPUT\]/],
    [['table'], /table takes one file; see nativeprof table --help \[ERR_NATIVEPROF_INVALID_ARGUMENT\]/],
    [['table', 'a.pb.gz', 'b.pb.gz'], /table takes one file/],
    [['table', '--by', 'colour', 'a.pb.gz'], /--by must be one of function, line, module, package, thread/],
    [
      ['table', '--focus', '(', 'a.pb.gz'],
      /--focus is no regular expression: .* \[ERR_NATIVEPROF_INVALID_ARGUMENT\]/,
    ],
    [['table', '--ignore=[', 'a.pb.gz'], /--ignore is no regular expression/],
    [['table', '--columns', '-5', 'a.pb.gz'], /--columns/],
    [['table', '--wide', 'a.pb.gz'], /'--wide'.*see nativeprof table --help/],
    [['view', '--no-open', 'empty'], /empty: the file is empty/],
    [
      ['view', '--no-open', '-o', 'a.pb.gz', 'a.pb.gz'],
      /a\.pb\.gz is what is read; .* \[ERR_NATIVEPROF_OUTPUT\]/,
    ],
    [['convert', 'a.pb.gz'], /convert takes two files/],
    [['convert', 'a.pb.gz', 'x.svg'], /"x\.svg" stands for no format.* \[ERR_NATIVEPROF_UNKNOWN_FORMAT\]/],
    [['convert', 'a.pb.gz', '-'], /name the format with -f/],
    [['convert', 'a.pb.gz', 'a.pb.gz'], /a\.pb\.gz is what is read; it would be overwritten/],
    [['convert', 'a.pb.gz', 'same.pb.gz'], /same\.pb\.gz is what is read/],
    [['convert', 'a.pb.gz', 'link.pb.gz'], /link\.pb\.gz is what is read/],
    [['convert', 'link.pb.gz', 'a.pb.gz'], /a\.pb\.gz is what is read/],
    [['convert', 'a.pb.gz', './folder/../a.pb.gz'], /is what is read/],
    [['convert', '-f', 'pprof', 'a.pb.gz', 'folder'], /folder is a folder; name a file in it/],
    [['convert', 'a.pb.gz', 'no/x.html'], /there is no folder .*no; create it/],
    [['merge', 'a.pb.gz'], /merge takes files to read and, as the last, one to write/],
    [['merge', 'a.pb.gz', 'b.pb.gz'], /b\.pb\.gz exists; the last file is the one that is written/],
    [['merge', '--force', 'a.pb.gz', 'b.pb.gz', 'a.pb.gz'], /a\.pb\.gz is what is read/],
    [['merge', 'a.pb.gz', 'wall.pb.gz', 'x.pb.gz'], /cannot be added up/],
    [['diff', 'a.pb.gz'], /diff takes two files, BEFORE and AFTER/],
    [['diff', '-f', 'svg', 'a.pb.gz', 'b.pb.gz'], /no format of a comparison is called "svg"/],
    [['diff', '-o', 'x.pb.gz', 'a.pb.gz', 'b.pb.gz'], /"x\.pb\.gz" stands for no format of a comparison/],
    [['diff', '-o', 'a.pb.gz', '-f', 'table', 'a.pb.gz', 'b.pb.gz'], /a\.pb\.gz is what is read/],
    [['diff', '-o', 'no/x.html', 'a.pb.gz', 'b.pb.gz'], /there is no folder/],
  ]
  // Two at a time, for each is mostly the start of a process.
  const endings = new Map<string[], Ending>()
  const waiting = cases.map(([args]) => args)
  const work = async (): Promise<void> => {
    for (let args = waiting.pop(); args !== undefined; args = waiting.pop())
      endings.set(args, await nativeprof(cwd, ...args))
  }
  await Promise.all([work(), work()])
  for (const [args, message] of cases) {
    const { code, stdout, stderr } = endings.get(args) ?? { code: -1, stdout: '', stderr: '' }
    t.equal(code, 2, args.join(' '))
    t.equal(stdout, '')
    t.match(stderr, message)
    t.match(stderr, /^nativeprof: [^\n]*\n$/, 'one line')
    t.notMatch(stderr, /\x1b/)
  }
  t.strictSame(readdirSync(cwd).sort(), before)
  t.strictSame(readFileSync(join(cwd, 'a.pb.gz')), a)
})

function ticksOf({ totals }: Profile): number {
  return totals.reduce((sum, { ticks }) => sum + ticks, 0)
}
