// mach-o.mjs — reads what a 64-bit Mach-O file, or one architecture of a universal one, says of itself: what it needs of others, what
// it offers, and whether its signature fits its bytes. (<mach-o/loader.h>, <mach-o/nlist.h>; code signing: xnu's
// osfmk/kern/cs_blobs.h.)

import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'

const MAGIC_64 = 0xfeedfacf
const MAGIC_FAT = 0xcafebabe
const CPU_TYPES = { x64: 0x01000007, arm64: 0x0100000c }
const LC_SYMTAB = 0x2
const LC_CODE_SIGNATURE = 0x1d
const LC_BUILD_VERSION = 0x32
const LC_VERSION_MIN_MACOSX = 0x24
const LIBRARY_COMMANDS = new Set([0xc, 0x80000018, 0x8000001f, 0x80000023]) // load, weak, reexport, upward
const LC_RPATH = 0x8000001c

/** Reads the part of a file that is for this architecture. Throws if there is none. */
export function readMachO(file, arch) {
  const bytes = partFor(readFileSync(file), arch)
  if (bytes.readUInt32LE(0) !== MAGIC_64) throw new Error(`${file} is no 64-bit Mach-O file`)
  if (bytes.readUInt32LE(4) !== CPU_TYPES[arch]) throw new Error(`${file} is not for ${arch}`)
  const found = {
    fileType: bytes.readUInt32LE(12),
    libraries: [],
    rpaths: [],
    symbols: [],
    minimumOs: null,
    signature: null,
  }
  let at = 32
  for (let i = bytes.readUInt32LE(16); i > 0; i--) {
    const command = bytes.readUInt32LE(at)
    if (LIBRARY_COMMANDS.has(command)) found.libraries.push(textAt(bytes, at + bytes.readUInt32LE(at + 8)))
    if (command === LC_RPATH) found.rpaths.push(textAt(bytes, at + bytes.readUInt32LE(at + 8)))
    if (command === LC_BUILD_VERSION) found.minimumOs = versionOf(bytes.readUInt32LE(at + 12))
    if (command === LC_VERSION_MIN_MACOSX) found.minimumOs = versionOf(bytes.readUInt32LE(at + 8))
    if (command === LC_SYMTAB) found.symbols = readSymbols(bytes, at)
    if (command === LC_CODE_SIGNATURE) found.signature = checkSignature(bytes, bytes.readUInt32LE(at + 8))
    at += bytes.readUInt32LE(at + 4)
  }
  return found
}

function partFor(bytes, arch) {
  if (bytes.readUInt32BE(0) !== MAGIC_FAT) return bytes
  for (let i = 0; i < bytes.readUInt32BE(4); i++) {
    const at = 8 + i * 20
    if (bytes.readUInt32BE(at) !== CPU_TYPES[arch]) continue
    const offset = bytes.readUInt32BE(at + 8)
    return bytes.subarray(offset, offset + bytes.readUInt32BE(at + 12))
  }
  throw new Error(`there is nothing for ${arch} in it`)
}

/** `library`: 1 is the first of `libraries`; 'any' is looked up everywhere, in node too. */
function readSymbols(bytes, at) {
  const [offset, count, strings] = [8, 12, 16].map((field) => bytes.readUInt32LE(at + field))
  const symbols = []
  for (let i = 0; i < count; i++) {
    const entry = offset + i * 16
    const type = bytes[entry + 4]
    const isDebug = (type & 0xe0) !== 0
    const isExternal = (type & 0x01) !== 0 && (type & 0x10) === 0
    if (isDebug || !isExternal) continue
    const library = bytes.readUInt16LE(entry + 6) >> 8
    symbols.push({
      name: textAt(bytes, strings + bytes.readUInt32LE(entry)),
      isDefined: (type & 0x0e) !== 0,
      library: library === 0xfe ? 'any' : library,
    })
  }
  return symbols
}

// What the kernel does when a page is touched: it compares the page's hash with the one in the code directory.
function checkSignature(bytes, offset) {
  for (let i = 0; i < bytes.readUInt32BE(offset + 8); i++) {
    if (bytes.readUInt32BE(offset + 12 + i * 8) !== 0) continue
    const directory = offset + bytes.readUInt32BE(offset + 16 + i * 8)
    const flags = bytes.readUInt32BE(directory + 12)
    const hashes = directory + bytes.readUInt32BE(directory + 16)
    const pages = bytes.readUInt32BE(directory + 28)
    const limit = bytes.readUInt32BE(directory + 32)
    const [hashBytes, hashType] = [bytes[directory + 36], bytes[directory + 37]]
    const pageBytes = 2 ** bytes[directory + 39]
    if (hashType !== 2 || hashBytes !== 32) return { isValid: false, reason: 'its hashes are not SHA-256' }
    if (limit !== offset) return { isValid: false, reason: 'it does not cover all up to the signature' }
    if (pages !== Math.ceil(limit / pageBytes)) return { isValid: false, reason: 'it lacks pages' }
    for (let page = 0; page < pages; page++) {
      const content = bytes.subarray(page * pageBytes, Math.min(limit, (page + 1) * pageBytes))
      const hash = createHash('sha256').update(content).digest()
      const kept = bytes.subarray(hashes + page * 32, hashes + page * 32 + 32)
      if (!hash.equals(kept)) return { isValid: false, reason: `page ${page} is not what was signed` }
    }
    return { isValid: true, isAdHoc: (flags & 0x2) !== 0, pages }
  }
  return { isValid: false, reason: 'it has no code directory' }
}

function versionOf(word) {
  return { major: word >>> 16, minor: (word >> 8) & 0xff }
}

function textAt(bytes, offset) {
  return bytes.toString('utf8', offset, bytes.indexOf(0, offset))
}
