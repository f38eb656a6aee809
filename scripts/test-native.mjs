// test-native.mjs [--sanitize thread|address|undefined] [--headers <folder>] [--only <test>] [--bail] — compiles
// test/native/*_test.cc, runs them and prints their results in the Test Anything Protocol, a subtest per file.
// `--headers`: a folder whose headers are used before those of native/; so tests can be tried on a broken one.
// A test that needs more than headers says which sources of native/ it is compiled with, in a line `// With: a.cc b.cc`.
// Programs go to build/test-native/, or into the folder with the headers. No addon and no Node headers are needed.

import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { ROOT } from './native-build.mjs'

const TESTS = join(ROOT, 'test/native')
const COMPILER = process.env.CXX ?? 'g++'
const WARNINGS = ['-Wall', '-Wextra', '-Werror']
const DEADLINE_MILLIS = 150_000

// Both standards that the sources must compile as get their turn.
const FLAGS = {
  none: ['-std=c++17', '-O2'],
  thread: ['-std=c++20', '-O1', '-g', '-fsanitize=thread', '-DNATIVEPROF_SANITIZED'],
  address: ['-std=c++20', '-O1', '-g', '-fsanitize=address', '-DNATIVEPROF_SANITIZED'],
  undefined: [
    '-std=c++17',
    '-O1',
    '-g',
    '-fsanitize=undefined',
    '-fno-sanitize-recover=all',
    '-DNATIVEPROF_SANITIZED',
  ],
}

const { values: options } = parseArgs({
  options: {
    sanitize: { type: 'string', default: 'none' },
    headers: { type: 'string' },
    only: { type: 'string' },
    bail: { type: 'boolean', default: false },
  },
})
if (FLAGS[options.sanitize] === undefined) {
  console.error(`test-native: --sanitize takes thread, address or undefined, not '${options.sanitize}'`)
  process.exit(2)
}

const missing = whatIsMissing()
if (missing !== null) {
  console.log(`1..0 # SKIP ${missing}`)
  if (process.env.NATIVEPROF_REQUIRE_TOOLS === '1') {
    console.error(`test-native: ${missing}`)
    process.exitCode = 1
  }
} else {
  const sources = readdirSync(TESTS).filter((name) => name.endsWith('_test.cc') && isWanted(name))
  const builds = sources.map((source) => build(source))
  console.log(`TAP version 14\n1..${sources.length}`)
  for (const [i, source] of sources.entries()) {
    const name = basename(source, '.cc')
    console.log(`# Subtest: ${name}`)
    const program = await builds[i]
    const problem = program === null ? 'does not compile' : await run(program)
    console.log(problem === null ? `ok ${i + 1} - ${name}` : `not ok ${i + 1} - ${name}: ${problem}`)
    if (problem !== null) process.exitCode = 1
    if (problem !== null && options.bail) break
  }
}

function isWanted(name) {
  return options.only === undefined || name === `${options.only}.cc`
}

/** Tries what the tests need: a compiler, and the runtime library of the sanitizer. */
function whatIsMissing() {
  const args = [...FLAGS[options.sanitize], '-pthread', '-x', 'c++', '-', '-o', '/dev/null']
  const { error, status } = spawnSync(COMPILER, args, {
    input: 'int main() {}',
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  if (error) return `there is no ${COMPILER} here`
  if (status !== 0) return `${COMPILER} cannot build with ${FLAGS[options.sanitize].join(' ')} here`
  return null
}

/** Returns the program, or null if the compiler found something wrong, and said what. */
async function build(source) {
  const folder = options.headers ?? join(ROOT, 'build/test-native', options.sanitize)
  mkdirSync(folder, { recursive: true })
  const program = join(folder, basename(source, '.cc'))
  const includes = [...(options.headers ? [`-I${options.headers}`] : []), `-I${join(ROOT, 'native')}`]
  const flags = [...FLAGS[options.sanitize], ...WARNINGS, '-pthread', ...includes]
  const inputs = [join(TESTS, source), ...sourcesFor(join(TESTS, source))]
  const child = spawn(COMPILER, [...flags, ...inputs, '-o', program, '-ldl'], {
    stdio: ['ignore', 2, 2],
  })
  const code = await new Promise((done) => child.on('close', done))
  return code === 0 ? program : null
}

function sourcesFor(test) {
  const [, names = ''] = /^\/\/ With: (.+)$/m.exec(readFileSync(test, 'utf8')) ?? []
  const folders = [...(options.headers ? [options.headers] : []), join(ROOT, 'native')]
  return names
    .split(' ')
    .filter((name) => name !== '')
    .map((name) => folders.map((folder) => join(folder, name)).find((file) => existsSync(file)) ?? name)
}

/** Prints what a test program prints, as a subtest. Returns what went wrong, or null. */
async function run(program) {
  const child = spawn(program, options.bail ? ['--bail'] : [], { stdio: ['ignore', 'pipe', 2] })
  let isLate = false
  const deadline = setTimeout(() => {
    isLate = true
    child.kill('SIGKILL')
  }, DEADLINE_MILLIS)
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text) => {
    const lines = (output + text).split('\n')
    output = lines.pop()
    for (const line of lines) if (!line.startsWith('TAP version')) console.log(`    ${line}`)
  })
  const [code, signal] = await new Promise((done) => child.on('close', (...ending) => done(ending)))
  clearTimeout(deadline)
  if (isLate) return `did not end in ${DEADLINE_MILLIS / 1000} s`
  return code === 0 ? null : `ended with ${signal ?? `exit code ${code}`}`
}
