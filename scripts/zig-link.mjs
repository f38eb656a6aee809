// zig-link.mjs — links what zig has compiled, with the libraries that zig brings. For macOS by LLVM's own linker: zig's keeps what
// nothing uses, exports it, and writes all names, which makes the file three times as large.

import { spawn } from 'node:child_process'
import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import process from 'node:process'
import { ENTRIES, LINUX_ENTRIES } from './check-elf.mjs'
import { ROOT } from './native-build.mjs'

/** One version, so that the bytes are the same everywhere. */
const LLD_VERSION = 16
const OLDEST_MACOS = '11.0'

/** Links `objects` into `file`. `zig`: as findZig() returns it. */
export async function zigLink({ zig, target, objects, file }) {
  const link = ['c++', '-target', target.zig, '-shared', '-Os', '-s', ...objects]
  if (target.platform === 'darwin') {
    const archives = await archivesOf(zig, [...link, '-Wl,-undefined,dynamic_lookup'], `${file}.by-zig`)
    await runTool(macOsLinker(), [...macOsFlags(zig, target), ...objects, ...archives, '-o', file])
  } else {
    const flags = [
      `-Wl,--version-script=${exportsOf(target)}`,
      '-Wl,--gc-sections',
      '-Wl,-z,nodelete',
      '-Wl,-z,now',
    ]
    await runTool(zig, [...link, ...flags, '-o', file])
  }
}

/** The libraries that zig itself would link: it knows where it has built them. What it links is thrown away. */
async function archivesOf(zig, link, thrownAway) {
  const env = { ...zig.env, ZIG_VERBOSE_LINK: '1' }
  const said = await runTool({ ...zig, env }, [...link, '-o', thrownAway], 'pipe')
  rmSync(thrownAway, { force: true })
  const command = said.split('\n').findLast((line) => line.startsWith('zig ld '))
  if (command === undefined) throw new Error(`zig does not say how it links:\n${said}`)
  return command.split(' ').filter((word) => word.endsWith('.a'))
}

function macOsFlags({ program }, target) {
  const folder = join(ROOT, 'build/zig', target.zig)
  const entries = join(folder, 'exports.txt')
  writeFileSync(entries, ENTRIES.map((name) => `_${name}\n`).join(''))
  return [
    '-dylib',
    ...['-arch', target.zig.startsWith('aarch64') ? 'arm64' : 'x86_64'],
    ...['-platform_version', 'macos', OLDEST_MACOS, OLDEST_MACOS],
    ...['-undefined', 'dynamic_lookup'],
    ...['-install_name', '@rpath/nativeprof.node'],
    ...['-exported_symbols_list', entries],
    ...['-dead_strip', '-x', '-S'],
    // Apple's processors run nothing unsigned.
    '-adhoc_codesign',
    join(dirname(program), 'lib/libc/darwin/libSystem.tbd'),
  ]
}

// Symbols of libc++ must not get in the way of a libc++ that another addon brings.
function exportsOf(target) {
  const script = join(ROOT, 'build/zig', target.zig, 'exports.map')
  writeFileSync(script, `{\n  global: ${LINUX_ENTRIES.join('; ')};\n  local: *;\n};\n`)
  return script
}

function macOsLinker() {
  const program = `/usr/bin/ld64.lld-${LLD_VERSION}`
  if (!existsSync(program))
    throw new Error(`${program} is needed: on Debian, apt-get install lld-${LLD_VERSION}`)
  return { program, env: process.env }
}

/** Runs a program; returns what it wrote on stderr, if that is 'pipe'. Throws if it fails. */
export async function runTool({ program, env }, args, stderr = 'inherit') {
  const child = spawn(program, args, { cwd: ROOT, env, stdio: ['ignore', 'inherit', stderr] })
  let said = ''
  child.stderr?.setEncoding('utf8').on('data', (text) => {
    said += text
  })
  const code = await new Promise((done, failed) => {
    child.on('error', failed)
    child.on('close', (status, signal) => done(signal ?? status))
  })
  if (code !== 0)
    throw new Error(`${basename(program)} ended with ${code} at ${basename(args.at(-1))}\n${said}`)
  return said
}
