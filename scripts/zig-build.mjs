// zig-build.mjs — compiles and links the addon for one target and one ABI by zig, from the sources and flags of binding.gyp.
// (node-gyp makes files for macOS on macOS only, and for one libc.) Objects are kept in build/zig/: those of sources that
// include nothing of Node's serve all ABIs.

import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { ROOT } from './native-build.mjs'
import { findZig } from './zig.mjs'
import { runTool, zigLink } from './zig-link.mjs'

const ADDON_API = join(ROOT, 'node_modules/node-addon-api')

// Beside those of binding.gyp: what node-gyp adds, and no checks of zig's own.
const FLAGS = ['-std=gnu++20', '-fno-rtti', '-fno-exceptions', '-fPIC', '-fno-sanitize=undefined', '-g0']
const SECTIONS = ['-ffunction-sections', '-fdata-sections']
// A C++ library is linked in, for which there has to be room in 400 KiB. Our own frames have frame pointers, as has musl's libc.
const SIZE = ['-Os', '-fno-asynchronous-unwind-tables', '-fno-unwind-tables']
const DEFINES = [
  'NODE_GYP_MODULE_NAME=nativeprof',
  'USING_UV_SHARED=1',
  'USING_V8_SHARED=1',
  'BUILDING_NODE_EXTENSION',
]

/** Builds into `file`. `headers`: an installation of Node, of the ABI that is wanted. */
export async function zigBuild({ target, abi, headers, file }) {
  const zig = findZig()
  const { sources, flags, defines } = readBindingGyp()
  const jobs = sources.map((source) => {
    const usesNode = includesNode(join(ROOT, source))
    const folder = join(ROOT, 'build/zig', target.zig, usesNode ? `abi-${abi}` : 'any-abi')
    mkdirSync(folder, { recursive: true })
    const object = join(folder, `${source.replace(/^native\//, '').replaceAll('/', '-')}.o`)
    const includes = usesNode ? ['-isystem', join(headers, 'include/node'), '-isystem', ADDON_API] : []
    const definitions = usesNode ? [...defines, ...DEFINES].map((name) => `-D${name}`) : []
    const args = [...FLAGS, ...SECTIONS, ...flags, ...SIZE, ...definitions, ...includes]
    return { source, object, args: ['-target', target.zig, ...args, '-Inative', '-c', source, '-o', object] }
  })
  const changed = newestSource()
  const pending = jobs.filter(({ object, args }) => !isFresh(object, args, changed))
  await inParallel(Number(process.env.JOBS ?? availableParallelism()), pending, async ({ object, args }) => {
    rmSync(`${object}.args`, { force: true })
    await runTool(zig, ['c++', ...args])
    writeFileSync(`${object}.args`, args.join('\n'))
  })
  mkdirSync(dirname(file), { recursive: true })
  await zigLink({ zig, target, objects: jobs.map(({ object }) => object), file })
}

function readBindingGyp() {
  // JSON, but for comments.
  const text = readFileSync(join(ROOT, 'binding.gyp'), 'utf8').replace(/^\s*#.*$/gm, '')
  const [target] = JSON.parse(text).targets
  return {
    sources: target.sources,
    flags: target.cflags_cc,
    defines: target.defines,
  }
}

// Whether a source includes a header of Node's, or of node-addon-api, itself or by one of ours.
const knownToInclude = new Map()
function includesNode(path) {
  if (knownToInclude.has(path)) return knownToInclude.get(path)
  knownToInclude.set(path, false) // ours do not include each other in a circle; this ends it if they did
  const text = readFileSync(path, 'utf8')
  const isDirect = /^#include <(?:v8[^>]*|napi|uv|node[^>]*)\.h>/m.test(text)
  const uses =
    isDirect ||
    [...text.matchAll(/^#include "([^"]+)"/gm)].some(([, name]) => {
      const found = [join(dirname(path), name), join(ROOT, 'native', name)].find((file) => existsSync(file))
      return found !== undefined && includesNode(found)
    })
  knownToInclude.set(path, uses)
  return uses
}

function isFresh(object, args, changed) {
  if (!existsSync(object) || statSync(object).mtimeMs < changed) return false
  return existsSync(`${object}.args`) && readFileSync(`${object}.args`, 'utf8') === args.join('\n')
}

function newestSource() {
  const native = join(ROOT, 'native')
  const files = readdirSync(native, { recursive: true }).map((name) => join(native, name))
  return Math.max(...[native, ...files, join(ROOT, 'binding.gyp')].map((file) => statSync(file).mtimeMs))
}

async function inParallel(lanes, items, work) {
  const rest = [...items]
  const lane = async () => {
    while (rest.length > 0) await work(rest.shift())
  }
  await Promise.all(Array.from({ length: Math.max(1, lanes) }, lane))
}
