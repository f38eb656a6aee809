// tarball.mjs — packs the package, and looks at what is in it: what a user needs, nothing else, and nothing that says where
// it was built.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../native-build.mjs'
import { succeed } from './command.mjs'

const ALLOWED = [
  /^(package\.json|README\.md|LICENSE|CHANGELOG\.md)$/,
  /^dist\/(.+\.(js|cjs|d\.ts|d\.cts)|binding\.gyp)$/,
  /^native\/.+\.(h|cc|c|inc|map)$/,
  /^prebuilds\/(manifest\.json|[a-z]+-[a-z0-9]+\/nativeprof\.abi\d+(\.glibc|\.musl)?\.node)$/,
]

const NEEDED = [
  'LICENSE',
  'README.md',
  'CHANGELOG.md',
  'dist/binding.gyp',
  'native/addon.cc',
  'dist/index.js',
  'dist/index.d.ts',
  'dist/index.d.cts',
  'dist/auto.cjs',
  'dist/auto.d.cts',
  'dist/cli/main.js',
]

/** Packs into a folder. Returns the path of the tarball, and what is wrong with its contents, a sentence each. */
export function pack(folder) {
  const args = ['pack', '--json', '--ignore-scripts', `--pack-destination=${folder}`]
  const [{ filename, files }] = asList(JSON.parse(succeed('npm', args, { cwd: ROOT })))
  return { file: join(folder, filename), problems: problemsOf(files.map(({ path }) => path)) }
}

// A list until npm 11, an object by package names from then on.
function asList(packed) {
  return Array.isArray(packed) ? packed : Object.values(packed)
}

function problemsOf(names) {
  const problems = []
  for (const name of names) {
    if (!ALLOWED.some((pattern) => pattern.test(name)))
      problems.push(`${name} does not belong into the package`)
    else if (namesThisFolder(readFileSync(join(ROOT, name))))
      problems.push(`${name} names the folder it was built in`)
  }
  for (const name of NEEDED) if (!names.includes(name)) problems.push(`${name} is not in the package`)
  if (!names.some((name) => name.endsWith('.node'))) problems.push('no binary is in the package')
  return problems
}

// Not by its own name alone: a checkout in /app or /nativeprof would find itself in every text.
function namesThisFolder(bytes) {
  return ['lib', 'native', 'build', 'dist', 'node_modules'].some((name) => bytes.includes(`${ROOT}/${name}/`))
}
