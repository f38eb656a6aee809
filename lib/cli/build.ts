// build.ts — `nativeprof build`: makes the addon for the running node from the sources in the package, for whoever has a
// node, a processor or a libc that no binary in it fits. The package has no install script that would do it by itself.

import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { bindingPath, describeTarget, runningTarget } from '../binding-file.js'
import { openBinding, refuseUnsupported } from '../binding.js'
import { NativeprofError } from '../errors.js'
import { ownRequire, packageFolder } from '../own-package.js'
import { findHeaders, findNodeGyp, onPath, runNodeGyp } from './node-gyp.js'
import type { Verb } from './verb.js'

const HELP = `nativeprof build

Builds nativeprof's addon for the running node from the sources in the package,
where none of the binaries in it fits, and puts it beside them. Needs a C++
compiler, make, Python 3 and node-gyp, which comes with npm.

Headers of node are taken from beside its binary, else from npm's setting
nodedir, else node-gyp downloads them. CC, CXX, MAKE, PYTHON and JOBS are
read from the environment.
`

export const build: Verb = {
  name: 'build',
  isCommon: false,
  usage: 'build',
  summary: ['makes the addon for this node, if no binary fits'],
  help: HELP,
  run: buildAddon,
}

// Where they are in the package, and where node-gyp wants them. See scripts/build.mjs for the first.
const SOURCES = [
  ['dist/binding.gyp', 'binding.gyp'],
  ['native', 'native'],
  ['package.json', 'package.json'],
] as const

/** Throws ERR_NATIVEPROF_BUILD if something is missing or does not compile, ERR_NATIVEPROF_INVALID_ARGUMENT for bad usage. */
function buildAddon(args: readonly string[]): void {
  const [arg] = args
  if (arg === '--help' || arg === '-h') {
    process.stdout.write(HELP)
    return
  }
  if (arg !== undefined) {
    const message = `nativeprof build takes no arguments, so not "${arg}"; see nativeprof build --help`
    throw new NativeprofError('ERR_NATIVEPROF_INVALID_ARGUMENT', message)
  }
  refuseUnsupported()
  const root = packageFolder()
  if (root === null)
    throw failed('the sources are in the package, and it is not here: npm install nativeprof')
  requireTools()
  const nodeGyp = findNodeGyp()
  if (nodeGyp === null) {
    throw failed(
      'node-gyp is missing. It comes with npm; without npm on the PATH: npm install --no-save node-gyp',
    )
  }
  const headers = findHeaders()
  const target = runningTarget()
  const from = headers === null ? 'headers that node-gyp downloads' : `headers in ${headers}`
  process.stderr.write(
    `nativeprof: building for ${describeTarget(target)}, node ${process.version}, with ${from}\n`,
  )
  // In a copy: the package's folder is shared, and may lie behind links that gyp does not follow well.
  const folder = fs.mkdtempSync(join(fs.realpathSync(tmpdir()), 'nativeprof-build-'))
  try {
    for (const [from, to] of SOURCES) fs.cpSync(join(root, from), join(folder, to), { recursive: true })
    fs.mkdirSync(join(folder, 'node_modules'))
    const nodeAddonApi = dirname(ownRequire().resolve('node-addon-api/package.json'))
    fs.symlinkSync(nodeAddonApi, join(folder, 'node_modules/node-addon-api'))
    const problem = runNodeGyp(nodeGyp, folder, headers)
    if (problem !== null) {
      const hint =
        headers === null ? '. Without a network, npm_config_nodedir=<folder> says where headers are' : ''
      throw failed(`node-gyp could not build it, and said why above: ${problem}${hint}`)
    }
    const file = bindingPath(root, target)
    install(join(folder, 'build/Release/nativeprof.node'), file)
    process.stdout.write(`nativeprof: built ${file}\n`)
  } finally {
    fs.rmSync(folder, { recursive: true, force: true })
  }
}

/** Puts it where the loader looks, by rename and not before it has been loaded: a process may start there meanwhile. */
function install(built: string, file: string): void {
  const temporary = `${file}.${process.pid}.node`
  try {
    fs.mkdirSync(dirname(file), { recursive: true })
    fs.copyFileSync(built, temporary)
  } catch (cause) {
    fs.rmSync(temporary, { force: true })
    throw failed(`cannot write to ${dirname(file)}; run it as the user who installed the package`, cause)
  }
  try {
    openBinding(temporary)
    fs.renameSync(temporary, file)
  } finally {
    fs.rmSync(temporary, { force: true })
  }
}

function requireTools(): void {
  const tools: [string, readonly string[]][] = [
    ['a C++ compiler', [process.env['CXX'] ?? 'c++', 'g++', 'clang++']],
    ['make', [process.env['MAKE'] ?? 'make', 'gmake']],
    ['Python 3', [process.env['PYTHON'] ?? process.env['npm_config_python'] ?? 'python3', 'python']],
  ]
  const isThere = (name: string): boolean =>
    name.includes('/') || name.includes(' ') || onPath(name).length > 0
  const missing = tools.filter(([, names]) => !names.some(isThere)).map(([what]) => what)
  if (missing.length === 0) return
  const install =
    process.platform === 'darwin'
      ? 'xcode-select --install'
      : 'Debian: apt-get install g++ make python3; Alpine: apk add g++ make python3; Fedora: dnf install gcc-c++ make python3'
  throw failed(`it needs a C++ compiler, make and Python 3, and lacks ${inWords(missing)}. ${install}`)
}

function inWords(names: readonly string[]): string {
  const last = names.at(-1) ?? ''
  return names.length > 1 ? `${names.slice(0, -1).join(', ')} and ${last}` : last
}

function failed(reason: string, cause?: unknown): NativeprofError {
  return new NativeprofError('ERR_NATIVEPROF_BUILD', `nativeprof was not built: ${reason}`, { cause })
}
