// mutations.mjs [--list] [name part]… — takes one guard at a time out of a copy of the sources, builds that copy, and shows
// that a test fails without it. A guard whose absence nothing notices is one that the next change may lose.
//
// The table is scripts/mutations/table.mjs. First the tests run on the copy as it is: they have to pass there. Takes about a minute
// for each guard; the copy is thrown away. Ends with 1 if the absence of one went unnoticed, or if the table no longer fits the sources.

import { spawnSync } from 'node:child_process'
import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { MUTATIONS } from './mutations/table.mjs'
import { nodeFolder } from './fetch-nodes.mjs'
import { ROOT } from './native-build.mjs'

const COPIED = ['native', 'lib', 'test', 'scripts', 'binding.gyp', 'package.json', 'tsconfig.json']
// Installed, fetched, or (of build) costly to compile again and not changed by any mutation.
const LINKED = ['node_modules', '.nodes', 'build/peers']
const DEADLINE_MILLIS = 300_000

function main() {
  const words = process.argv.slice(2).filter((arg) => !arg.startsWith('--'))
  const wanted = MUTATIONS.filter(({ name }) => words.every((word) => name.includes(word)))
  if (wanted.length === 0) throw new Error('there is no such mutation; --list prints their names')
  if (process.argv.includes('--list')) {
    for (const { name, test } of wanted) console.log(`${name} (${test})`)
    return
  }
  for (const mutation of wanted) mutated(mutation) // before anything is built: does the table fit?
  const copy = fs.mkdtempSync(join(tmpdir(), 'nativeprof-mutations-'))
  let unnoticed = 0
  try {
    fillCopy(copy)
    const controls = new Map(
      wanted.map((each) => [`${each.test} ${each.grep ?? ''} ${each.node ?? ''}`, each]),
    )
    for (const control of controls.values()) {
      build(copy, control)
      if (runTest(copy, control).failed) throw new Error(`${control.test} fails with every guard in place`)
    }
    for (const mutation of wanted) if (!isNoticed(copy, mutation)) unnoticed++
  } finally {
    fs.rmSync(copy, { recursive: true, force: true })
  }
  console.log(`${wanted.length} guards taken out, ${wanted.length - unnoticed} times a test failed`)
  if (unnoticed > 0) process.exitCode = 1
}

function fillCopy(copy) {
  for (const name of COPIED) fs.cpSync(join(ROOT, name), join(copy, name), { recursive: true })
  fs.mkdirSync(join(copy, 'build'))
  for (const name of LINKED) {
    if (fs.existsSync(join(ROOT, name))) fs.symlinkSync(join(ROOT, name), join(copy, name))
  }
}

/** The mutated text. Throws unless what is to be replaced stands there exactly once. */
function mutated({ name, file, from, to }) {
  const text = fs.readFileSync(join(ROOT, file), 'utf8')
  const parts = text.split(from)
  if (parts.length !== 2) throw new Error(`${name}: found ${parts.length - 1} times in ${file}: ${from}`)
  return parts.join(to)
}

function build(copy, { node }) {
  for (const script of [['scripts/build.mjs'], ['scripts/compile.mjs', 'test', 'build/test']]) {
    const { status, stdout, stderr } = spawnSync(binaryOf(node), script, { cwd: copy, encoding: 'utf8' })
    if (status !== 0) throw new Error(`${script.join(' ')} in the copy:\n${stdout}${stderr}`)
  }
}

/** Whether the test fails without the guard; says so in a line. */
function isNoticed(copy, mutation) {
  const target = join(copy, mutation.file)
  const original = fs.readFileSync(target, 'utf8')
  fs.writeFileSync(target, mutated(mutation))
  try {
    build(copy, mutation)
    const { failed, how } = runTest(copy, mutation)
    console.log(`${failed ? 'noticed' : 'NOT NOTICED'}: ${mutation.name} (${mutation.test}${how})`)
    return failed
  } finally {
    fs.writeFileSync(target, original)
  }
}

/** The running Node, or the one in .nodes/ that a mutation asks for. */
function binaryOf(major) {
  return major === undefined ? process.execPath : join(nodeFolder(major), 'bin/node')
}

/** Runs one test file, or those of its tests whose name has `grep` in it. */
function runTest(copy, { test, grep, node }) {
  const env = { ...process.env, TAP_TIMEOUT: '240', ...(grep === undefined ? {} : { TAP_GREP: `/${grep}/` }) }
  const { status, signal, stdout } = spawnSync(binaryOf(node), [`build/test/${test}.test.js`], {
    cwd: copy,
    env,
    encoding: 'utf8',
    timeout: DEADLINE_MILLIS,
  })
  const first = /^ *not ok \d+ - (.*)$/m.exec(stdout)?.[1]
  return { failed: status !== 0, how: `: ${first ?? signal ?? `exit code ${status}`}` }
}

try {
  main()
} catch (error) {
  console.error(`mutations: ${error.message}`)
  process.exitCode = 1
}
