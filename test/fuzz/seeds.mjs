// seeds.mjs — what the fuzzers begin with: small inputs that are as they should be, from which they go astray.

import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const SOURCE = `
struct Thrown { int value; };
int __attribute__((noinline)) thrower(int n) { if (n > 3) throw Thrown{n}; return n * 2; }
extern "C" int exported(int n) { int many[64]; for (int i = 0; i < 64; i++) many[i] = n + i;
  try { return thrower(many[n & 63]); } catch (Thrown& thrown) { return thrown.value; } }
static int hidden(int n) { return n ^ 7; }
int weak_one(int n) __attribute__((weak));
int weak_one(int n) { return hidden(n) + exported(n); }
`

/** By target: the inputs. `scratch`: a folder for what it takes to make them. */
export function seedsOf(target, compiler, scratch) {
  switch (target) {
    case 'elf_symbols':
      return [Buffer.concat([Buffer.from([16]), library(compiler, scratch)])]
    case 'eh_frame':
      return unwindTables(library(compiler, scratch))
    case 'position_table':
      return [Buffer.from([0, 2, 0x90, 0x03, 11, 3]), Buffer.from([1, 5, 0x90, 0x03, 0xb3, 0x09, 3])]
    case 'ring_buffer':
      return [Buffer.from([0, 4, 1, 1, 2, 3, 60, 60, 60, 60, 60, 60, 60, 2, 1, 1, 1, 1, 2, 3])]
    case 'code_tables':
      return [0, 1, 2, 3].map((kind) => heap(kind))
    default:
      return []
  }
}

function library(compiler, scratch) {
  mkdirSync(scratch, { recursive: true })
  const source = join(scratch, 'seed.cc')
  const file = join(scratch, 'seed.so')
  writeFileSync(source, SOURCE)
  const flags = ['-shared', '-fPIC', '-Os', '-fomit-frame-pointer', '-nostdlib', '-Wl,-z,noseparate-code']
  execFileSync(compiler, [...flags, '-Wl,--unresolved-symbols=ignore-all', source, '-o', file])
  const bytes = readFileSync(file)
  rmSync(file)
  return bytes
}

/** As eh_frame_fuzz.cc takes them: where to look, the distance between the two, and both. */
function unwindTables(elf) {
  const headersAt = Number(elf.readBigUInt64LE(40))
  const sections = Array.from({ length: elf.readUInt16LE(60) }, (_, i) => {
    const at = headersAt + i * 64
    const word = (offset) => Number(elf.readBigUInt64LE(at + offset))
    return { name: elf.readUInt32LE(at), address: word(16), offset: word(24), size: word(32) }
  })
  const names = sections[elf.readUInt16LE(62)]
  const find = (wanted) =>
    sections.find(({ name }) => {
      const start = names.offset + name
      return elf.toString('latin1', start, elf.indexOf(0, start)) === wanted
    })
  const [header, frames] = [find('.eh_frame_hdr'), find('.eh_frame')]
  const bytesOf = ({ offset, size }) => elf.subarray(offset, offset + size)
  const count = (header.size - 12) / 8
  return Array.from({ length: count }, (_, i) => {
    const start = elf.readInt32LE(header.offset + 12 + i * 8)
    const fixed = Buffer.alloc(5)
    fixed.writeUInt16LE(Math.abs(start) & 0xffff, 0)
    fixed.writeUInt16LE((frames.address - header.address - header.size) & 0xff, 2)
    fixed.writeUInt8(header.size, 4)
    return Buffer.concat([fixed, bytesOf(header), bytesOf(frames)])
  })
}

/** A heap of V8's with the code of one function, with the numbers of code_tables_fuzz.cc. `kind`: CodeKind. */
function heap(kind) {
  const words = new Map()
  const set = (at, word) => words.set(at, BigInt.asUintN(64, word))
  const tagged = (at) => (0x50n << 56n) | BigInt(at)
  const plain = (at) => (0x51n << 56n) | BigInt(at)
  const smi = (number) => BigInt(number) << 32n
  let free = 0x400
  const maps = new Map()
  const object = (type, bytes) => {
    if (!maps.has(type)) {
      const map = 0x10 + maps.size * 16
      maps.set(type, map)
      set(map + 8, BigInt(type) << 32n)
    }
    const at = free
    free += Math.ceil(bytes / 64) * 64
    set(at, tagged(maps.get(type)))
    return at
  }
  const bytesOf = (type, bytes) => {
    const at = object(type, 16 + bytes.length)
    set(at + 8, smi(bytes.length))
    const padded = Buffer.concat([Buffer.from(bytes), Buffer.alloc(8)])
    for (let i = 0; i < bytes.length; i += 8) set(at + 16 + i, padded.readBigUInt64LE(i))
    return at
  }
  const ends = object(205, 64)
  set(ends + 8, smi(3))
  for (const [i, end] of [10, 25, 60].entries()) set(ends + 16 + i * 8, smi(end))
  const script = object(167, 128)
  set(script + 56, tagged(ends))
  set(script + 64, smi(5))
  const fn = object(282, 128)
  set(fn + 40, tagged(script))
  set(fn + 56, 3n << 32n)
  const positions = bytesOf(196, [2, 8, 6, 20, 8, 4])
  const bytecode = object(186, 128)
  set(bytecode + 8, smi(4))
  set(bytecode + 24, tagged(positions))
  set(bytecode + 64, 0xaf0b0b0bn)
  const isBaseline = kind === 1
  const literals = object(199, 64)
  set(literals + 8, smi(1))
  set(literals + 16, tagged(fn))
  const wrapper = object(195, 64)
  set(wrapper + 8, tagged(fn))
  const inlined = bytesOf(196, [...Buffer.from(new BigUint64Array([22n, 0n]).buffer)])
  const deopt = object(193, 128)
  set(deopt + 24, smi(1))
  set(deopt + 40, tagged(literals))
  set(deopt + 72, tagged(wrapper))
  set(deopt + 80, tagged(inlined))
  const code = object(187, 64)
  const stream = object(192, 256)
  set(stream + 8, tagged(code))
  set(code + 8, tagged(isBaseline ? bytecode : deopt))
  set(code + 16, tagged(isBaseline ? bytesOf(196, [8, 4, 4, 4, 4]) : positions))
  set(code + 32, tagged(stream))
  set(code + 40, plain(stream + 32))
  set(code + 48, BigInt(9 + kind) << 32n)
  set(code + 56, 100n)
  const fixed = Buffer.alloc(8)
  fixed.writeUInt8(kind, 0)
  fixed.writeUInt16LE(kind === 0 ? bytecode + 64 : stream + 32, 1)
  fixed.writeUInt16LE(kind === 0 ? 4 : 100, 3)
  fixed.writeUInt16LE(fn, 5)
  fixed.writeUInt8(5, 7)
  const image = Buffer.alloc(free)
  for (const [at, word] of words) image.writeBigUInt64LE(word, at)
  return Buffer.concat([fixed, image])
}
