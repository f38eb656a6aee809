// What `nativeprof run` may be asked for beyond a file: several files, a window of the run, a line on a terminal.

import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { readProfile } from 'nativeprof'
import type { Profile } from 'nativeprof'
import { CLI, fixture, runNode, run, scratchFolder } from './support/run-program.js'
import { SCRIPT } from './support/tools.js'

const BUSY = fixture('busy.cjs')
/** Burns CPU, turn by turn of the event loop, until the file `enough` is there or a minute is over; then in `late`. */
const TURNS = `
const fs = require('node:fs')
const end = Date.now() + 60000
function turn() { const t = process.cpuUsage().user + 20000; while (process.cpuUsage().user < t); }
function late() { const t = process.cpuUsage().user + 400000; while (process.cpuUsage().user < t); }
function go() {
  turn()
  if (!fs.existsSync(process.argv[2]) && Date.now() < end) setImmediate(go)
  else { late(); console.log('done') }
}
go()
`

t.test('several -o, each by its ending, and all of one recording', async (t) => {
  const cwd = scratchFolder(t)
  const outs = ['a.html', 'a.pb.gz', 'a.collapsed', 'a.speedscope.json'].flatMap((out) => ['-o', out])
  const { code, stderr } = await runNode([CLI, 'run', ...outs, BUSY], { cwd })
  t.equal(code, 0)
  t.strictSame(readdirSync(cwd).sort(), ['a.collapsed', 'a.html', 'a.pb.gz', 'a.speedscope.json'])
  const [first, ...others] = readdirSync(cwd).map((file) => read(join(cwd, file)))
  for (const other of others) t.equal(ticksOf(other), ticksOf(first))
  t.match(stderr, /; \S*a\.html, \S*a\.pb\.gz, \S*a\.collapsed, \S*a\.speedscope\.json\n$/)
})

t.test('one of them may be standard output, and -f is for what has no ending', async (t) => {
  const cwd = scratchFolder(t)
  const args = ['run', '-f', 'collapsed', '-o', '-', '-o', 'a.pb.gz', '-o', 'noending', BUSY]
  const { code, stdout } = await runNode([CLI, ...args], { cwd })
  t.equal(code, 0)
  t.match(stdout, /burn .*busy\.cjs:2:14 \d+\n/)
  t.notMatch(stdout, 'GET')
  t.equal(readFileSync(join(cwd, 'noending'), 'utf8'), stdout)
  t.ok(ticksOf(read(join(cwd, 'a.pb.gz'))) > 0)
})

t.test('the children of the program write each of them as well', async (t) => {
  const cwd = scratchFolder(t)
  const command = `${process.execPath} ${BUSY}`
  await runNode([CLI, 'run', '-o', 'p.collapsed', '-o', 'p.pb.gz', '--', 'sh', '-c', `${command}; exit 4`], {
    cwd,
  })
  t.match(readdirSync(cwd).sort(), [/^p-\d+\.collapsed$/, /^p-\d+\.pb\.gz$/])
})

t.test(
  '--duration: the profile is there when the time is over, and the program goes on as it would',
  async (t) => {
    const cwd = scratchFolder(t)
    writeFileSync(join(cwd, 'turns.cjs'), TURNS)
    const enough = join(cwd, 'enough')
    const file = join(cwd, 'a.pb.gz')
    // Tells the program to end when there is a profile.
    const waiter = setInterval(() => {
      if (existsSync(file)) writeFileSync(enough, '')
    }, 50)
    const { code, stdout, stderr } = await runNode(
      [CLI, 'run', '--duration', '0.5', '-o', file, 'turns.cjs', enough],
      {
        cwd,
      },
    )
    clearInterval(waiter)
    t.equal(code, 0)
    t.equal(stdout, 'done\n')
    const names = namesIn(read(file))
    t.ok(names.has('turn'), [...names].join(' '))
    t.notOk(names.has('late'), 'what came later is not in it')
    t.equal(stderr.match(/ ticks = /g)?.length, 1, 'and is told once')
  },
)

t.test('--delay: what came before is not in the profile', async (t) => {
  const cwd = scratchFolder(t)
  // The event loop turns, and with it the timer fires, only between the two.
  writeFileSync(
    join(cwd, 'early.cjs'),
    `function burn() { const t = process.cpuUsage().user + 300000; while (process.cpuUsage().user < t); }
     function early() { burn() }
     function late() { burn() }
     early(); setTimeout(late, 500)`,
  )
  const { code, stderr } = await runNode([CLI, 'run', '--delay', '0.05', '-o', 'a.pb.gz', 'early.cjs'], {
    cwd,
  })
  t.equal(code, 0, stderr)
  const names = namesIn(read(join(cwd, 'a.pb.gz')))
  t.ok(names.has('late'), [...names].join(' '))
  t.notOk(names.has('early'))
})

t.test('a program that ends before the delay is over has no profile, and that is said', async (t) => {
  const cwd = scratchFolder(t)
  const { code, stderr } = await runNode([CLI, 'run', '--delay', '60', '-o', 'a.pb.gz', BUSY], { cwd })
  t.equal(code, 0)
  t.match(stderr, /nativeprof: the program ended before 60 s were over; nothing was recorded\n/)
  t.strictSame(readdirSync(cwd), [])
})

t.test('a blocked event loop is no reason to be silent about a duration that was exceeded', async (t) => {
  const cwd = scratchFolder(t)
  const args = ['run', '--duration', '0.05', '-o', 'a.pb.gz', BUSY]
  const { stderr } = await runNode([CLI, ...args], { cwd, env: { BURN_MILLIS: '700' } })
  t.match(stderr, /recorded are [\d.]+ s, not 0\.05 s: the event loop was blocked when time was up/)
})

t.test('what cannot be is refused before the program starts', async (t) => {
  const cwd = scratchFolder(t)
  const cases: [string[], RegExp][] = [
    [
      ['--duration', '0'],
      /--duration must be a number of seconds from 0\.001 to 2147483, not 0 \[ERR_NATIVEPROF_I/,
    ],
    [['--duration', 'long'], /--duration must be a number, not 'long'/],
    [['--delay=-1'], /--delay must be a number of seconds from 0 /],
    [['-o', 'a.html', '-o', './a.html'], /-o \S*a\.html is there twice/],
    [['-o', '-', '-o', '-'], /-o - is there twice/],
    [['-o', 'a.html', '-o', 'a.xyz'], /"a\.xyz" stands for no format/],
  ]
  for (const [args, message] of cases) {
    const { code, stdout, stderr } = await runNode([CLI, 'run', ...args, BUSY], { cwd })
    t.equal(code, 2, args.join(' '))
    t.match(stderr, message)
    t.equal(stdout, '')
  }
})

t.test(
  'a terminal shows how far it is, at the right of the line, while the program prints nothing',
  { skip: process.platform === 'linux' ? SCRIPT.skip : 'Linux tells who writes to a terminal' },
  async (t) => {
    const cwd = scratchFolder(t)
    const enough = join(cwd, 'enough')
    writeFileSync(join(cwd, 'turns.cjs'), TURNS)
    const program = `${process.execPath} ${CLI} run -o a.pb.gz turns.cjs ${enough}`
    const { stdout } = await run(SCRIPT.path, ['-qec', `stty cols 100 rows 30; ${program}`, '/dev/null'], {
      cwd,
      env: { TERM: 'xterm' },
      onStdout: (text) => {
        if (/\d ticks/.test(text)) writeFileSync(enough, '')
      },
    })
    const drawn =
      /\x1b7\x1b\[(\d+)G\x1b\[K\x1b\[2m(nativeprof: \d+ s, \d+\.\d s CPU, \d+ ticks)\x1b\[0m\x1b8/.exec(
        stdout,
      )
    t.ok(drawn, JSON.stringify(stdout))
    t.equal(Number(drawn?.[1]) + (drawn?.[2]?.length ?? 0), 99, 'it ends one column before the edge')
    const rest = stdout.replace(/\x1b7.*?\x1b8/gs, '').replaceAll('\x1b[K', '')
    t.match(rest, /^done\r\nnativeprof: [\d.]+ s CPU /, 'the rest is as without it')
  },
)

t.test('without a terminal there is no such line', async (t) => {
  const cwd = scratchFolder(t)
  const { stderr } = await runNode([CLI, 'run', '-o', 'a.pb.gz', BUSY], { cwd, env: { BURN_MILLIS: '2500' } })
  t.notMatch(stderr, /\x1b/)
})

function read(file: string): Profile {
  return readProfile(readFileSync(file))
}

function ticksOf(profile: Profile | undefined): number {
  return profile?.totals.reduce((sum, { ticks }) => sum + ticks, 0) ?? NaN
}

function namesIn({ functions }: Profile): Set<string> {
  return new Set(functions.map(({ name }) => name))
}
