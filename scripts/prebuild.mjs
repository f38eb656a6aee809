// prebuild.mjs <target> — builds the addon of a target for every supported Node: prebuilds/<target>/*.node, stripped, and their manifest.
// `npm run prebuild -- linux-x64`. One file per ABI and libc: the addon uses V8 and Node internals, so a file fits
// exactly one ABI. Always from scratch, as a release needs it; build-native.mjs is the quick one.

import { statSync } from 'node:fs'
import { delimiter, dirname, join, relative } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import prebuildify from 'prebuildify'
import { fetchNode } from './fetch-nodes.mjs'
import { ROOT, buildFolder, headersOf, prebuiltFile } from './native-build.mjs'
import { NODE_VERSIONS } from './node-versions.mjs'
import { writeManifest } from './package/manifest.mjs'

const TARGETS = ['linux-x64']

async function prebuild(target) {
  const [platform, arch] = target.split('-')
  // `#!/usr/bin/env node` of the wrapper must find the Node that is running.
  process.env.PATH = dirname(process.execPath) + delimiter + process.env.PATH
  for (const version of NODE_VERSIONS) {
    if (headersOf(version) === null) fetchNode(version.major)
    console.log(`\n${target}: Node ${version.version}, ABI ${version.abi}`)
    await promisify(prebuildify)({
      platform,
      arch,
      name: 'nativeprof',
      targets: [version.version],
      cwd: buildFolder(version.abi),
      out: ROOT,
      cache: join(ROOT, 'build/prebuildify'),
      nodeGyp: fileURLToPath(new URL('node-gyp-local.mjs', import.meta.url)),
      napi: false,
      tagLibc: true,
      strip: true,
    })
  }
  console.log('')
  for (const { abi } of NODE_VERSIONS) {
    const file = prebuiltFile(abi)
    console.log(`${relative(ROOT, file)}  ${Math.ceil(statSync(file).size / 1024)} KiB`)
  }
}

function check(target) {
  const known = TARGETS.join(', ')
  if (!TARGETS.includes(target)) throw new Error(`unknown target '${target}'; known: ${known}`)
  const host = `${process.platform}-${process.arch}`
  if (target !== host) throw new Error(`${target} is built on ${target} only; this machine is ${host}`)
}

const targets = process.argv.slice(2)
if (targets.length === 0) {
  // Not an error: npm takes this script for the pre-hook of `build` where the .npmrc of this folder is overruled.
  console.log(`usage: npm run prebuild -- <target>...\ntargets: ${TARGETS.join(', ')}`)
} else {
  try {
    targets.forEach(check)
    for (const target of targets) await prebuild(target)
    writeManifest()
  } catch (error) {
    console.error(`prebuild: ${error.message}`)
    process.exitCode = 1
  }
}
