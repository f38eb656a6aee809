// What stands between a checkout and a release: the manifest of the binaries, and the changelog.

import { appendFileSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import t from 'tap'
import { ROOT, run, scratchFolder } from './support/run-program.js'

interface ManifestScript {
  readonly writeManifest: (root: string) => void
  readonly checkManifest: (root: string) => string[]
}
interface ReleaseScript {
  readonly checkChangelog: (text: string, version: string) => string[]
}

const { writeManifest, checkManifest } = (await import(script('manifest'))) as ManifestScript
const { checkChangelog } = (await import(script('release'))) as ReleaseScript

const ABIS = [115, 127, 137, 147]
const KINDS = [
  'linux-x64 .glibc',
  'linux-arm64 .glibc',
  'linux-x64 .musl',
  'linux-arm64 .musl',
  'darwin-x64 ',
  'darwin-arm64 ',
]
const FILES = KINDS.flatMap((kind) => {
  const [folder = '', libc = ''] = kind.split(' ')
  return ABIS.map((abi) => `${folder}/nativeprof.abi${abi}${libc}.node`)
})

function script(name: string): string {
  return pathToFileURL(join(ROOT, `scripts/package/${name}.mjs`)).href
}

/** A tree with all binaries, and their manifest. */
function tree(t: Parameters<typeof scratchFolder>[0]): string {
  const root = scratchFolder(t)
  mkdirSync(join(root, 'native'))
  writeFileSync(join(root, 'native/addon.cc'), 'int x;\n')
  writeFileSync(join(root, 'binding.gyp'), '{}\n')
  for (const name of FILES) {
    const file = join(root, 'prebuilds', name)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, name)
  }
  writeManifest(root)
  return root
}

t.test('binaries as they were built are in order, with their hashes in the manifest', (t) => {
  const root = tree(t)
  t.strictSame(checkManifest(root), [])
  const { files } = JSON.parse(readFileSync(join(root, 'prebuilds/manifest.json'), 'utf8')) as {
    files: Record<string, { bytes: number; sha256: string }>
  }
  t.strictSame(Object.keys(files), [...FILES].sort())
  t.match(files['linux-x64/nativeprof.abi115.glibc.node'], { bytes: 38, sha256: /^[0-9a-f]{64}$/ })
  t.end()
})

t.test('a binary that was touched, is missing, too big or unknown is found', (t) => {
  const root = tree(t)
  const file = (name: string): string => join(root, 'prebuilds', name)
  appendFileSync(file('linux-x64/nativeprof.abi115.glibc.node'), ' ')
  rmSync(file('darwin-x64/nativeprof.abi127.node'))
  writeFileSync(file('darwin-arm64/nativeprof.abi147.node'), Buffer.alloc(400 * 1024 + 1))
  cpSync(file('linux-x64/nativeprof.abi127.glibc.node'), file('linux-x64/nativeprof.abi999.glibc.node'))
  const problems = checkManifest(root).join('\n')
  t.match(problems, 'linux-x64/nativeprof.abi115.glibc.node is not the file that was built')
  t.match(problems, /darwin-x64.*missing/)
  t.match(problems, 'nativeprof.abi147.node has 409601 bytes, more than 409600')
  t.match(problems, 'linux-x64/nativeprof.abi999.glibc.node is not in the manifest')
  t.end()
})

t.test('binaries of other sources are found', (t) => {
  const root = tree(t)
  appendFileSync(join(root, 'native/addon.cc'), '// changed\n')
  t.match(checkManifest(root).join('\n'), 'the sources of the addon changed')
  rmSync(join(root, 'prebuilds/manifest.json'))
  t.match(checkManifest(root).join('\n'), /there is no prebuilds\/manifest.json/)
  t.end()
})

t.test('a version needs a section with a date and a change, and nothing left under Unreleased', (t) => {
  const good =
    '# Changelog\n\n## [Unreleased]\n\n## [1.2.0] - 2026-01-31\n\n### Added\n\n- A thing.\n\n## [1.1.0] - 2025-12-01\n'
  t.strictSame(checkChangelog(good, '1.2.0'), [])
  t.match(checkChangelog(good, '1.3.0').join(), /no section ## \[1\.3\.0\]/)
  t.match(checkChangelog(good, '1.1.0').join(), /says nothing about 1\.1\.0/)
  t.match(checkChangelog(good.replace(' - 2026-01-31', ''), '1.2.0').join(), /1\.2\.0 has no date/)
  t.match(
    checkChangelog(good.replace('[Unreleased]\n', '[Unreleased]\n\n- More.\n'), '1.2.0').join(),
    /under Unreleased/,
  )
  t.end()
})

t.test('scripts/release says how it is used wrongly, and ends with exit code 1', async (t) => {
  const { code, stderr } = await run(join(ROOT, 'scripts/release'), ['--publish'])
  t.equal(code, 1)
  t.match(stderr, /^release: .*--publish/)
})
