// `nativeprof run`: the program runs as without it, and the profile goes where it was told to.

import { buildSync } from 'esbuild'
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { FLAMEGRAPH_PL } from './support/tools.js'
import { CLI, fixture, run, runNode, scratchFolder } from './support/run-program.js'

const BUSY = fixture('busy.cjs')

t.test(
  'run without options writes an HTML file and prints the ten hottest functions and a closing line',
  async (t) => {
    const cwd = scratchFolder(t)
    const { code, stdout, stderr } = await runNode([CLI, 'run', BUSY, 'x', '--y'], { cwd })
    t.equal(code, 0)
    t.match(stdout, /^GET \/users 200 12\nGET \/users;list 404 7\n\{"argv":\["x","--y"\],"execArgv":\[\]/)
    const [file = ''] = readdirSync(cwd)
    t.match(file, /^nativeprof-busy-\d+\.html$/)
    t.match(readFileSync(join(cwd, file), 'utf8'), /speedscope/)
    t.match(
      stderr,
      /^ +\d+ .* burn +.*busy\.cjs:2:14$/m,
      'the table names the function with its file and line',
    )
    t.match(stderr, /\nnativeprof: [\d.]+ s CPU in [\d.]+ s; \d+ ticks = .*busy-\d+\.html\n$/)
    t.match(stderr, /^to stderr\n/, "the program's own stderr is there")
  },
)

t.test('the format follows the ending of the file, and -f beats it', async (t) => {
  const cwd = scratchFolder(t)
  await runNode([CLI, 'run', '-o', 'a.collapsed', BUSY], { cwd })
  t.match(readFileSync(join(cwd, 'a.collapsed'), 'utf8'), /burn .*busy\.cjs:2:14 \d+\n/)
  await runNode([CLI, 'run', '-o', 'a.speedscope.json', BUSY], { cwd })
  t.match(JSON.parse(readFileSync(join(cwd, 'a.speedscope.json'), 'utf8')), { exporter: /^nativeprof/ })
  await runNode([CLI, 'run', '--format=table', '-oa.txt', BUSY], { cwd })
  t.match(readFileSync(join(cwd, 'a.txt'), 'utf8'), /^CPU profile of .*busy\.cjs/)
  t.strictSame(readdirSync(cwd).sort(), ['a.collapsed', 'a.speedscope.json', 'a.txt'])
})

t.test('with -o - only the profile is on stdout; what the program prints goes to stderr', async (t) => {
  const cwd = scratchFolder(t)
  const { code, stdout, stderr } = await runNode([CLI, 'run', '-f', 'collapsed', '-o', '-', BUSY], { cwd })
  t.equal(code, 0)
  for (const line of stdout.trimEnd().split('\n'))
    t.match(line, /^\(top level\) node:internal.* \d+$|^\(.*\) \d+$|;/)
  t.notMatch(stdout, /GET/)
  t.match(stderr, /GET \/users 200 12\n/)
  t.match(stderr, /nativeprof: .* ticks/)
  t.notMatch(stderr, /nativeprof: .*\.collapsed/, 'no temporary file is named')
  t.strictSame(readdirSync(cwd), [])
})

t.test(
  'a program that prints goes through flamegraph.pl with its stacks alone',
  { skip: FLAMEGRAPH_PL.skip },
  async (t) => {
    const cwd = scratchFolder(t)
    const command = `${process.execPath} ${CLI} run -f collapsed -o - ${BUSY} | ${FLAMEGRAPH_PL.path} > out.svg`
    const { code, stderr } = await run('/bin/sh', ['-c', command], { cwd })
    t.equal(code, 0)
    t.notMatch(stderr, /Ignored|ERROR/)
    const svg = readFileSync(join(cwd, 'out.svg'), 'utf8')
    t.match(svg, /burn .*busy\.cjs:2:14/)
    t.notMatch(svg, /GET|404/)
  },
)

t.test('--view says whose frames the file and the table show', async (t) => {
  const cwd = scratchFolder(t)
  const args = ['run', '--view', 'native', '--top', '5', '-o', 'a.collapsed', BUSY]
  const { code, stderr } = await runNode([CLI, ...args], { cwd })
  t.equal(code, 0)
  const text = readFileSync(join(cwd, 'a.collapsed'), 'utf8')
  t.match(text, /^\(JavaScript\)|;\(JavaScript\)/m)
  t.notMatch(text, 'burn')
  t.match(stderr, /^CPU profile of .*busy\.cjs \(native view\) \(pid/m)
  t.notMatch(stderr, /^ +\d+ .* burn /m)
  await runNode([CLI, 'run', '--timer', 'process', '-o', 'b.collapsed', BUSY], {
    cwd,
    env: { NATIVEPROF_VIEW: 'native' },
  })
  t.notMatch(readFileSync(join(cwd, 'b.collapsed'), 'utf8'), 'burn', 'the variable reaches the program')
})

t.test('--threads says whether the file and the table show threads apart or as one', async (t) => {
  const cwd = scratchFolder(t)
  const profileIn = async (choice: string, file: string): Promise<{ text: string; stderr: string }> => {
    const args = ['run', '--threads', choice, '--top', '3', '-o', file, fixture('workers.cjs')]
    const { code, stderr } = await runNode([CLI, ...args], { cwd })
    t.equal(code, 0)
    return { text: readFileSync(join(cwd, file), 'utf8'), stderr }
  }
  // Node 20 does not name workers.
  const worker = [1, 2].map((id) => new RegExp(`^(\\(?)worker ${id}( \\((left|right)\\))?(?=[);:]|$)`, 'm'))

  const split = await profileIn('split', 'split.collapsed')
  for (const root of worker) t.match(split.text, root)
  for (const line of linesWith('burn', split.text)) t.match(line, /^\((main thread|worker \d.*?)\);/)
  for (const title of [/^main thread: \d+ ticks, .* ms of CPU time, [\d.]+ % of the process$/m, ...worker])
    t.match(split.stderr, title)
  t.equal(
    split.stderr.match(/^ +\d+ .* burn +.*workers\.cjs:4:14$/gm)?.length,
    3,
    'a row in each of three lists',
  )

  const merged = await profileIn('merged', 'merged.collapsed')
  t.notMatch(merged.text, /^\((main thread|worker \d)/m)
  t.ok(linesWith('burn', merged.text).length > 0)
  t.equal(merged.stderr.match(/ burn +.*workers\.cjs:4:14$/gm)?.length, 1)

  const { text } = await profileIn('merged', 'merged.speedscope.json')
  const { profiles, shared } = JSON.parse(text) as {
    profiles: { name: string }[]
    shared: { frames: { name: string }[] }
  }
  t.match(profiles, [{ name: 'all threads' }])
  t.equal(shared.frames.filter(({ name }) => name === 'burn').length, 1, 'one function, whoever ran it')
})

t.test('stdin reaches the program', async (t) => {
  const cwd = scratchFolder(t)
  const command = `printf hello | ${process.execPath} ${CLI} run -o x.txt ${BUSY} --stdin`
  const { stdout } = await run('/bin/sh', ['-c', command], { cwd, env: { BURN_MILLIS: '50' } })
  t.match(stdout, /hello$/)
})

t.test('flags of node go before the script, behind --', async (t) => {
  const cwd = scratchFolder(t)
  const { stdout } = await runNode([CLI, 'run', '-o', 'x.txt', '--', '--no-warnings', BUSY, '-o', 'y'], {
    cwd,
  })
  t.match(stdout, /"argv":\["-o","y"\],"execArgv":\["--no-warnings"\]/)
})

t.test('exit code and signal are those of the program', async (t) => {
  const cwd = scratchFolder(t)
  writeFileSync(join(cwd, 'seven.cjs'), 'process.exit(7)')
  writeFileSync(join(cwd, 'killed.cjs'), "process.kill(process.pid, 'SIGKILL')")
  t.equal((await runNode([CLI, 'run', '-o', 'x.txt', 'seven.cjs'], { cwd })).code, 7)
  t.equal((await runNode([CLI, 'run', '-o', 'x.txt', 'killed.cjs'], { cwd })).signal, 'SIGKILL')
})

t.test(
  'a command that starts node is profiled through the environment, and so is what it starts',
  async (t) => {
    const cwd = scratchFolder(t)
    const { code } = await runNode(
      [CLI, 'run', '-o', 'p.collapsed', '--', 'sh', '-c', `${process.execPath} ${BUSY}; exit 4`],
      { cwd },
    )
    t.equal(code, 4)
    t.match(readdirSync(cwd), [/^p-\d+\.collapsed$/], 'a grandchild has the pid in its name')
  },
)

t.test('children and cluster workers, in whatever folder, write files of their own', async (t) => {
  const cwd = scratchFolder(t)
  const { code, stdout } = await runNode([CLI, 'run', '-o', 'p.collapsed', fixture('parent.cjs')], { cwd })
  t.equal(code, 0)
  t.equal(stdout, '0 0 0 0\n', 'nothing of ours is on stdout')
  const files = readdirSync(cwd).sort()
  t.equal(files.length, 5, files.join(' '))
  t.equal(files.filter((name) => /^p-\d+\.collapsed$/.test(name)).length, 4)
  t.ok(files.includes('p.collapsed'))
})

t.test('bad usage is one line with a code, exit code 2, and no program is started', async (t) => {
  const cwd = scratchFolder(t)
  mkdirSync(join(cwd, 'folder'))
  const cases: [string[], RegExp][] = [
    [['run'], /name a script to run.* \[ERR_NATIVEPROF_INVALID_ARGUMENT\]/],
    [['run', 'missing.js'], /"missing\.js" \[ERR_NATIVEPROF_NO_SCRIPT\]/],
    [['run', '--hz', '0', BUSY], /hz must be .* not 0 \[ERR_NATIVEPROF_INVALID_ARGUMENT\]/],
    [['run', '--hz=-5', BUSY], /hz must be/],
    [['run', '--hz', '1e9', BUSY], /hz must be/],
    [['run', '--hz', 'NaN', BUSY], /--hz must be a number, not 'NaN'/],
    [['run', '--hz', 'fast', BUSY], /--hz must be a number, not 'fast'/],
    [['run', '--hz', '5000', BUSY], /hz must be .* 1 to 1000, not 5000; with timer: 'perf'/],
    [['run', '--timer=cpu', BUSY], /--timer must be one of process, thread, perf, wall, not 'cpu' \[ERR_N/],
    [
      ['run', '--view', 'cpp', BUSY],
      /"cpp"; there are js, mixed, native \[ERR_NATIVEPROF_INVALID_ARGUMENT\]/,
    ],
    [
      ['run', '--threads', 'all', BUSY],
      /--threads must be one of auto, split, merged, not 'all' \[ERR_NATIVEPROF_I/,
    ],
    [['run', '-f', 'svg', BUSY], /"svg"; there are html, .* \[ERR_NATIVEPROF_UNKNOWN_FORMAT\]/],
    [['run', '-o', 'x.svg', BUSY], /ending of "x\.svg".* \[ERR_NATIVEPROF_UNKNOWN_FORMAT\]/],
    [['run', '-o', 'nowhere/x.html', BUSY], /there is no folder .*nowhere.* \[ERR_NATIVEPROF_OUTPUT\]/],
    [['run', '-o', '', BUSY], /-o needs/],
    [['run', '-o'], /\[ERR_NATIVEPROF_INVALID_ARGUMENT\]/],
    [['run', '--sort', 'name', BUSY], /--sort must be self or total/],
    [['run', '--top', '1.5', BUSY], /--top must be a whole number/],
    [['prof', BUSY], /there is no command "prof"/],
  ]
  for (const [args, message] of cases) {
    const { code, stdout, stderr } = await runNode([CLI, ...args], { cwd })
    t.equal(code, 2, args.join(' '))
    t.equal(stdout, '')
    t.match(stderr, message)
    t.match(stderr, /^nativeprof: [^\n]*\n$/, 'one line')
  }
  t.strictSame(readdirSync(cwd), ['folder'])
})

t.test(
  'a folder that cannot be written: the profile goes to the temporary folder, said once, exit code unchanged',
  async (t) => {
    const cwd = scratchFolder(t)
    const temporary = join(cwd, 'tmp')
    mkdirSync(temporary)
    const { code, stderr } = await runNode([CLI, 'run', '-o', '/proc/x.collapsed', BUSY], {
      cwd,
      env: { TMPDIR: temporary },
    })
    t.equal(code, 0)
    t.equal(stderr.match(/cannot write to \/proc\/x\.collapsed/g)?.length, 1)
    t.match(readFileSync(join(temporary, 'x.collapsed'), 'utf8'), /burn/)
  },
)

t.test(
  'a full disk loses nothing either',
  { skip: canMount() ? false : 'needs the right to mount a small file system' },
  async (t) => {
    const cwd = scratchFolder(t)
    const full = join(cwd, 'full')
    mkdirSync(full)
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8k', 'tmpfs', full])
    t.teardown(() => execFileSync('umount', [full]))
    const { code, stderr } = await runNode([CLI, 'run', '-o', join(full, 'x.html'), BUSY], {
      cwd,
      env: { TMPDIR: cwd },
    })
    t.equal(code, 0)
    t.match(stderr, /cannot write to .*x\.html \(ENOSPC/)
    t.ok(existsSync(join(cwd, 'x.html')))
    t.strictSame(readdirSync(full), [], 'nothing half-written is left')
  },
)

t.test('help fits a screen', async (t) => {
  const { stdout: all } = await runNode([CLI, 'help', '--all'])
  const verbs = Array.from(all.matchAll(/^ {2}nativeprof ([a-z]+) /gm), ([, verb = '']) => verb)
  for (const verb of ['run', 'view', 'table', 'diff', 'convert', 'merge', 'count'])
    t.ok(verbs.includes(verb), verb)
  const { stdout: common } = await runNode([CLI, '--help'])
  for (const verb of ['run', 'view', 'diff']) t.match(common, `  nativeprof ${verb} `)
  t.notMatch(common, '  nativeprof count ')
  const each = verbs.map((verb) => [verb, '--help'])
  for (const args of [['--help'], ['help', '--all'], ['help', 'run'], ...each]) {
    const { code, stdout } = await runNode([CLI, ...args])
    t.equal(code, 0)
    const lines = stdout.trimEnd().split('\n')
    t.ok(lines.length <= 24, `${args.join(' ')}: ${lines.length} lines`)
    t.ok(lines.every((line) => line.length <= 80))
  }
  t.match((await runNode([CLI, '--version'])).stdout, /^\d+\.\d+\.\d+\n$/)
})

function linesWith(word: string, text: string): string[] {
  return text.split('\n').filter((line) => line.includes(word))
}

function canMount(): boolean {
  return process.platform === 'linux' && process.getuid?.() === 0 && existsSync('/usr/bin/mount')
}

t.test(
  'functions are those of the sources, unless --no-source-maps; packages go by name with --package-paths',
  async (t) => {
    const cwd = scratchFolder(t)
    const source = `class Spinner {
  spin(millis: number): void {
    const end = process.cpuUsage().user + millis * 1000
    while (process.cpuUsage().user < end);
  }
}
new Spinner().spin(300)
`
    const folder = join(cwd, 'node_modules/spinner')
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'spin.ts'), source)
    const options = { entryPoints: [join(folder, 'spin.ts')], outfile: join(folder, 'spin.js') }
    buildSync({
      ...options,
      minify: true,
      keepNames: false,
      sourcemap: true,
      format: 'cjs',
      platform: 'node',
    })
    const file = join(folder, 'spin.js')
    const record = async (...args: string[]): Promise<string> => {
      const { code } = await runNode([CLI, 'run', ...args, '-o', 'a.collapsed', file], { cwd })
      t.equal(code, 0)
      return readFileSync(join(cwd, 'a.collapsed'), 'utf8')
    }
    t.match(await record(), /;Spinner\.spin \S*\/node_modules\/spinner\/spin\.ts:2:\d/)
    t.match(await record('--no-source-maps'), /;\w*\.?spin \S*\/spin\.js:1:/)
    t.match(await record('--package-paths'), /;Spinner\.spin spinner\/spin\.ts:2:\d/)
  },
)
