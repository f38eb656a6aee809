// The loader. Every file of the addon in every node that it was not built for is a coded error and no dead process; what
// cannot be loaded says what was looked for, what is there, and how to build it.

import { chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t from 'tap'
import { bindingPath, describeBindings, findBinding, runningTarget } from '#lib/binding-file.js'
import { VERSION } from '#lib/own-package.js'
import { AUTO, ROOT, fixture, run, runNode, scratchFolder } from './support/run-program.js'

const DIST = join(ROOT, 'dist')
const folder = join(ROOT, 'prebuilds', `${process.platform}-${process.arch}`)
const files = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.node')) : []
const START =
  "import('nativeprof').then((m) => m.startSampler()).catch((e) => console.log(e.code, e.message))"

interface Loaded {
  readonly abi?: string
  readonly code?: string
  readonly message?: string
  readonly handlesSigprof: boolean
}

/** Every node on this machine: the running one, and those that scripts/fetch-nodes.mjs fetched. */
function nodes(): string[] {
  const fetched = existsSync(join(ROOT, '.nodes')) ? readdirSync(join(ROOT, '.nodes')) : []
  const running = process.versions.node.split('.')[0] ?? ''
  const others = fetched.filter((major) => /^\d+$/.test(major) && major !== running)
  return [process.execPath, ...others.map((major) => join(ROOT, '.nodes', major, 'bin/node'))]
}

function abiIn(name: string): string | undefined {
  return /\.abi(\d+)\./.exec(name)?.[1]
}

t.test(
  'each file loads into the node it is for; into every other it is refused, and that node lives on',
  { skip: process.platform === 'linux' ? false : 'reads /proc' },
  async (t) => {
    const libc = runningTarget().libc ?? ''
    for (const node of nodes()) {
      const abi = (await run(node, ['-p', 'process.versions.modules'])).stdout.trim()
      for (const name of files.filter((each) => each.includes(`.${libc}.`))) {
        const what = `${name} in ABI ${abi}`
        const { code, signal, stdout, stderr } = await run(node, [
          fixture('load-binding.mjs'),
          DIST,
          join(folder, name),
        ])
        t.strictSame({ code, signal, stderr }, { code: 0, signal: null, stderr: '' }, `${what} ends well`)
        const loaded = JSON.parse(stdout) as Loaded
        if (abiIn(name) === abi) {
          t.strictSame(loaded, { abi, handlesSigprof: true }, what)
          continue
        }
        t.match(
          loaded,
          {
            code: 'ERR_NATIVEPROF_NO_BINDING',
            message: /ABI \d+.*To build one from source: npx nativeprof build$/s,
            handlesSigprof: false,
          },
          what,
        )
      }
    }
    if (!files.some((name) => abiIn(name) !== process.versions.modules))
      t.comment('no other version has been built: npm run prebuild -- linux-x64')
    t.ok(
      files.some((name) => abiIn(name) === process.versions.modules),
      'there is one for this node',
    )
  },
)

t.test('the file is chosen by platform, processor, libc and ABI, and by nothing else', async (t) => {
  const root = scratchFolder(t)
  const target = { platform: 'linux', arch: 'x64', libc: 'musl', abi: '115' } as const
  t.equal(bindingPath('/p', target), '/p/prebuilds/linux-x64/nativeprof.abi115.musl.node')
  t.equal(
    bindingPath('/p', { platform: 'darwin', arch: 'arm64', libc: null, abi: '127' }),
    '/p/prebuilds/darwin-arm64/nativeprof.abi127.node',
  )
  const running = bindingPath(root, runningTarget())
  mkdirSync(dirname(running), { recursive: true })
  for (const name of ['nativeprof.abi1.glibc.node', 'nativeprof.abi2.musl.node', 'nativeprof.node'])
    writeFileSync(join(dirname(running), name), '')
  const kind = `${process.platform}-${process.arch}`
  t.equal(describeBindings(root), `${kind} glibc for ABI 1; ${kind} musl for ABI 2`)
  t.equal(findBinding(root, undefined), null, 'a file for another node is none')
  writeFileSync(running, '')
  t.equal(findBinding(root, undefined), running)
  t.equal(describeBindings(join(root, 'nowhere')), 'none')
})

t.test('where no file fits, the error says what was looked for, what is there and what to do', async (t) => {
  const empty = scratchFolder(t)
  const { stdout, code } = await runNode(['-e', START], { cwd: ROOT, env: { NATIVEPROF_PREBUILD: empty } })
  t.equal(code, 0)
  t.match(stdout, /^ERR_NATIVEPROF_NO_BINDING nativeprof has no binary for node v\d+/)
  t.ok(stdout.includes(`Looked for: ${bindingPath(empty, runningTarget())}. There: none.`), stdout)
  t.match(stdout, 'To build one from source: npx nativeprof build')
})

t.test('a file that is none is a coded error, and the program under the preload runs', async (t) => {
  const root = scratchFolder(t)
  const file = bindingPath(root, runningTarget())
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, 'not a library')
  chmodSync(file, 0o755)
  const env = { NATIVEPROF_PREBUILD: root }
  t.match(
    (await runNode(['-e', START], { cwd: ROOT, env })).stdout,
    /^ERR_NATIVEPROF_NO_BINDING .*cannot load/,
  )
  const { code, stdout, stderr } = await runNode(['-r', AUTO, '-e', 'console.log("ran")'], { env })
  t.strictSame({ code, stdout }, { code: 0, stdout: 'ran\n' })
  t.match(stderr, /^nativeprof: .*ERR_NATIVEPROF_NO_BINDING\]\n$/s)
})

t.test('where node was told to load no addon, the error says how to allow it', async (t) => {
  const { stdout } = await runNode(['--no-addons', '-e', START], { cwd: ROOT })
  t.match(stdout, /^ERR_NATIVEPROF_ADDONS_FORBIDDEN .*take --no-addons away/)
  const flag = process.versions.node.startsWith('20.') ? '--experimental-permission' : '--permission'
  const permitted = [flag, `--allow-fs-read=${ROOT}*`, '--no-warnings']
  const forbidden = await runNode([...permitted, '-e', START], { cwd: ROOT })
  t.match(forbidden.stdout, /^ERR_NATIVEPROF_ADDONS_FORBIDDEN .*add --allow-addons/, forbidden.stderr)
  const allowed = await runNode(
    [
      ...permitted,
      '--allow-addons',
      '-e',
      `import('nativeprof').then((m) => console.log(m.startSampler().stop().counters.dropped))`,
    ],
    { cwd: ROOT },
  )
  t.strictSame({ code: allowed.code, stdout: allowed.stdout }, { code: 0, stdout: '0\n' }, allowed.stderr)
})

t.test('the version that the code knows is that of the package', (t) => {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string }
  t.equal(VERSION, version)
  t.end()
})
