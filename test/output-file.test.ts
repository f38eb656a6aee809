import * as fs from 'node:fs'
import { hostname } from 'node:os'
import { join, resolve } from 'node:path'
import t from 'tap'
import { NativeprofError } from '#lib/errors.js'
import { defaultName, pathForChild, pathOfPattern, writeFile } from '#lib/output-file.js'

const NAMING = { pid: 4711, startTimeMillis: Date.UTC(2026, 0, 31, 23, 59, 59, 999), script: '/app/main.mjs' }
const ENDING = '.cpuprofile'
const KEEP = { replace: false, ending: ENDING }
const REPLACE = { replace: true, ending: ENDING }

t.test('a pattern is filled with the pid, the host and the start', async (t) => {
  const folder = t.testdir()
  const fill = (pattern: string) => pathOfPattern(join(folder, pattern), NAMING, ENDING)
  t.equal(fill('%p-%t.json'), join(folder, '4711-20260131T235959.json'))
  t.equal(fill('%h.json'), join(folder, `${hostname()}.json`))
  t.equal(fill('%p%p'), join(folder, '47114711'))
  t.equal(fill('run-%n.json'), join(folder, 'run-%n.json'), 'the number is up to who writes')
  t.equal(fill('100%%-%%p.json'), join(folder, '100%-%p.json'))
  t.equal(fill('%x %'), join(folder, '%x %'), 'other letters mean themselves')
})

t.test('a pattern is relative to the working directory', async (t) => {
  t.equal(pathOfPattern('out.json', NAMING, ENDING), resolve('out.json'))
})

t.test('a pattern that is a folder means the default name in it', async (t) => {
  const folder = t.testdir({ there: {}, p4711: {} })
  const name = 'nativeprof-main-4711.cpuprofile'
  t.equal(pathOfPattern(`${folder}/there`, NAMING, ENDING), join(folder, 'there', name))
  t.equal(pathOfPattern(`${folder}/p%p`, NAMING, ENDING), join(folder, 'p4711', name))
  t.equal(pathOfPattern(`${folder}/not there/`, NAMING, ENDING), join(folder, 'not there', name))
  t.equal(pathOfPattern(`${folder}/not there`, NAMING, ENDING), join(folder, 'not there'))
})

t.test('the default name is one name, whatever the script is called', async (t) => {
  const names = {
    '': 'node',
    '/': 'node',
    '/app/main.mjs': 'main',
    '/app/a.b.test.js': 'a.b.test',
    '/app/my app%n.js': 'my_app_n',
    '/app/.hidden': '.hidden',
    '[eval]': '_eval_',
    '/app/größe/漢字.js': '_',
    'a\nb': 'a_b',
    '/app/..': '..',
  }
  for (const [script, stem] of Object.entries(names)) {
    const name = defaultName({ ...NAMING, script }, ENDING)
    t.equal(name, `nativeprof-${stem}-4711.cpuprofile`, JSON.stringify(script))
  }
})

t.test("a child's file has its pid before the ending", async (t) => {
  t.equal(pathForChild('/a/out.cpuprofile', 12, ENDING), '/a/out-12.cpuprofile')
  t.equal(pathForChild('/a/out.speedscope.json', 12, '.speedscope.json'), '/a/out-12.speedscope.json')
  t.equal(pathForChild('/a.b/out', 12, ENDING), '/a.b/out-12')
})

t.test('a file is written whole, for its owner only, and nothing else is left', async (t) => {
  const folder = t.testdir()
  const umask = process.umask(0)
  t.teardown(() => process.umask(umask))
  for (const options of [KEEP, REPLACE]) {
    const path = join(folder, `replace-${String(options.replace)}.cpuprofile`)
    t.strictSame(writeFile(path, 'größe 😀\n', options), { path, detour: null })
    t.equal(fs.readFileSync(path, 'utf8'), 'größe 😀\n')
    t.equal(fs.statSync(path).mode & 0o777, 0o600)
    t.equal(fs.statSync(path).nlink, 1)
  }
  t.strictSame(fs.readdirSync(folder), ['replace-false.cpuprofile', 'replace-true.cpuprofile'])
})

t.test('a file that exists is kept, and the new one gets the next free number', async (t) => {
  const folder = t.testdir({ 'out.cpuprofile': 'old', 'out-3.cpuprofile': 'third' })
  const write = (content: string) => writeFile(join(folder, 'out.cpuprofile'), content, KEEP).path
  t.equal(write('a'), join(folder, 'out-2.cpuprofile'))
  t.equal(write('b'), join(folder, 'out-4.cpuprofile'))
  t.strictSame(contents(folder), {
    'out-2.cpuprofile': 'a',
    'out-3.cpuprofile': 'third',
    'out-4.cpuprofile': 'b',
    'out.cpuprofile': 'old',
  })
})

t.test('the number goes before the ending that a format has, or the one that the name has', async (t) => {
  const folder = t.testdir({ 'a.speedscope.json': '', 'b.x.txt': '', c: '' })
  const write = (name: string) =>
    writeFile(join(folder, name), '', { replace: false, ending: '.speedscope.json' }).path
  t.equal(write('a.speedscope.json'), join(folder, 'a-2.speedscope.json'))
  t.equal(write('b.x.txt'), join(folder, 'b.x-2.txt'))
  t.equal(write('c'), join(folder, 'c-2'))
})

t.test('a name with a place for the number starts at 1 and never replaces', async (t) => {
  const folder = t.testdir({ 'run-2.json': 'old' })
  for (const options of [KEEP, REPLACE, REPLACE]) writeFile(join(folder, 'run-%n.json'), 'new', options)
  t.strictSame(contents(folder), {
    'run-1.json': 'new',
    'run-2.json': 'old',
    'run-3.json': 'new',
    'run-4.json': 'new',
  })
})

t.test('a folder may have a percent sign in its name', async (t) => {
  const folder = join(t.testdir({ '100%new': {} }), '100%new')
  writeFile(join(folder, 'run-%n.json'), 'a', KEEP)
  writeFile(join(folder, 'out.json'), 'b', KEEP)
  writeFile(join(folder, 'out.json'), 'c', REPLACE)
  t.strictSame(contents(folder), { 'out.json': 'c', 'run-1.json': 'a' })
})

t.test('with replace a file is replaced, and not written into', async (t) => {
  const folder = t.testdir({ 'out.cpuprofile': 'old and longer', other: t.fixture('link', 'out.cpuprofile') })
  const path = join(folder, 'out.cpuprofile')
  fs.rmSync(join(folder, 'other'))
  fs.linkSync(path, join(folder, 'other'))
  t.strictSame(writeFile(path, 'new', REPLACE), { path, detour: null })
  t.strictSame(contents(folder), { 'out.cpuprofile': 'new', other: 'old and longer' })
  t.equal(fs.statSync(path).mode & 0o777, 0o600)
})

t.test('a symbolic link is not followed, to a file or to nowhere', async (t) => {
  const folder = t.testdir({
    target: 'precious',
    'to-file': t.fixture('symlink', 'target'),
    'to-nowhere': t.fixture('symlink', 'nowhere'),
  })
  t.equal(writeFile(join(folder, 'to-file'), 'a', KEEP).path, join(folder, 'to-file-2'))
  t.equal(writeFile(join(folder, 'to-nowhere'), 'b', KEEP).path, join(folder, 'to-nowhere-2'))
  t.ok(fs.lstatSync(join(folder, 'to-file')).isSymbolicLink())
  t.equal(writeFile(join(folder, 'to-file'), 'c', REPLACE).path, join(folder, 'to-file'))
  t.equal(writeFile(join(folder, 'to-nowhere'), 'd', REPLACE).path, join(folder, 'to-nowhere'))
  t.notOk(fs.lstatSync(join(folder, 'to-file')).isSymbolicLink(), 'replace means the link, not what it names')
  t.strictSame(contents(folder), {
    target: 'precious',
    'to-file': 'c',
    'to-file-2': 'a',
    'to-nowhere': 'd',
    'to-nowhere-2': 'b',
  })
})

t.test('a profile whose folder cannot be written goes to the temporary folder, and says why', async (t) => {
  const folder = t.testdir({ file: '', tmp: { 'out.json': 'old' } })
  useTemporaryFolder(t, join(folder, 'tmp'))
  const below = writeFile(join(folder, 'file/out.json'), 'a', REPLACE)
  t.equal(below.path, join(folder, 'tmp/out-2.json'), 'and replaces nothing there')
  t.match(below.detour, { code: 'ENOTDIR' })
  const missing = writeFile(join(folder, 'missing/run-%n.json'), 'b', KEEP)
  t.equal(missing.path, join(folder, 'tmp/run-1.json'))
  t.match(missing.detour, { code: 'ENOENT' })
  t.strictSame(contents(join(folder, 'tmp')), { 'out-2.json': 'a', 'out.json': 'old', 'run-1.json': 'b' })
  t.equal(fs.statSync(below.path).mode & 0o777, 0o600)
})

t.test('what cannot be replaced leaves no temporary file behind', async (t) => {
  const folder = t.testdir({ 'out.json': { inside: '' }, tmp: {} })
  useTemporaryFolder(t, join(folder, 'tmp'))
  t.equal(writeFile(join(folder, 'out.json'), 'a', REPLACE).path, join(folder, 'tmp/out.json'))
  t.strictSame(fs.readdirSync(folder), ['out.json', 'tmp'])
})

t.test(
  'if the temporary folder cannot be written either, the error is about the place asked for',
  async (t) => {
    const folder = t.testdir({ file: '' })
    useTemporaryFolder(t, join(folder, 'no-tmp'))
    const path = join(folder, 'file/out.json')
    for (const options of [KEEP, REPLACE]) {
      const error = errorOf(() => writeFile(path, '', options))
      t.ok(error instanceof NativeprofError)
      t.match(error, { code: 'ERR_NATIVEPROF_OUTPUT', cause: { code: 'ENOTDIR' } })
      t.match(error, { message: `cannot write the profile to ${path}: ` })
    }
    const inTemporary = errorOf(() => writeFile(join(folder, 'no-tmp/out.json'), '', KEEP))
    t.match(inTemporary, { code: 'ERR_NATIVEPROF_OUTPUT', cause: { code: 'ENOENT' } })
    t.strictSame(fs.readdirSync(folder), ['file'])
  },
)

function contents(folder: string): Record<string, string> {
  return Object.fromEntries(
    fs.readdirSync(folder).map((name) => [name, fs.readFileSync(join(folder, name), 'utf8')]),
  )
}

function errorOf(action: () => unknown): unknown {
  try {
    action()
  } catch (error) {
    return error
  }
  return null
}

/** For the rest of the test, os.tmpdir() is this. */
function useTemporaryFolder(t: { teardown: (handler: () => void) => void }, folder: string): void {
  const before = process.env['TMPDIR']
  process.env['TMPDIR'] = folder
  t.teardown(() => {
    if (before === undefined) delete process.env['TMPDIR']
    else process.env['TMPDIR'] = before
  })
}

t.test('nothing goes into node_modules, unless the user has named that very file', async (t) => {
  const folder = t.testdir({ node_modules: { some: {} }, tmp: {} })
  const inside = join(folder, 'node_modules/some/out.json')
  useTemporaryFolder(t, join(folder, 'tmp'))
  const written = writeFile(inside, 'text', { replace: false, ending: '.json' })
  t.equal(written.path, join(folder, 'tmp/out.json'))
  t.match(written.detour?.message, /node_modules/)
  t.equal(writeFile(inside, 'text', { replace: true, ending: '.json' }).path, inside)
})
