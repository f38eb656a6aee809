// native-build.mjs — what it takes to build the addon for one version of Node; shared by prebuild.mjs (all versions, for
// a release) and build-native.mjs (the running one, while developing).
// Each ABI is built in a folder of its own, build/abi-<abi>/, made of symlinks to the sources: builds for several versions
// cannot mix their object files.

import { spawnSync } from 'node:child_process'
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  symlinkSync,
} from 'node:fs'
import { availableParallelism } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { nodeFolder } from './fetch-nodes.mjs'
import { NODE_VERSIONS } from './node-versions.mjs'

export const ROOT = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '')

const NODE_GYP = join(ROOT, 'node_modules/node-gyp/bin/node-gyp.js')
const LINKED = ['binding.gyp', 'native', 'package.json', 'node_modules']

// npm hands a user's settings down in the environment, and node-gyp lets them beat its own command line: with `nodedir`
// set, four versions would be built against one set of headers without an error. What we decide is taken out.
const OVERRULING_SETTING =
  /^npm_(config|package_config_node_gyp)_(nodedir|devdir|target|runtime|arch|jobs|debug|release)$/i

/** Where the prebuilt file of an ABI belongs, by the naming of prebuildify; lib/binding-file.ts looks for it there. */
export function prebuiltFile(abi) {
  const libc = existsSync('/etc/alpine-release') ? 'musl' : 'glibc'
  return join(ROOT, 'prebuilds', `${process.platform}-${process.arch}`, `nativeprof.abi${abi}.${libc}.node`)
}

/** Makes (or completes) the build folder of an ABI and returns its path. `kind`: what is before its name, for another build. */
export function buildFolder(abi, kind = '') {
  const folder = join(ROOT, 'build', `${kind}abi-${abi}`)
  mkdirSync(folder, { recursive: true })
  for (const name of LINKED) {
    const link = join(folder, name)
    const target = join('../..', name)
    const found = lstatSync(link, { throwIfNoEntry: false })
    if (found?.isSymbolicLink() && readlinkSync(link) === target) continue
    rmSync(link, { recursive: true, force: true })
    symlinkSync(target, link)
  }
  return folder
}

/** The folder that holds the headers of this exact version in include/node, for `--nodedir`; null if not on this machine. */
export function headersOf({ major, abi }) {
  for (const prefix of [nodeFolder(major), runningPrefix()]) {
    if (headersAbi(prefix) === abi) return prefix
  }
  return null
}

/**
 * The same for the running Node: beside its binary (as distributions and .nodes/ have it), else where npm's `nodedir`
 * setting points. Null: let node-gyp download.
 */
export function headersOfRunningNode() {
  const abi = Number(process.versions.modules)
  if (headersAbi(runningPrefix()) === abi) return runningPrefix()
  const configured = process.env.npm_config_nodedir ?? npmSetting('nodedir')
  return headersAbi(configured) === abi ? configured : null
}

/** Runs node-gyp in a build folder, against the headers in `nodedir` (null: node-gyp downloads them). Throws if it fails. */
export function nodeGyp(folder, [command, ...args], nodedir) {
  const flags = [
    '--loglevel=warn',
    `--jobs=${process.env.JOBS ?? availableParallelism()}`,
    ...(nodedir ? [`--nodedir=${nodedir}`] : []),
  ]
  const kept = Object.entries(process.env).filter(([name]) => !OVERRULING_SETTING.test(name))
  // binding.gyp calls `node`: it must find the one that is running.
  const env = { ...Object.fromEntries(kept), PATH: dirname(process.execPath) + delimiter + process.env.PATH }
  const { status, signal } = spawnSync(process.execPath, [NODE_GYP, command, ...flags, ...args], {
    cwd: folder,
    env,
    stdio: 'inherit',
  })
  if (status !== 0) throw new Error(`node-gyp ${command} ended with ${signal ?? `exit code ${status}`}`)
}

/** The supported version whose exact number this is. */
export function versionByNumber(version) {
  return NODE_VERSIONS.find((entry) => entry.version === version)
}

function runningPrefix() {
  return dirname(dirname(realpathSync(process.execPath)))
}

function headersAbi(prefix) {
  if (!prefix) return null
  // An installation has its headers in include/node, a source tree of Node in src.
  for (const header of ['include/node/node_version.h', 'src/node_version.h']) {
    const file = join(prefix, header)
    if (!existsSync(file)) continue
    const abi = /^#define NODE_MODULE_VERSION (\d+)/m.exec(readFileSync(file, 'utf8'))?.[1]
    if (abi !== undefined) return Number(abi)
  }
  return null
}

function npmSetting(name) {
  const { stdout } = spawnSync('npm', ['config', 'get', name], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const value = stdout?.trim()
  return value && value !== 'undefined' && value !== 'null' ? value : null
}
