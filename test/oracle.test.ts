// V8's own functions for the inlined functions and for the source position of an address, which it does not export, asked for every
// entry of every table that is read, while code is made, moved, flushed, deoptimized and dropped. Needs the addon that does
// so, and a node with its symbol table.

import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { ROOT, fixture, runNode, scratchFolder } from './support/run-program.js'
import { READELF } from './support/tools.js'

interface Answer {
  readonly optimized: number
  readonly bytecode: number
  readonly stacks: number
  readonly inlinedStacks: number
  readonly places: number
  readonly mismatches: number
}

// By their names for the linker; the first is that of Node 20.
const FUNCTIONS = [
  /^_ZNK2v88internal14SourcePosition13InliningStackEPNS0_7IsolateENS0_(?:4CodeE|6TaggedINS0_4CodeEEE)$/,
  /^_ZN2v88internal12AbstractCode14SourcePositionE(?:NS0_16PtrComprCageBaseE|PNS0_7IsolateE)i$/,
  /^v8dbg_SmiShiftSize$/,
]

// Set by scripts/test-arm64.mjs: where the addon is that compares, and the file of the node that loads it.
const COMPARING = process.env['NATIVEPROF_TEST_COMPARING']
const SYMBOLS = process.env['NATIVEPROF_TEST_SYMBOLS'] ?? process.execPath

/** Where V8's functions are, as native/heap/oracle.cc wants it; null if this node does not say. */
function findFunctions(): string | null {
  const symbols = execFileSync(READELF.path, ['-sW', SYMBOLS], {
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  })
  const found = FUNCTIONS.map(() => '')
  for (const [, address = '', name = ''] of symbols.matchAll(/^ *\d+: ([0-9a-f]+) .* (\S+)$/gm)) {
    const index = FUNCTIONS.findIndex((pattern) => pattern.test(name))
    if (index >= 0) found[index] = address
  }
  return found.includes('') ? null : found.join(':')
}

// More is better, and 15 make more than 100,000.
const SECONDS = process.env['NATIVEPROF_ORACLE_SECONDS'] ?? '5'

const WITH_STRESS = [
  '--stress-compaction',
  '--gc-interval=50000',
  '--stress-flush-code',
  '--always-sparkplug',
  '--deopt-every-n-times=1000',
  '--maglev',
]

t.test('no entry of a table is another one than V8 has', { skip: READELF.skip }, async (t) => {
  const where = findFunctions()
  if (where === null) {
    t.pass('the comparison', { skip: 'this node has no symbol table' })
    return
  }
  if (COMPARING === undefined) {
    const { code, stderr } = await runNode([join(ROOT, 'scripts/build-native.mjs'), '--compare-walks'])
    t.equal(code, 0, stderr)
  }
  for (const [how, flags, fewestStacks] of [
    ['plainly', [], 20_000],
    ['under stress', WITH_STRESS, 3_000],
  ] as const) {
    const file = join(scratchFolder(t), 'answer.json')
    const ending = await runNode(['--allow-natives-syntax', ...flags, fixture('oracle.mjs'), SECONDS], {
      env: {
        NATIVEPROF_PREBUILD: COMPARING ?? join(ROOT, `build/compare-abi-${process.versions.modules}`),
        NATIVEPROF_ORACLE: where,
        NATIVEPROF_ORACLE_FILE: file,
      },
    })
    t.equal(ending.code, 0, `${how}: ${ending.stderr}`)
    const answer = JSON.parse(readFileSync(file, 'utf8')) as Answer
    t.comment(how, ending.stdout.trim(), JSON.stringify(answer))
    t.equal(answer.mismatches, 0, how)
    t.ok(answer.stacks >= fewestStacks, `${how}: ${answer.stacks} stacks`)
    t.ok(answer.inlinedStacks >= answer.stacks / 4, `${how}: ${answer.inlinedStacks} of inlined functions`)
    t.ok(answer.places >= fewestStacks / 4, `${how}: ${answer.places} places`)
    const { notes } = JSON.parse(ending.stdout) as { notes: string[] }
    t.notOk(
      notes.some((note) => note.includes('inlined')),
      notes.join('\n'),
    )
  }
})
