// Names of native code, compared with what nm from binutils reads in the file of the running node.

import { execFileSync } from 'node:child_process'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { type Binding, openBinding } from '#lib/binding.js'
import { ROOT } from './support/run-program.js'

const folder = join(ROOT, 'prebuilds', `${process.platform}-${process.arch}`)
const [own = ''] = readdirSync(folder).filter((name) => name.includes(`.abi${process.versions.modules}.`))
const binding: Binding = openBinding(join(folder, own))

/** Address in the file → the names there, demangled; null if there is no nm here, or the file is stripped. */
function readNames(file: string): ReadonlyMap<number, string[]> | null {
  const names = new Map<number, string[]>()
  let listing: string
  try {
    const options = { encoding: 'utf8' as const, maxBuffer: 2 ** 28 }
    listing = execFileSync('nm', ['-C', '-S', '--defined-only', file], options)
  } catch {
    return null
  }
  for (const [, address = '', name = ''] of listing.matchAll(/^([0-9a-f]+) [0-9a-f]+ [tTW] (.*)$/gm)) {
    const at = parseInt(address, 16)
    if (!name.startsWith('_Z')) names.set(at, [...(names.get(at) ?? []), name]) // else nm cannot read it
  }
  return names.size > 0 ? names : null
}

/** Where the program was loaded, minus where its file says. */
function readBias(file: string): number {
  const header = readFileSync(file).subarray(0, 64)
  const isFixed = header.readUInt16LE(16) === 2 // ET_EXEC
  const mapping = readFileSync('/proc/self/maps', 'utf8')
    .split('\n')
    .find((line) => line.endsWith(file))
  return isFixed || mapping === undefined ? 0 : parseInt(mapping, 16)
}

function wordsOf(name: string): string[] {
  return name.match(/[\w~]+/g) ?? []
}

function haveInOrder(words: readonly string[], wanted: readonly string[]): boolean {
  let next = 0
  for (const word of words) if (word === wanted[next]) next++
  return wanted.length > 0 && next === wanted.length
}

const names = process.platform === 'linux' ? readNames(process.execPath) : null

t.test(
  'functions of node have the names that nm gives them, everywhere in the file',
  { skip: names === null ? 'no nm, or no symbols in this node' : false },
  (t) => {
    const known = [...(names ?? [])].filter((_, i) => i % 97 === 0)
    const bias = readBias(process.execPath)
    const found = binding.nativeSymbols(Float64Array.from(known, ([address]) => address + bias))
    t.equal(found.length, 2 * known.length)
    const wrong = known.filter(([, wanted], i) => {
      const name = found[2 * i + 1] ?? ''
      // nm reads newer manglings than the C++ runtime does, which are few (checked below); and `<T as Trait>::method` begins with brackets.
      if (/^(_R|_Z|<)/.test(name)) return false
      // Up to the template arguments, which may be shortened; parameters are in between.
      const [beginning = ''] = name.split('<')
      return !wanted.some((each) => haveInOrder(wordsOf(each), wordsOf(beginning)))
    })
    t.ok(known.length > 500, `${known.length} functions`)
    const mangled = found.filter((name) => /^_[RZ]/.test(name)).length
    t.ok(mangled < 0.03 * known.length, `${mangled} names cannot be read`)
    t.equal(wrong.length, 0, JSON.stringify(wrong.slice(0, 5).map(([address]) => address.toString(16))))
    t.equal(binding.mainProgramIsStripped(), false)
    t.ok(
      found.every((text, i) =>
        i % 2 === 0 ? text === process.execPath : text !== '' && !text.includes('\n'),
      ),
    )
    t.end()
  },
)

t.test('an address outside of every module is its own name', (t) => {
  t.same(binding.nativeSymbols(Float64Array.of(1, 0xfff)), ['', '0x1', '', '0xfff'])
  t.same(binding.nativeSymbols(new Float64Array()), [])
  t.end()
})
