// test-arm64.mjs [--node <major>] [--quick] [test…] — runs integration tests with the programs that they profile on an arm64 Node, in
// qemu's user mode: the stack walk, the handler and the reading of V8's tables on the other architecture. The tests themselves run
// on the same Node of this machine. Needs qemu-user-static, g++-aarch64-linux-gnu (its libraries, too), and for each major
// prebuilds/linux-arm64/, which it builds by `npm run prebuild -- linux-arm64` if it is not there.
// Without --node: every supported Node. Prints a line for each test file, and each test that does not count, with the reason.

import { spawn, spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { fetchNode } from './fetch-nodes.mjs'
import { fetchForeignNode } from './foreign-nodes.mjs'
import { ROOT } from './native-build.mjs'
import { NODE_VERSIONS, nodeVersion } from './node-versions.mjs'
import { TARGETS, prebuildOf } from './targets.mjs'

const EMULATOR = 'qemu-aarch64-static'
const LIBRARIES = '/usr/aarch64-linux-gnu'
/** How many times longer a program takes at most; 14 were measured. */
const SLOWNESS = 20

/** The test files whose programs can run there, the quick ones first. */
const PORTABLE = [
  'existing-code',
  'truth-callers',
  'native-stacks',
  'gc-stacks',
  'truth-inlining',
  'truth-lines',
  'threads',
  'exit',
]

const SHARES = 'shares of CPU time: the emulator translates code while the clock runs'

/** What cannot hold in an emulator: the file, the name of the test or of what it asserts, and why. */
const NOT_THERE = [
  ['gc-stacks', /./, SHARES],
  [
    'existing-code',
    /ticks in code that is gone$|^starting among/,
    'on Node 26 it takes so long there that V8 has thrown away code before anybody asks for it',
  ],
  [
    'truth-inlining',
    /standard errors$|^\{"maglev"|^leaves that were inlined|^the same of Maglev|^without the tables/,
    SHARES,
  ],
  ['truth-lines', /standard error|the share of the ticks/, SHARES],
  [
    'native-stacks',
    /have at the leaf what was called$|^backtrack$|^what the runtime does/,
    "there is too little time for V8 to compile the regular expression: it stays in V8's interpreter of them",
  ],
]

/** Tests, by the beginning of their names, that cannot run there at all, and why. */
const NOT_RUN = [
  ['native-stacks', 'so does what an addon does', "the addon is compiled for this machine's processor"],
  ['exit', 'under run,', 'it starts node by its own path, which the kernel here cannot run'],
]

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { node: { type: 'string' }, quick: { type: 'boolean', default: false } },
})

main().then(
  (isGood) => (process.exitCode = isGood ? 0 : 1),
  (error) => {
    console.error(`test-arm64: ${error.message}`)
    process.exitCode = 1
  },
)

async function main() {
  for (const tool of [EMULATOR, 'aarch64-linux-gnu-g++']) {
    if (spawnSync(tool, ['--version']).error) {
      throw new Error(
        `there is no ${tool} here; on Debian: apt-get install qemu-user-static g++-aarch64-linux-gnu`,
      )
    }
  }
  const versions = options.node === undefined ? NODE_VERSIONS : [nodeVersion(options.node)]
  const files = positionals.length > 0 ? positionals : options.quick ? PORTABLE.slice(0, 1) : PORTABLE
  let isGood = true
  for (const version of versions) {
    const node = emulatedNode(version)
    console.log(`Node ${version.version}, arm64, emulated`)
    for (const file of files) isGood = (await runTest(file, node)) && isGood
  }
  return isGood
}

/** A program that is like that node, a script that has the emulator run it; and the node's version. */
function emulatedNode({ major, abi }) {
  const addon = join(ROOT, 'prebuilds', prebuildOf(TARGETS['linux-arm64'], abi))
  if (!existsSync(addon)) throw new Error(`there is no ${addon}; run npm run prebuild -- linux-arm64`)
  const node = fetchForeignNode('linux', 'arm64', abi)
  const folder = join(ROOT, 'build/arm64')
  mkdirSync(folder, { recursive: true })
  const program = join(folder, `node-${major}`)
  writeFileSync(program, `#!/bin/sh\nexec ${EMULATOR} -L ${LIBRARIES} '${node}' "$@"\n`)
  chmodSync(program, 0o755)
  return { program, major }
}

async function runTest(file, node) {
  const begin = performance.now()
  const left = NOT_RUN.filter(([ofFile]) => ofFile === file)
  for (const [, name, why] of left) console.log(`  not run: ${file}, ${name} … (${why})`)
  const child = spawn(join(fetchNode(node.major), 'bin/node'), [join(ROOT, `build/test/${file}.test.js`)], {
    cwd: ROOT,
    env: {
      ...process.env,
      ...(left.length > 0 && { TAP_GREP: `/^(?!${left.map(([, name]) => name).join('|')})/` }),
      NATIVEPROF_TEST_NODE: node.program,
      NATIVEPROF_TEST_SLOWNESS: String(SLOWNESS),
      TAP_TIMEOUT: '3600',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text) => (output += text))
  await new Promise((done) => child.on('close', done))
  const seconds = ((performance.now() - begin) / 1000).toFixed(0)
  // Only what fails by itself: a test that has others in it fails with them.
  const results = [...output.matchAll(/^\s*(not )?ok \d+ - (.*?)(?: # (?:time|TODO).*)?(?: \{)?$/gm)].filter(
    ([line]) => !line.includes(' # SKIP'),
  )
  const failures = results.filter(([, not]) => not !== undefined).map(([, , name]) => name)
  const excused = failures.filter((name) => reasonFor(file, name) !== null)
  const wrong = failures.filter((name) => reasonFor(file, name) === null)
  const isGood = wrong.length === 0 && results.length > 0
  console.log(
    `  ${isGood ? 'ok' : 'not ok'} ${file}: ${results.length - failures.length} of ${results.length} hold, ${seconds} s`,
  )
  for (const name of excused) console.log(`    does not count: ${name} (${reasonFor(file, name)})`)
  for (const name of wrong) console.log(`    fails: ${name}`)
  if (!isGood && process.env.NATIVEPROF_VERBOSE === '1') console.log(output)
  return isGood
}

function reasonFor(file, name) {
  return NOT_THERE.find(([ofFile, pattern]) => ofFile === file && pattern.test(name))?.[2] ?? null
}
