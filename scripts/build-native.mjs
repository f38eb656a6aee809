// build-native.mjs — builds the addon for the running Node into prebuilds/, where the loader looks first.
// Incremental: nothing at all if the prebuilt file is newer than all it is made from, else only what changed.
// The file is replaced by rename, so a process that has it mapped, or loads it meanwhile, is not harmed.
//
// --compare-walks: builds the addon that also has V8 walk every stack (native/walk_comparison.h), into build/ and never
// into prebuilds/. It is loaded where NATIVEPROF_PREBUILD says so: COMPARING_FOLDER.

import { execFileSync } from 'node:child_process'
import * as fs from 'node:fs'
import { dirname, join, relative } from 'node:path'
import process from 'node:process'
import { isMain } from './is-main.mjs'
import { ROOT, buildFolder, headersOfRunningNode, nodeGyp, prebuiltFile } from './native-build.mjs'

/** What the variable NATIVEPROF_PREBUILD has to say for the addon of buildComparing() to be loaded. */
export const COMPARING_FOLDER = join(ROOT, 'build', `compare-abi-${process.versions.modules}`)

/** Builds the addon that compares walks, if needed. Prints what node-gyp prints, and nothing if there is nothing to do. */
export function buildComparing() {
  const folder = buildFolder(process.versions.modules, 'compare-')
  if (modified(join(folder, 'build/Release/nativeprof.node')) > newestSource()) return
  const nodedir = headersOfRunningNode()
  configureIfNeeded(folder, nodedir, ['-Dcompare_walks=1'])
  nodeGyp(folder, ['build', '--release'], nodedir)
}

/** Builds if needed. Says in one line which of the two happened. */
export function buildNative() {
  const abi = process.versions.modules
  const file = prebuiltFile(abi)
  const name = relative(ROOT, file)
  if (modified(file) > newestSource()) {
    console.log(`${name} is up to date`)
    return
  }
  const folder = buildFolder(abi)
  const nodedir = headersOfRunningNode()
  configureIfNeeded(folder, nodedir)
  nodeGyp(folder, ['build', '--release'], nodedir)
  install(join(folder, 'build/Release/nativeprof.node'), file)
  console.log(`${name} is built, for Node ${process.versions.node}`)
}

// Configuring anew is needed when one of its inputs changed. make would notice as well, and then run gyp by itself with
// paths that go wrong through the symlinks of the build folder: that is switched off.
function configureIfNeeded(folder, nodedir, definitions = []) {
  const stamp = join(folder, 'configured.json')
  const configuration = JSON.stringify({ node: process.version, nodedir, root: ROOT })
  const inputs = [join(ROOT, 'binding.gyp'), join(ROOT, 'node_modules/node-gyp/addon.gypi')]
  const isNewest = inputs.every((input) => modified(input) < modified(stamp))
  const hasMakefile = fs.existsSync(join(folder, 'build/Makefile'))
  if (hasMakefile && isNewest && fs.readFileSync(stamp, 'utf8') === configuration) return
  fs.rmSync(stamp, { force: true })
  nodeGyp(folder, ['configure', '--release', '--', '-Gauto_regeneration=0', ...definitions], nodedir)
  fs.writeFileSync(stamp, configuration)
}

function install(built, file) {
  fs.mkdirSync(dirname(file), { recursive: true })
  const temporary = `${file}.${process.pid}.tmp`
  try {
    fs.copyFileSync(built, temporary)
    execFileSync('strip', process.platform === 'darwin' ? ['-Sx', temporary] : ['--strip-all', temporary])
    fs.renameSync(temporary, file)
  } finally {
    fs.rmSync(temporary, { force: true })
  }
}

// Folders count as well: their time changes when a file goes away.
function newestSource() {
  const native = join(ROOT, 'native')
  const inside = fs.readdirSync(native, { recursive: true }).map((name) => join(native, name))
  const others = ['binding.gyp', 'node_modules/node-addon-api/package.json'].map((name) => join(ROOT, name))
  return Math.max(...[native, ...inside, ...others].map(modified))
}

function modified(path) {
  return fs.statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0
}

if (isMain(import.meta.url)) {
  try {
    if (process.argv.includes('--compare-walks')) buildComparing()
    else buildNative()
  } catch (error) {
    console.error(`build-native: ${error.message}`)
    process.exitCode = 1
  }
}
