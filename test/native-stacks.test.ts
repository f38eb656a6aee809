// What JavaScript calls in C++, in machine code of regular expressions, in WebAssembly and in addons has its JavaScript
// caller on the stack, and who reads only JavaScript sees there what was done.

import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import type { Counters } from 'nativeprof'
import { fixture, run, runNode, scratchFolder } from './support/run-program.js'
import { has, hottest, isAtLeast, ofMainThread, ticksInText, ticksOf } from './support/stacks.js'
import type { PlainFrame, PlainStack } from './support/stacks.js'
import { COMPILER } from './support/tools.js'

const CALLER_SHARE = 0.95
/** The rest is the loop itself, the garbage collector, and the ways in and out. */
const WORD_SHARE = 0.85
/** A phase takes 0.7 s at 200 ticks a second, of which the kernel may merge many on a busy machine. */
const MIN_TICKS = 30

interface Phase {
  readonly stacks: readonly PlainStack[]
  /** The view for JavaScript, collapsed. */
  readonly js: string
}

interface Outcome {
  readonly phases: Readonly<Record<string, Phase>>
  readonly counters: Counters
}

interface Expectation {
  readonly phase: string
  readonly caller: string
  /** What is recognised at the leaf, and in how much of the phase. */
  readonly leaf: (leaf: PlainFrame) => boolean
  readonly leafShare: number
  /** The end of the stack in the view for JavaScript. */
  readonly word: RegExp
}

const EXPECTATIONS: readonly Expectation[] = [
  {
    phase: 'hashPasswords',
    caller: 'hashPasswords',
    leaf: ({ kind, name }) => kind === 'native' && /^sha512_/i.test(name),
    leafShare: 0.5,
    word: /;OF_THE_RUNTIME\.hashPasswords [^;]+;pbkdf2Sync node:[^;]+;crypto pbkdf2$/,
  },
  {
    phase: 'compress',
    caller: 'compress',
    leaf: ({ kind, name }) => kind === 'native' && /^(?:Cr_z_)?(?:deflate|longest_match)/.test(name),
    leafShare: 0.5,
    word: /;OF_THE_RUNTIME\.compress [^;]+;(?:\w+ node:zlib:[^;]+;)+zlib$/,
  },
  {
    phase: 'backtrack',
    caller: 'backtrack',
    leaf: ({ kind, name }) => kind === 'runtime' && name === 'RegExp: ^(?:a+)+$',
    leafShare: 0.5,
    word: /;OF_THE_RUNTIME\.backtrack [^;]+;RegExp\.prototype\.test \[v8:builtin\];RegExp(?:: \^\(\?:a\+\)\+\$)?$/,
  },
  {
    phase: 'spinWasm',
    caller: 'spinWasm',
    leaf: ({ kind, name }) => kind === 'wasm' && (name === 'spin' || name === 'mix'),
    leafShare: 0.9,
    word: /;OF_THE_RUNTIME\.spinWasm [^;]+;spin(?:;mix)?$/,
  },
  {
    phase: 'parseJson',
    caller: 'parseJson',
    leaf: ({ kind, name }) => kind === 'native' && /^v8::internal::\w*(?:Json|StringTable|JSData)/.test(name),
    leafShare: 0.4,
    word: /;OF_THE_RUNTIME\.parseJson [^;]+;JSON\.parse$/,
  },
]

function checkPhase(t: Test, { stacks, js }: Phase, { caller, leaf, leafShare, word }: Expectation): void {
  const own = ofMainThread(stacks)
  const called = own.filter((stack) => has(stack, caller))
  const recognised = called.filter(({ frames }) => leaf(frames.at(-1) as PlainFrame))
  const ticks = ticksOf(own)
  const shares = [
    ['have the JavaScript that called', ticksOf(called), CALLER_SHARE],
    ['have at the leaf what was called', ticksOf(recognised), leafShare],
    ['end in the word for it in the view for JavaScript', ticksInText(js, word), WORD_SHARE],
  ] as const
  t.ok(ticks >= MIN_TICKS, `there are ${ticks} ticks`)
  for (const [what, part, share] of shares) {
    const diagnostic = { part, ticks, hottest: hottest(own), js }
    t.ok(isAtLeast(part, ticks, share), `at least ${share} of the ticks ${what}`, diagnostic)
  }
}

function checkCounters(t: Test, { ticks, samples, dropped, notWalkable, walkedByV8 }: Counters): void {
  t.equal(ticks, samples + dropped + notWalkable, 'ticks = samples + dropped + not walkable')
  t.ok(walkedByV8 <= samples / 100, `V8 walked ${walkedByV8} of ${samples}`)
  t.ok(notWalkable <= ticks / 100, `${notWalkable} of ${ticks} were not walkable`)
}

t.test('what the runtime does has its JavaScript caller', async (t) => {
  const { code, stdout, stderr } = await runNode([fixture('native-stacks.mjs')])
  t.equal(code, 0, stderr)
  const { phases, counters } = JSON.parse(stdout) as Outcome
  for (const expectation of EXPECTATIONS) {
    t.test(expectation.phase, async (t) => {
      checkPhase(t, phases[expectation.phase] as Phase, expectation)
    })
  }
  checkCounters(t, counters)
})

const FRAME_POINTERS = [
  ['keeps', '-fno-omit-frame-pointer'],
  ['omits', '-fomit-frame-pointer'],
] as const

t.test('so does what an addon does that somebody else built', { skip: COMPILER.skip }, async (t) => {
  const folder = scratchFolder(t)
  const files: string[] = []
  for (const [name, option] of FRAME_POINTERS)
    files.push(await buildAddon(join(folder, `${name}.node`), option))
  const { code, stdout, stderr } = await runNode([fixture('native-stacks.mjs'), ...files])
  t.equal(code, 0, stderr)
  const { phases, counters } = JSON.parse(stdout) as Outcome
  for (const [index, [phase]] of FRAME_POINTERS.entries()) {
    t.test(`if it ${phase} frame pointers`, async (t) => {
      checkPhase(t, phases[phase] as Phase, {
        phase,
        caller: 'burnInAddon',
        leaf: ({ kind, name, url }) =>
          kind === 'native' && /^burn_addon::MixForLong\b/.test(name) && url === files[index],
        leafShare: 0.9,
        word: new RegExp(`;burnInAddon [^;]+;${phase}\\.node$`),
      })
    })
  }
  checkCounters(t, counters)
})

/** Compiles the addon of the fixtures, its function neither exported nor inlined. */
async function buildAddon(file: string, option: string): Promise<string> {
  const shared =
    process.platform === 'darwin' ? ['-bundle', '-undefined', 'dynamic_lookup'] : ['-shared', '-fPIC']
  const flags = ['-std=c++17', '-O2', '-fvisibility=hidden', option, ...shared]
  const { code, stderr } = await run(COMPILER.path, [...flags, fixture('burn-addon.cc'), '-o', file])
  if (code !== 0) throw new Error(stderr)
  return file
}
