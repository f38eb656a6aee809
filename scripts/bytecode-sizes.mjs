// bytecode-sizes.mjs — prints the row of native/bytecode_sizes.h for the running node: how long each of V8's bytecodes is,
// learned from what `node --print-bytecode` says of a large program. Run it with a Node version that the table lacks:
//   <node> scripts/bytecode-sizes.mjs

import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

const PROGRAMS = [
  [fileURLToPath(new URL('../node_modules/typescript/lib/tsc.js', import.meta.url)), '--noEmit'],
  [fileURLToPath(new URL('bytecode-sizes-program.mjs', import.meta.url))],
]

// `  0x1c3b @    5 : 00 0b 04 01    LdaGlobal.Wide [4], [1]`, the bytes in hexadecimal.
const LINE = /@\s+\d+ : ((?:[0-9a-f]{2} )+)\s*(\w+)/
const WIDE = 0
const EXTRA_WIDE = 1
// Operands that are as long behind a prefix, for those that were not seen behind one (V8's src/interpreter/bytecodes.h: flags
// and numbers of intrinsics).
const FIXED_OPERAND_BYTES = { TestTypeOf: 1, InvokeIntrinsic: 1 }

const sizes = new Map()
const scalableBytes = new Map()
for (const args of PROGRAMS) await read(args)
const [major, minor] = process.versions.v8.split('.')
let row = ''
for (let opcode = 0; opcode < 256; opcode++) row += entryOf(opcode)
console.log(`    {${major}, ${minor},`)
for (let at = 0; at < row.length; at += 64) console.log(`     "${row.slice(at, at + 64)}"`)

async function read(args) {
  const child = spawn(process.execPath, ['--print-bytecode', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  for await (const line of createInterface({ input: child.stdout })) {
    const match = LINE.exec(line)
    if (match === null) continue
    const bytes = match[1]
      .trim()
      .split(' ')
      .map((text) => parseInt(text, 16))
    const isPrefixed = bytes[0] === WIDE || bytes[0] === EXTRA_WIDE
    const opcode = isPrefixed ? bytes[1] : bytes[0]
    if (isPrefixed) scalableBytes.set(opcode, { bytes: bytes.length - 1, factor: bytes[0] === WIDE ? 1 : 3 })
    else sizes.set(opcode, { size: bytes.length, name: match[2] })
  }
}

// Two hexadecimal digits: the length, and how many of the bytes behind the first double behind a Wide prefix. 00: not known.
function entryOf(opcode) {
  const known = sizes.get(opcode)
  if (known === undefined) return '00'
  const prefixed = scalableBytes.get(opcode)
  const scalable =
    prefixed === undefined
      ? known.size - 1 - (FIXED_OPERAND_BYTES[known.name] ?? 0)
      : (prefixed.bytes - known.size) / prefixed.factor
  return known.size.toString(16) + scalable.toString(16)
}
