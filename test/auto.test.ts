// The preload: -r and --import, its variables, and that a program without need of it is left alone.

import { cpSync, existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { AUTO, ROOT, fixture, runNode, scratchFolder } from './support/run-program.js'

const BUSY = fixture('busy.cjs')

t.test('-r and --import sample from the start and write at the end, with one closing line', async (t) => {
  for (const flag of ['-r', '--import']) {
    const cwd = scratchFolder(t)
    const { code, stderr } = await runNode([flag, AUTO, BUSY], { cwd })
    t.equal(code, 0)
    t.match(stderr, /^to stderr\nnativeprof: .* ticks = .*nativeprof-busy-\d+\.html\n(nativeprof: .*\n)*$/)
    t.match(readdirSync(cwd), [/^nativeprof-busy-\d+\.html$/])
  }
})

t.test(
  'where a part of the package is missing, the program runs, and a line says why it has no profile',
  async (t) => {
    const folder = scratchFolder(t)
    cpSync(join(ROOT, 'dist'), join(folder, 'dist'), { recursive: true })
    rmSync(join(folder, 'dist/profile.js'))
    writeFileSync(join(folder, 'package.json'), '{ "name": "nativeprof", "type": "module" }')
    for (const way of ['-r', '--import']) {
      const { code, stdout, stderr } = await runNode([
        way,
        join(folder, 'dist/auto.cjs'),
        '-e',
        'console.log(1)',
      ])
      t.equal(code, 0)
      t.equal(stdout, '1\n')
      t.match(stderr, /^nativeprof: it cannot be loaded, so there will be no profile: .*profile\.js.*\n$/)
    }
  },
)

t.test('NATIVEPROF=0 does nothing at all', async (t) => {
  const cwd = scratchFolder(t)
  const { stderr } = await runNode(['-r', AUTO, BUSY], { cwd, env: { NATIVEPROF: '0' } })
  t.equal(stderr, 'to stderr\n')
  t.strictSame(readdirSync(cwd), [])
})

t.test('NATIVEPROF_OUT, _FORMAT, _HZ and _QUIET are obeyed', async (t) => {
  const cwd = scratchFolder(t)
  const env = {
    NATIVEPROF_OUT: 'p-%p-%h-%t-%n.out',
    NATIVEPROF_FORMAT: 'speedscope',
    NATIVEPROF_HZ: '50',
    NATIVEPROF_QUIET: '1',
  }
  const { stderr } = await runNode(['-r', AUTO, BUSY], { cwd, env })
  t.equal(stderr, 'to stderr\n', 'quiet')
  const [file = ''] = readdirSync(cwd)
  t.match(file, /^p-\d+-[\w.-]+-\d{8}T\d{6}-1\.out$/)
  const { profiles } = JSON.parse(readFileSync(join(cwd, file), 'utf8')) as {
    profiles: { samples: unknown[] }[]
  }
  const samples = profiles.reduce((sum, each) => sum + each.samples.length, 0)
  t.ok(samples >= 8 && samples <= 40, `${samples} samples of some 350 ms at 50 Hz`)
})

t.test('NATIVEPROF_VIEW is obeyed by the file and the table', async (t) => {
  const cwd = scratchFolder(t)
  const env = { NATIVEPROF_FORMAT: 'table', NATIVEPROF_VIEW: 'mixed', NATIVEPROF_TIMER: 'process' }
  const { stderr } = await runNode(['-r', AUTO, BUSY], { cwd, env })
  t.match(stderr, /CPU profile of .*busy\.cjs \(mixed view\) \(pid/)
  await runNode(['-r', AUTO, BUSY], {
    cwd,
    env: { NATIVEPROF_OUT: 'p.collapsed', NATIVEPROF_VIEW: 'native' },
  })
  const text = readFileSync(join(cwd, 'p.collapsed'), 'utf8')
  t.match(text, '(JavaScript)')
  t.notMatch(text, 'burn')
})

t.test('a file that exists is never overwritten', async (t) => {
  const cwd = scratchFolder(t)
  writeFileSync(join(cwd, 'p.collapsed'), 'mine')
  for (let i = 0; i < 2; i++)
    await runNode(['-r', AUTO, BUSY], { cwd, env: { NATIVEPROF_OUT: 'p.collapsed' } })
  t.strictSame(readdirSync(cwd).sort(), ['p-2.collapsed', 'p-3.collapsed', 'p.collapsed'])
  t.equal(readFileSync(join(cwd, 'p.collapsed'), 'utf8'), 'mine')
})

t.test('bad settings are one line on stderr; the program runs as ever', async (t) => {
  const cwd = scratchFolder(t)
  const cases: [Record<string, string>, RegExp][] = [
    [{ NATIVEPROF_HZ: '0' }, /hz must be .*ERR_NATIVEPROF_INVALID_ARGUMENT/],
    [{ NATIVEPROF_HZ: 'x' }, /NATIVEPROF_HZ must be a number.*ERR_NATIVEPROF_INVALID_ARGUMENT/],
    [{ NATIVEPROF_TIMER: 'cpu' }, /NATIVEPROF_TIMER must be one of .*ERR_NATIVEPROF_INVALID_ARGUMENT/],
    [{ NATIVEPROF_VIEW: 'cpp' }, /"cpp"; there are js, mixed, native \[ERR_NATIVEPROF_INVALID_ARGUMENT\]/],
    [{ NATIVEPROF_FORMAT: 'svg' }, /ERR_NATIVEPROF_UNKNOWN_FORMAT/],
    [{ NATIVEPROF_OUT: '-' }, /nativeprof run -o -.*ERR_NATIVEPROF_OUTPUT/],
    [
      { NATIVEPROF_PREBUILD: cwd },
      /nativeprof has no binary for node v.* \(ABI \d+ on .*There: none.*npx nativeprof build.*ERR_NATIVEPROF_NO_BINDING/,
    ],
  ]
  for (const [env, message] of cases) {
    const { code, stdout, stderr } = await runNode(['-r', AUTO, BUSY], {
      cwd,
      env: { ...env, BURN_MILLIS: '10' },
    })
    t.equal(code, 0)
    t.match(stdout, /GET \/users 200 12\nGET/)
    t.match(stderr.replace('to stderr\n', ''), message)
    t.equal(stderr.split('\n').length, 3, 'one line of ours')
  }
  t.strictSame(readdirSync(cwd), [])
})

t.test('a worker does not start a sampler of its own, and its exit writes nothing', async (t) => {
  const cwd = scratchFolder(t)
  writeFileSync(
    join(cwd, 'app.cjs'),
    `const { Worker } = require('node:worker_threads')
     new Worker('process.exit(3)', { eval: true }).on('exit', (code) => console.log('worker', code))`,
  )
  const { stdout, stderr } = await runNode(['-r', AUTO, 'app.cjs'], { cwd, env: { NATIVEPROF_OUT: 'p.txt' } })
  t.equal(stdout, 'worker 3\n')
  t.equal(stderr.match(/nativeprof:/g)?.length, stderr.trimEnd().split('\n').length)
  t.ok(existsSync(join(cwd, 'p.txt')))
  t.equal(readdirSync(cwd).length, 2)
})

t.test('a program that changes its folder gets its profile where it started', async (t) => {
  const cwd = scratchFolder(t)
  writeFileSync(join(cwd, 'app.cjs'), "process.chdir('/')")
  await runNode(['-r', AUTO, 'app.cjs'], { cwd })
  t.match(readdirSync(cwd).sort(), ['app.cjs', /^nativeprof-app-\d+\.html$/])
})
