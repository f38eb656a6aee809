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
import { ROOT, buildFolder, headersOf, nodeGyp } from './native-build.mjs'
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
  'oracle',
  'threads',
  'exit',
]

const TOOLS = 'aarch64-linux-gnu-'
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
    'truth-lines',
    /are at other lines, or under other calls$/,
    "the emulator stops only where a basic block begins, and TurboFan's tables count its first moves to the block before",
  ],
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
  for (const tool of [EMULATOR, `${TOOLS}g++`]) {
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

/** A program that is like that node, a script that has the emulator run it; the node itself, and its version. */
function emulatedNode(version) {
  const { major, abi } = version
  const addon = join(ROOT, 'prebuilds', prebuildOf(TARGETS['linux-arm64'], abi))
  if (!existsSync(addon)) throw new Error(`there is no ${addon}; run npm run prebuild -- linux-arm64`)
  const node = fetchForeignNode('linux', 'arm64', abi)
  const folder = join(ROOT, 'build/arm64')
  mkdirSync(folder, { recursive: true })
  const program = join(folder, `node-${major}`)
  writeFileSync(program, `#!/bin/sh\nexec ${EMULATOR} -L ${LIBRARIES} '${node}' "$@"\n`)
  chmodSync(program, 0o755)
  return { program, node, version }
}

/** Builds the addon that compares what it reads with V8's own answer; returns what NATIVEPROF_PREBUILD says for it. */
function buildComparing(version) {
  const folder = buildFolder(version.abi, 'compare-linux-arm64-')
  const before = { ...process.env }
  Object.assign(process.env, { CC: `${TOOLS}gcc`, CXX: `${TOOLS}g++`, AR: `${TOOLS}ar`, LINK: `${TOOLS}g++` })
  try {
    const nodedir = headersOf(version)
    const flags = ['--release', '--arch=arm64']
    nodeGyp(folder, ['configure', ...flags, '--', '-Gauto_regeneration=0', '-Dcompare_walks=1'], nodedir)
    nodeGyp(folder, ['build', ...flags], nodedir)
  } finally {
    for (const name of ['CC', 'CXX', 'AR', 'LINK']) {
      if (before[name] === undefined) delete process.env[name]
      else process.env[name] = before[name]
    }
  }
  return folder
}

async function runTest(file, { program, node, version }) {
  const begin = performance.now()
  const left = NOT_RUN.filter(([ofFile]) => ofFile === file)
  for (const [, name, why] of left) console.log(`  not run: ${file}, ${name} … (${why})`)
  const child = spawn(
    join(fetchNode(version.major), 'bin/node'),
    [join(ROOT, `build/test/${file}.test.js`)],
    {
      cwd: ROOT,
      env: {
        ...process.env,
        ...(left.length > 0 && { TAP_GREP: `/^(?!${left.map(([, name]) => name).join('|')})/` }),
        ...(file === 'oracle' && {
          NATIVEPROF_TEST_COMPARING: buildComparing(version),
          NATIVEPROF_TEST_SYMBOLS: node,
          NATIVEPROF_ORACLE_SECONDS: '20',
        }),
        NATIVEPROF_TEST_NODE: program,
        NATIVEPROF_TEST_SLOWNESS: String(SLOWNESS),
        TAP_TIMEOUT: '3600',
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
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
