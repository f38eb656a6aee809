// install.mjs — the benchmark's own dependencies: workloads and peers, in this folder's node_modules, of the versions in its lock
// file. Installed when they are missing or other ones, by the benchmark alone. npm runs no install scripts here; the one peer that
// has no binary in its package is compiled, against the headers of the running node.

import { execFileSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { headersOfRunningNode, nodeGyp } from '../native-build.mjs'
import { HERE } from './places.mjs'

const V8_PROFILER = join(HERE, 'node_modules/v8-profiler-next')

/** Installs what is not there, and compiles what has to be. Returns one line for each thing that could not be done. */
export function installDependencies() {
  if (!isInstalled()) {
    console.log("installing the benchmark's own dependencies (npm ci in scripts/bench)")
    execFileSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
      cwd: HERE,
      stdio: 'inherit',
    })
  }
  try {
    compileV8Profiler()
    return []
  } catch (error) {
    return [`v8-profiler-next could not be compiled: ${error.message}`]
  }
}

/** The version of each dependency, as installed. */
export function versionsInstalled() {
  return Object.fromEntries(
    Object.keys(wanted()).map((name) => [name, versionIn(join(HERE, 'node_modules', name))]),
  )
}

function isInstalled() {
  return Object.entries(wanted()).every(
    ([name, version]) => versionIn(join(HERE, 'node_modules', name)) === version,
  )
}

function wanted() {
  return JSON.parse(readFileSync(join(HERE, 'package.json'), 'utf8')).devDependencies
}

function versionIn(folder) {
  const file = join(folder, 'package.json')
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).version : null
}

// What its own install script does, without the download. The place is named in its package.json.
function compileV8Profiler() {
  const { versions, platform, arch } = process
  const target = join(
    V8_PROFILER,
    `build/binding/Release/node-v${versions.modules}-${platform}-${arch}/profiler.node`,
  )
  if (existsSync(target)) return
  console.log('compiling v8-profiler-next')
  writeFileSync(join(V8_PROFILER, 'config.gypi'), "{'variables': {'action_after_build': 'false'}}\n")
  nodeGyp(V8_PROFILER, ['rebuild'], headersOfRunningNode())
  mkdirSync(dirname(target), { recursive: true })
  copyFileSync(join(V8_PROFILER, 'build/Release/profiler.node'), target)
}
