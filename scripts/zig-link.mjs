// zig-link.mjs — links what zig has compiled, with the libraries that zig brings, by LLVM's own linker. For macOS zig's keeps what
// nothing uses, exports it, and writes all names, which makes the file three times as large; for Linux it neither takes equal
// functions for one nor leaves out the unwind tables of the libraries, which are of no use where nothing can be thrown.

import { spawn } from 'node:child_process'
import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import process from 'node:process'
import { ENTRIES, LINUX_ENTRIES } from './check-elf.mjs'
import { ROOT } from './native-build.mjs'

/** One version, so that the bytes are the same everywhere. */
const LLD_VERSION = 16
const OLDEST_MACOS = '11.0'
const LINUX_FLAGS = ['-Wl,--gc-sections', '-Wl,-z,nodelete', '-Wl,-z,now']

/** Links `objects` into `file`. `zig`: as findZig() returns it. */
export async function zigLink({ zig, target, objects, file }) {
  const link = ['c++', '-target', target.zig, '-shared', '-Os', '-s', ...objects]
  if (target.platform === 'darwin') {
    const words = await linkOfZig(zig, [...link, '-Wl,-undefined,dynamic_lookup'], `${file}.by-zig`)
    const archives = words.filter((word) => word.endsWith('.a'))
    await runTool(linker('ld64.lld'), [...macOsFlags(zig, target), ...objects, ...archives, '-o', file])
  } else {
    const byZig = `${file}.by-zig`
    const words = await linkOfZig(zig, [...link, ...LINUX_FLAGS], byZig)
    const replaced = new Map([
      [byZig, file],
      ['--eh-frame-hdr', '--no-eh-frame-hdr'],
    ])
    const flags = [
      `--version-script=${exportsOf(target)}`,
      `--script=${discardOf(target)}`,
      '--icf=all',
      '--hash-style=gnu',
    ]
    await runTool(linker('ld.lld'), [...flags, ...words.map((word) => replaced.get(word) ?? word)])
  }
}

/** What zig itself would have linked by, word by word: it knows where it has built its libraries. What it links is thrown away. */
async function linkOfZig(zig, link, thrownAway) {
  const env = { ...zig.env, ZIG_VERBOSE_LINK: '1' }
  const said = await runTool({ ...zig, env }, [...link, '-o', thrownAway], 'pipe')
  rmSync(thrownAway, { force: true })
  const command = said.split('\n').findLast((line) => /^(?:zig ld|ld\.lld) /.test(line))
  if (command === undefined) throw new Error(`zig does not say how it links:\n${said}`)
  return command.trim().split(' ').slice(1)
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

// Unwind tables, and what functions want to have done while they are unwound.
function discardOf(target) {
  const script = join(ROOT, 'build/zig', target.zig, 'discard.ld')
  const sections = '*(.eh_frame) *(.gcc_except_table .gcc_except_table.*)'
  writeFileSync(script, `SECTIONS { /DISCARD/ : { ${sections} } } INSERT AFTER .text;\n`)
  return script
}

function linker(name) {
  const program = `/usr/bin/${name}-${LLD_VERSION}`
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
