// A V8 that lays out its frames unlike any that is known: a copy of this node in which one of the numbers that it exports
// for debuggers is another one. Its stacks are left to V8, and the profile says why.

import { execFileSync } from 'node:child_process'
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { ROOT, run, scratchFolder } from './support/run-program.js'
import { READELF } from './support/tools.js'

const SYMBOL = 'v8dbg_off_fp_bytecode_offset'

const PROGRAM = `
  import { startSampler, toCollapsed } from 'nativeprof'
  const sampler = startSampler({ hz: 200 })
  function leaf() { let sum = 0; for (let i = 0; i < 1e5; i++) sum += Math.sqrt(i); return sum }
  function middle() { return leaf() + 1 }
  const end = performance.now() + 1000
  while (performance.now() < end) middle()
  const { counters, notes, ...rest } = sampler.stop()
  console.log(JSON.stringify({ counters, notes, stacks: toCollapsed({ counters, notes, ...rest }) }))`

/** Where in the file the symbol's value is. */
function fileOffsetOf(file: string): number {
  const symbols = execFileSync(READELF.path, ['--dyn-syms', '-W', file], {
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  })
  const line = symbols.split('\n').find((text) => text.trim().endsWith(` ${SYMBOL}`))
  const address = parseInt(line?.trim().split(/\s+/)[1] ?? '', 16)
  const segments = execFileSync(READELF.path, ['-lW', file], { encoding: 'utf8' })
  for (const [, offset, start, size] of segments.matchAll(
    /LOAD +0x([0-9a-f]+) 0x([0-9a-f]+) 0x[0-9a-f]+ 0x([0-9a-f]+)/g,
  )) {
    const inSegment = address - parseInt(start ?? '', 16)
    if (inSegment >= 0 && inSegment < parseInt(size ?? '', 16)) return parseInt(offset ?? '', 16) + inSegment
  }
  throw new Error(`${SYMBOL} is in no segment of ${file}`)
}

t.test('an unknown layout is recorded, and JavaScript is still right', { skip: READELF.skip }, async (t) => {
  const node = join(scratchFolder(t), 'node')
  copyFileSync(process.execPath, node)
  const bytes = readFileSync(node)
  const offset = fileOffsetOf(process.execPath)
  t.equal(bytes.readInt32LE(offset), -40, 'the number that is known')
  bytes.writeInt32LE(-48, offset)
  writeFileSync(node, bytes)

  for (const [program, isKnown] of [
    [process.execPath, true],
    [node, false],
  ] as const) {
    const { stdout, stderr, code } = await run(program, ['--input-type=module', '-e', PROGRAM], { cwd: ROOT })
    t.equal(code, 0, stderr)
    const { counters, notes, stacks } = JSON.parse(stdout) as {
      counters: { samples: number; walkedByV8: number; notWalkable: number }
      notes: string[]
      stacks: string
    }
    t.equal(
      notes.some((note) => note.includes(`(${SYMBOL})`)),
      !isKnown,
      notes.join('\n'),
    )
    t.ok(
      isKnown ? counters.walkedByV8 <= counters.samples * 0.02 : counters.walkedByV8 > counters.samples * 0.9,
    )
    const lines = stacks.trim().split('\n')
    const ticksOf = (pattern: RegExp): number =>
      lines.reduce((sum, line) => sum + (pattern.test(line) ? Number(/ (\d+)$/.exec(line)?.[1]) : 0), 0)
    const inMiddle = ticksOf(/;middle /)
    t.ok(inMiddle > counters.samples * 0.8, `${inMiddle} of ${counters.samples} samples under middle()`)
    t.equal(ticksOf(/;leaf /), ticksOf(/;middle [^;]*;leaf /), 'leaf() is nowhere else')
  }
})
