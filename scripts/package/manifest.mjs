// manifest.mjs [--check] — prebuilds/manifest.json: size and hash of every prebuilt file, and the hash of the sources that
// they were made of. `npm run prebuild` writes it; whoever packs checks it, so that nothing is published that was built of
// other sources, built halfway, or touched since. It goes into the package: who installs it can check it, too.

import { createHash } from 'node:crypto'
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { isMain } from '../is-main.mjs'
import { ROOT } from '../native-build.mjs'
import { NODE_VERSIONS } from '../node-versions.mjs'

/** What a package has to hold, for each supported ABI: the folder, and what stands between ABI and `.node`. */
export const PLATFORMS = [
  { folder: 'linux-x64', libc: '.glibc' },
  { folder: 'linux-arm64', libc: '.glibc' },
  { folder: 'linux-x64', libc: '.musl' },
  { folder: 'linux-arm64', libc: '.musl' },
  { folder: 'darwin-x64', libc: '' },
  { folder: 'darwin-arm64', libc: '' },
]

const MAX_BYTES = 400 * 1024
const NAME = 'manifest.json'

/** Writes prebuilds/manifest.json for the files that are there. */
export function writeManifest(root = ROOT) {
  const files = Object.fromEntries(
    filesUnder(join(root, 'prebuilds')).map((name) => [name, entryOf(root, name)]),
  )
  const manifest = { sources: hashOfSources(root), files }
  writeFileSync(join(root, 'prebuilds', NAME), `${JSON.stringify(manifest, null, 2)}\n`)
}

/** What is wrong with the prebuilt files, a sentence each; none: all that a package needs is there, and as it was built. */
export function checkManifest(root = ROOT) {
  const path = join(root, 'prebuilds', NAME)
  if (!existsSync(path)) return [`there is no prebuilds/${NAME}; run: npm run prebuild -- all`]
  const manifest = JSON.parse(readFileSync(path, 'utf8'))
  const problems = []
  if (manifest.sources !== hashOfSources(root))
    problems.push('the sources of the addon changed since prebuilds/ was built')
  const found = filesUnder(join(root, 'prebuilds'))
  for (const name of found) {
    const entry = entryOf(root, name)
    const told = manifest.files[name]
    if (told === undefined) problems.push(`prebuilds/${name} is not in the manifest`)
    else if (told.sha256 !== entry.sha256) problems.push(`prebuilds/${name} is not the file that was built`)
    if (entry.bytes > MAX_BYTES)
      problems.push(`prebuilds/${name} has ${entry.bytes} bytes, more than ${MAX_BYTES}`)
  }
  const wanted = expectedFiles()
  const needed = new Set([...wanted, ...Object.keys(manifest.files)])
  const missing = [...needed].filter((name) => !found.includes(name))
  for (const [kind, abis] of groupByKind(missing))
    problems.push(`prebuilds/${kind} is missing for ABI ${abis.join(', ')}`)
  for (const name of found)
    if (!wanted.includes(name)) problems.push(`prebuilds/${name} is for no target that is supported`)
  return problems
}

/** From `linux-x64/nativeprof.abi115.glibc.node` and its like: `linux-x64/nativeprof.*.glibc.node` → ABIs. */
function groupByKind(names) {
  const groups = new Map()
  for (const name of names) {
    const abi = /\.abi(\d+)\b/.exec(name)?.[1] ?? '?'
    const kind = name.replace(`abi${abi}`, '*')
    groups.set(kind, [...(groups.get(kind) ?? []), abi])
  }
  return groups
}

function expectedFiles() {
  return PLATFORMS.flatMap(({ folder, libc }) =>
    NODE_VERSIONS.map(({ abi }) => `${folder}/nativeprof.abi${abi}${libc}.node`),
  )
}

function entryOf(root, name) {
  const bytes = readFileSync(join(root, 'prebuilds', name))
  return { bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') }
}

function hashOfSources(root) {
  const hash = createHash('sha256')
  const names = filesUnder(join(root, 'native')).map((name) => `native/${name}`)
  for (const name of ['binding.gyp', ...names]) {
    const text = readFileSync(join(root, name))
    hash.update(`${name} ${text.length}\n`).update(text)
  }
  return hash.digest('hex')
}

/** Paths below a folder, with `/`, sorted; without the manifest itself. */
function filesUnder(folder) {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== NAME)
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(folder.length + 1)
        .replaceAll('\\', '/'),
    )
    .sort()
}

if (isMain(import.meta.url)) {
  if (process.argv[2] !== '--check') writeManifest()
  else {
    const problems = checkManifest()
    for (const problem of problems) console.error(`manifest: ${problem}`)
    if (problems.length > 0) process.exitCode = 1
  }
}
