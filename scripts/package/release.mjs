// release.mjs [--try] [--out <folder>] — what has to be true before a version is published: version, changelog, tags, a clean
// tree, all prebuilt files as they were built, and a tarball that works on every supported Node. Leaves the tarball, and
// says how to publish it; publishes nothing. `scripts/release` starts it.
// --try: goes on to pack and prove, whatever is wrong before that; it fails all the same.

import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import process from 'node:process'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { fetchNode } from '../fetch-nodes.mjs'
import { isMain } from '../is-main.mjs'
import { ROOT } from '../native-build.mjs'
import { NODE_VERSIONS } from '../node-versions.mjs'
import { succeed } from './command.mjs'
import { checkManifest } from './manifest.mjs'
import { pack } from './tarball.mjs'

const PROVE = fileURLToPath(new URL('prove.mjs', import.meta.url))
const VERSION = /^\d+\.\d+\.\d+(-[0-9A-Za-z.]+)?$/

/** What speaks against releasing this version with this changelog, a sentence each. */
export function checkChangelog(text, version) {
  const sections = [...text.matchAll(/^## \[(.+?)\](.*)\n([^]*?)(?=^## |(?![^]))/gm)]
  const section = sections.find(([, name]) => name === version)
  const unreleased = sections.find(([, name]) => name === 'Unreleased')
  const problems = []
  if (section === undefined) problems.push(`CHANGELOG.md has no section ## [${version}] - <date>`)
  else {
    if (!/^ - \d{4}-\d{2}-\d{2}$/.test(section[2])) problems.push(`CHANGELOG.md: ${version} has no date`)
    if (!/^- /m.test(section[3])) problems.push(`CHANGELOG.md says nothing about ${version}`)
  }
  if (unreleased !== undefined && /^- /m.test(unreleased[3]))
    problems.push(`CHANGELOG.md has changes under Unreleased; they belong to ${version}`)
  return problems
}

/** What speaks against releasing this checkout, but for its tarball. */
async function checkCheckout() {
  const { version } = readJson('package.json')
  const { version: locked } = readJson('package-lock.json')
  const { VERSION: compiled } = await import(pathToFileURL(join(ROOT, 'dist/own-package.js')).href)
  const problems = [...checkChangelog(readFileSync(join(ROOT, 'CHANGELOG.md'), 'utf8'), version)]
  if (!VERSION.test(version)) problems.push(`package.json: '${version}' is no version`)
  if (locked !== version) problems.push(`package-lock.json is of version ${locked}; run: npm install`)
  if (compiled !== version) problems.push(`lib/own-package.ts says ${compiled}, package.json ${version}`)
  const changed = git('status', '--porcelain')
  if (changed !== '') problems.push(`the tree is not clean:\n${changed}`)
  const isTagged = git('tag', '--list', `v${version}`) !== ''
  if (isTagged && git('rev-list', '-n1', `v${version}`) !== git('rev-parse', 'HEAD'))
    problems.push(`v${version} has been released: its tag is on another commit`)
  return [...problems, ...checkManifest()]
}

async function release({ out, isTrial }) {
  succeed('npm', ['run', 'build'], { cwd: ROOT })
  let isReady = report(await checkCheckout())
  if (!isReady && !isTrial) return false
  mkdirSync(out, { recursive: true })
  const { file, problems } = pack(out)
  if (!report(problems)) isReady = false
  for (const { major, version } of NODE_VERSIONS) {
    const node = process.version === `v${version}` ? process.execPath : join(fetchNode(major), 'bin/node')
    const { status } = spawnSync(node, [PROVE, file], { stdio: 'inherit' })
    if (status !== 0) isReady = report([`the tarball does not work on Node ${version}`])
  }
  const sha512 = createHash('sha512').update(readFileSync(file)).digest('base64')
  console.log(`${relative(process.cwd(), file)}  sha512-${sha512}`)
  if (isReady) console.log(`ready: npm publish ${relative(process.cwd(), file)}`)
  return isReady
}

function report(problems) {
  for (const problem of problems) console.error(`release: ${problem}`)
  return problems.length === 0
}

function readJson(name) {
  return JSON.parse(readFileSync(join(ROOT, name), 'utf8'))
}

function git(...args) {
  return succeed('git', args, { cwd: ROOT }).trim()
}

if (isMain(import.meta.url)) {
  const options = {
    out: { type: 'string', default: 'build/release' },
    try: { type: 'boolean', default: false },
  }
  try {
    const { values } = parseArgs({ options })
    if (!(await release({ out: resolve(ROOT, values.out), isTrial: values.try }))) process.exitCode = 1
  } catch (error) {
    console.error(`release: ${error.message}`)
    process.exitCode = 1
  }
}
