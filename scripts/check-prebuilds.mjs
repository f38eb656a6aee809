// check-prebuilds.mjs [--all] [file…] — fails when a prebuilt file would not load where it is meant to: by reading it, so files for
// other platforms are checked as well. Without files: every one in prebuilds/. `--all`: a target that lacks one is an error, too.
// What a file takes from node is looked up in node's own binary for that platform and ABI, fetched if need be.

import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { checkElf, checkExports, elfExports, elfImports } from './check-elf.mjs'
import { fetchForeignNode } from './foreign-nodes.mjs'
import { isMain } from './is-main.mjs'
import { readMachO } from './mach-o.mjs'
import { ROOT, headersOf } from './native-build.mjs'
import { NODE_VERSIONS } from './node-versions.mjs'
import { TARGETS, parsePrebuild, prebuildOf } from './targets.mjs'

const MOST_BYTES = 400 * 1024
const MH_DYLIB = 6
const MH_BUNDLE = 8
const LIBSYSTEM = '/usr/lib/libSystem.B.dylib'
const FOLDER = join(ROOT, 'prebuilds')

/** A line for each thing that is wrong with a file of that target and ABI. `node`: node's binary of the same; null: not looked at. */
export function checkPrebuild(file, target, node) {
  const bytes = statSync(file).size
  return [
    ...(bytes > MOST_BYTES ? [`it has ${bytes} bytes, more than ${MOST_BYTES}`] : []),
    ...(readFileSync(file).includes(`${ROOT}/`) ? ['it names a folder of the machine that built it'] : []),
    ...(target.platform === 'darwin' ? checkMachO(file, target, node) : checkElf(file, target)),
    ...(target.platform === 'linux' && node !== null ? missingInElf(file, node) : []),
  ]
}

function checkMachO(file, { arch }, node) {
  const { fileType, libraries, rpaths, minimumOs, signature, symbols } = readMachO(file, arch)
  const offered = node === null ? null : definedIn(readMachO(node, arch).symbols)
  const missing = symbols.filter(
    ({ name, isDefined, library }) =>
      !isDefined && library === 'any' && offered !== null && !offered.has(name),
  )
  return [
    ...(fileType === MH_DYLIB || fileType === MH_BUNDLE ? [] : ['it is no library']),
    ...libraries.filter((library) => library !== LIBSYSTEM).map((library) => `it needs ${library}`),
    ...rpaths.map((path) => `it has the run path ${path}`),
    ...(minimumOs?.major === 11 && minimumOs.minor === 0 ? [] : ['it is not for macOS 11.0 and later']),
    ...(signature?.isValid ? [] : [`it is not signed: ${signature?.reason ?? 'there is no signature'}`]),
    ...checkExports([...definedIn(symbols)].map((name) => name.replace(/^_/, ''))),
    ...missing.map(({ name }) => `node does not export ${name}`),
  ]
}

function definedIn(symbols) {
  return new Set(symbols.flatMap(({ name, isDefined }) => (isDefined ? [name] : [])))
}

// Symbols without a version are node's; of musl, which has no versions, all that node does not export is left to libc.so.
function missingInElf(file, node) {
  const offered = elfExports(node)
  return elfImports(file)
    .filter(
      ({ name, version }) =>
        version === '' && /^(napi_|node_|uv_|_ZNK?2v8|_ZNK?4node)/.test(name) && !offered.has(name),
    )
    .map(({ name }) => `node does not export ${name}`)
}

function nodeFor({ platform, arch, abi }) {
  const version = NODE_VERSIONS.find((entry) => entry.abi === abi)
  if (version === undefined) return null
  if (platform !== 'linux' || arch !== 'x64') return fetchForeignNode(platform, arch, abi)
  const prefix = headersOf(version)
  return prefix === null ? null : join(prefix, 'bin/node')
}

function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { all: { type: 'boolean', default: false } },
  })
  const present = existsSync(FOLDER)
    ? readdirSync(FOLDER, { recursive: true }).filter((name) => name.endsWith('.node'))
    : []
  const files = positionals.length > 0 ? positionals.map((file) => relative(FOLDER, file)) : present.sort()
  const wanted = values.all
    ? Object.values(TARGETS).flatMap((target) => NODE_VERSIONS.map(({ abi }) => prebuildOf(target, abi)))
    : []
  const findings = wanted
    .filter((name) => !existsSync(join(FOLDER, name)))
    .map((name) => `prebuilds/${name}: it is not there`)
  for (const name of files) {
    const target = parsePrebuild(name)
    const wrong =
      target === null
        ? ['it is named after no target']
        : checkPrebuild(join(FOLDER, name), target, nodeFor(target))
    if (wrong.length === 0)
      console.log(
        `prebuilds/${name}: ${Math.ceil(statSync(join(FOLDER, name)).size / 1024)} KiB, as it should be`,
      )
    findings.push(...wrong.map((what) => `prebuilds/${name}: ${what}`))
  }
  for (const finding of findings) console.error(finding)
  if (files.length === 0)
    console.error('check-prebuilds: there is nothing in prebuilds/; run npm run prebuild -- <target>')
  if (findings.length > 0 || files.length === 0) process.exitCode = 1
}

if (isMain(import.meta.url)) main()
