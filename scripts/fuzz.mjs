// fuzz.mjs <target> [--seconds N] — feeds made-up input to a reader of bytes that we did not write, guided by which code
// an input reaches (libFuzzer), under AddressSanitizer and UndefinedBehaviorSanitizer. `all`: one target after the other.
// Targets are test/fuzz/<target>_fuzz.cc; what they found stays in build/fuzz/<target>/, and is where the next run goes on.
// Needs clang with its runtime library (Debian: clang-14, libclang-rt-14-dev). Ends with 1 if something was found.

import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { seedsOf } from '../test/fuzz/seeds.mjs'
import { ROOT } from './native-build.mjs'

const TARGETS = join(ROOT, 'test/fuzz')
const FLAGS = [
  '-std=c++20',
  '-O1',
  '-g',
  '-fno-omit-frame-pointer',
  '-Wall',
  '-Wextra',
  '-DNATIVEPROF_SANITIZED',
]
const SANITIZERS = '-fsanitize=fuzzer,address,undefined'

const targets = readdirSync(TARGETS)
  .flatMap((name) => /^(\w+)_fuzz\.cc$/.exec(name)?.[1] ?? [])
  .sort()
const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { seconds: { type: 'string', default: '60' } },
})
const seconds = Number(options.seconds)
const [wanted = ''] = positionals
if (!(seconds > 0) || (wanted !== 'all' && !targets.includes(wanted))) {
  console.error(`usage: fuzz.mjs <target> [--seconds N]; targets: all ${targets.join(' ')}`)
  process.exit(2)
}

const compiler = process.env.CLANGXX ?? ['clang++-14', 'clang++'].find(canFuzz)
if (compiler === undefined) {
  console.error('fuzz: there is no clang with a fuzzer here (Debian: clang-14 libclang-rt-14-dev)')
  process.exit(2)
}
for (const target of wanted === 'all' ? targets : [wanted]) {
  if (!fuzz(target)) process.exitCode = 1
}

function canFuzz(name) {
  const input = 'extern "C" int LLVMFuzzerTestOneInput(const unsigned char*, unsigned long) { return 0; }'
  const args = ['-fsanitize=fuzzer', '-x', 'c++', '-', '-o', '/dev/null']
  return spawnSync(name, args, { input, stdio: ['pipe', 'ignore', 'ignore'] }).status === 0
}

/** Whether nothing was found. */
function fuzz(target) {
  const folder = join(ROOT, 'build/fuzz', target)
  const corpus = join(folder, 'corpus')
  mkdirSync(corpus, { recursive: true })
  const program = build(target, folder)
  for (const [i, seed] of seedsOf(target, compiler, folder).entries()) {
    writeFileSync(join(corpus, `seed-${i}`), seed)
  }
  const limits = [`-max_total_time=${seconds}`, '-timeout=10', '-rss_limit_mb=2048', '-max_len=16384']
  const args = [...limits, '-print_final_stats=1', `-artifact_prefix=${folder}/`, corpus]
  const { status, stderr } = spawnSync(program, args, {
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
    env: { ...process.env, UBSAN_OPTIONS: 'halt_on_error=1:print_stacktrace=1' },
  })
  const runs = /stat::number_of_executed_units: (\d+)/.exec(stderr)?.[1] ?? '?'
  const covered = [...stderr.matchAll(/cov: (\d+)/g)].at(-1)?.[1] ?? '?'
  const inputs = readdirSync(corpus).length
  if (status !== 0) console.error(stderr.slice(-6000))
  const outcome = status === 0 ? 'nothing found' : `FOUND SOMETHING, see ${folder}`
  console.log(`${target}: ${runs} inputs in ${seconds} s, ${covered} edges, corpus of ${inputs}: ${outcome}`)
  return status === 0
}

function build(target, folder) {
  const source = join(TARGETS, `${target}_fuzz.cc`)
  const text = readFileSync(source, 'utf8')
  const [, names = ''] = /^\/\/ With: (.+)$/m.exec(text) ?? []
  const others = names.split(' ').flatMap((name) => (name === '' ? [] : join(ROOT, 'native', name)))
  const includes = [
    `-I${join(ROOT, 'native')}`,
    ...(/^\/\/ Node$/m.test(text) ? ['-isystem', nodeHeaders()] : []),
  ]
  const program = join(folder, 'fuzz')
  const args = [
    ...FLAGS,
    SANITIZERS,
    '-fno-sanitize-recover=all',
    ...includes,
    source,
    ...others,
    '-o',
    program,
  ]
  const { status } = spawnSync(compiler, args, { stdio: ['ignore', 2, 2] })
  if (status !== 0) throw new Error(`fuzz: ${source} does not compile`)
  return program
}

function nodeHeaders() {
  const folder = join(dirname(dirname(process.execPath)), 'include/node')
  if (!existsSync(folder)) throw new Error(`fuzz: there are no headers of Node in ${folder}`)
  return folder
}
