// compile.mjs <project> <output folder> — runs the TypeScript compiler, and removes from the output folder what the
// compiler no longer writes. Without that, a test or module whose source is gone or renamed would live on.
// Files are not removed before: who runs from the output folder meanwhile finds it whole.

import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { isMain } from './is-main.mjs'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const TSC = join(ROOT, 'node_modules/typescript/bin/tsc')
const EMITTED = /^TSFILE: (.*)$/gm

/** Compiles; true if there were no errors (they have been printed). Paths are relative to the repository. */
export function compile(project, outputFolder) {
  const { status, stdout } = spawnSync(process.execPath, [TSC, '-p', project, '--listEmittedFiles'], {
    cwd: ROOT,
    encoding: 'utf8',
    maxBuffer: Infinity,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  process.stdout.write(stdout.replace(/^TSFILE: .*\n/gm, ''))
  if (status !== 0) return false
  const emitted = new Set([...stdout.matchAll(EMITTED)].map(([, file]) => resolve(ROOT, file)))
  removeOthers(resolve(ROOT, outputFolder), emitted)
  return true
}

function removeOthers(folder, keep) {
  if (!existsSync(folder)) return
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (!entry.isDirectory()) {
      if (!keep.has(path)) rmSync(path)
      continue
    }
    removeOthers(path, keep)
    if (readdirSync(path).length === 0) rmSync(path, { recursive: true })
  }
}

if (isMain(import.meta.url)) {
  const [project, outputFolder] = process.argv.slice(2)
  if (!compile(project, outputFolder)) process.exitCode = 1
}
