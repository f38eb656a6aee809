// check.mjs [names…] — what else the package promises, from its tarball: each file of checks/ is one promise. Takes minutes
// and the network, so it is no part of `npm test`. `npm run check:package`, or `-- types pnpm` for some of it.
// What lacks a program is skipped with a word; with NATIVEPROF_REQUIRE_TOOLS=1 that is a failure.

import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { installIntoEmptyProject } from './prove.mjs'
import { pack } from './tarball.mjs'

const CHECKS = fileURLToPath(new URL('checks', import.meta.url))

const known = readdirSync(CHECKS).map((name) => name.replace(/\.mjs$/, ''))
const asked = process.argv.slice(2)
const unknown = asked.find((name) => !known.includes(name))
if (unknown !== undefined) {
  console.error(`check: there is no '${unknown}'; there are ${known.join(', ')}`)
  process.exit(2)
}

const scratch = mkdtempSync(join(tmpdir(), 'nativeprof-check-'))
let failed = 0
try {
  const { file: tarball, problems } = pack(scratch)
  for (const problem of problems) fail('contents', problem)
  for (const name of asked.length > 0 ? asked : known) {
    const { check } = await import(join(CHECKS, `${name}.mjs`))
    const project = installIntoEmptyProject(tarball)
    try {
      check({ tarball, project, scratch, say, skip: (reason) => skip(name, reason) })
    } catch (error) {
      fail(name, error.message)
    } finally {
      rmSync(project, { recursive: true, force: true })
    }
  }
} finally {
  rmSync(scratch, { recursive: true, force: true })
}
if (failed > 0) process.exitCode = 1

function say(what) {
  console.log(`ok      ${what}`)
}

function skip(name, reason) {
  if (process.env.NATIVEPROF_REQUIRE_TOOLS === '1') fail(name, reason)
  else console.log(`skipped ${name}: ${reason}`)
}

function fail(name, message) {
  failed++
  console.log(`FAILED  ${name}: ${message}`)
}
