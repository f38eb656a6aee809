// prebuild.mjs [--abi <number>] <target>… | all — builds the addon of a target for every supported Node: prebuilds/<platform>-<arch>/*.node, as small
// as they get, and their manifest. `npm run prebuild -- linux-x64`. One file per ABI and libc: the addon uses V8 and Node internals, so a file fits
// exactly one ABI. Always from scratch, as a release needs it; build-native.mjs is the quick one.
// Linux with glibc is built by node-gyp (for arm64 by a cross compiler), everything else by zig (zig-build.mjs).

import { spawnSync } from 'node:child_process'
import { rmSync, statSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { parseArgs, promisify } from 'node:util'
import prebuildify from 'prebuildify'
import { fetchNode } from './fetch-nodes.mjs'
import { ROOT, buildFolder, headersOf } from './native-build.mjs'
import { NODE_VERSIONS } from './node-versions.mjs'
import { writeManifest } from './package/manifest.mjs'
import { TARGETS, prebuildOf } from './targets.mjs'
import { zigBuild } from './zig-build.mjs'

async function prebuild(name, versions) {
  const target = TARGETS[name]
  for (const version of versions) {
    if (headersOf(version) === null) fetchNode(version.major)
    console.log(`\n${name}: Node ${version.version}, ABI ${version.abi}`)
    const file = join(ROOT, 'prebuilds', prebuildOf(target, version.abi))
    rmSync(file, { force: true })
    if (target.zig) await zigBuild({ target, abi: version.abi, headers: headersOf(version), file })
    else await gypBuild(name, target, version)
  }
  console.log('')
  for (const { abi } of versions) {
    const file = prebuildOf(target, abi)
    console.log(`prebuilds/${file}  ${Math.ceil(statSync(join(ROOT, 'prebuilds', file)).size / 1024)} KiB`)
  }
}

async function gypBuild(name, { platform, arch, libc, tools }, version) {
  // `#!/usr/bin/env node` of the wrapper must find the Node that is running.
  process.env.PATH = dirname(process.execPath) + delimiter + process.env.PATH
  const isNative = name === `${process.platform}-${process.arch}`
  // It takes the environment of this process, whatever it is told.
  const before = { ...process.env }
  Object.assign(process.env, isNative ? {} : crossCompiler(tools))
  const options = {
    platform,
    arch,
    libc,
    name: 'nativeprof',
    targets: [version.version],
    cwd: buildFolder(version.abi, isNative ? '' : `${name}-`),
    out: ROOT,
    cache: join(ROOT, 'build/prebuildify'),
    nodeGyp: fileURLToPath(new URL('node-gyp-local.mjs', import.meta.url)),
    napi: false,
    tagLibc: libc,
    strip: true,
    stripBin: `${isNative ? '' : tools}strip`,
  }
  try {
    await promisify(prebuildify)(options)
  } finally {
    for (const variable of Object.keys(process.env)) {
      if (before[variable] === undefined) delete process.env[variable]
    }
    Object.assign(process.env, before)
  }
}

function crossCompiler(tools) {
  return { CC: `${tools}gcc`, CXX: `${tools}g++`, AR: `${tools}ar`, LINK: `${tools}g++` }
}

function check(name) {
  const target = TARGETS[name]
  if (target === undefined) {
    throw new Error(`unknown target '${name}'; known: ${Object.keys(TARGETS).join(', ')}, or 'all'`)
  }
  const host = `${process.platform}-${process.arch}`
  if (name === host && target.zig === undefined) return
  if (host !== 'linux-x64') throw new Error(`${name} is built on linux-x64 only; this machine is ${host}`)
  if (target.tools && spawnSync(`${target.tools}g++`, ['--version']).error) {
    throw new Error(`there is no ${target.tools}g++ here; on Debian it is in g++-aarch64-linux-gnu`)
  }
}

const { values: options, positionals: asked } = parseArgs({
  allowPositionals: true,
  options: { abi: { type: 'string' } },
})
const targets = asked.includes('all') ? Object.keys(TARGETS) : asked
if (targets.length === 0) {
  // Not an error: npm takes this script for the pre-hook of `build` where the .npmrc of this folder is overruled.
  console.log(
    `usage: npm run prebuild -- [--abi <number>] <target>...\ntargets: ${Object.keys(TARGETS).join(', ')}, all`,
  )
} else {
  try {
    targets.forEach(check)
    const versions = NODE_VERSIONS.filter(
      ({ abi }) => options.abi === undefined || abi === Number(options.abi),
    )
    if (versions.length === 0) throw new Error(`no supported Node has the ABI ${options.abi}`)
    for (const target of targets) await prebuild(target, versions)
    writeManifest()
  } catch (error) {
    console.error(`prebuild: ${error.message}`)
    process.exitCode = 1
  }
}
