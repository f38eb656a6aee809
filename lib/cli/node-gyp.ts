// node-gyp.ts — node-gyp, which comes with npm, and the headers of the running node, for `nativeprof build`.
// scripts/native-build.mjs does it for releases: in a checkout, for other versions than the running one, before any of
// this is compiled.

import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, realpathSync } from 'node:fs'
import { createRequire } from 'node:module'
import { availableParallelism } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { ownRequire } from '../own-package.js'

// npm hands a user's settings down in the environment, where node-gyp lets them beat its command line. What is decided
// here is taken out; proxy, certificates and where to download from stay.
const OVERRULING_SETTING =
  /^npm_(config|package_config_node_gyp)_(nodedir|devdir|target|runtime|arch|jobs|debug|release)$/i

const NODE_GYP = 'node-gyp/bin/node-gyp.js'

/** node-gyp's program: one that is installed beside us, npm's, pnpm's, or that on the PATH. Null if there is none. */
export function findNodeGyp(): string | null {
  const npm = join(runningPrefix(), 'lib/node_modules/npm/bin/npm-cli.js')
  const candidates = [
    resolveFrom((name) => ownRequire().resolve(name)),
    process.env['npm_config_node_gyp'],
    ...[npm, ...onPath('npm'), ...onPath('pnpm')].flatMap((program) => [
      resolveFrom((name) => createRequire(program).resolve(name)),
      join(dirname(program), '../dist/node_modules', NODE_GYP),
    ]),
    ...onPath('node-gyp'),
  ]
  return candidates.find((file) => file !== undefined && existsSync(file)) ?? null
}

/** A folder with the headers of the running node, for `--nodedir`: beside its binary, else npm's `nodedir`. Null: none here. */
export function findHeaders(): string | null {
  const configured = process.env['npm_config_nodedir'] ?? npmSetting('nodedir')
  return (
    [runningPrefix(), configured].find((prefix) => headersAbi(prefix) === process.versions.modules) ?? null
  )
}

/** Builds what is in `folder`, for the running node; `headers` null: node-gyp downloads them. Returns what went wrong, or null. */
export function runNodeGyp(nodeGyp: string, folder: string, headers: string | null): string | null {
  const args = [
    nodeGyp,
    'rebuild',
    '--release',
    '--loglevel=warn',
    `--jobs=${process.env['JOBS'] ?? availableParallelism()}`,
    ...(headers === null ? [] : [`--nodedir=${headers}`]),
  ]
  const kept = Object.entries(process.env).filter(([name]) => !OVERRULING_SETTING.test(name))
  // binding.gyp calls `node`: it must find the one that is running.
  const PATH = dirname(process.execPath) + delimiter + (process.env['PATH'] ?? '')
  // In a checkout a warning is an error. Here it is nothing that the user could do about headers newer than the sources.
  const CXXFLAGS = `${process.env['CXXFLAGS'] ?? ''} -w`.trim()
  const env = { ...Object.fromEntries(kept), PATH, CXXFLAGS }
  const { status, signal, error } = spawnSync(process.execPath, args, { cwd: folder, env, stdio: 'inherit' })
  if (error !== undefined) return error.message
  return status === 0 ? null : `it ended with ${signal ?? `exit code ${status}`}`
}

/** Those programs on the PATH, by their real paths. */
export function onPath(name: string): string[] {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '')
  return folders
    .map((folder) => join(folder, name))
    .flatMap((file) => (existsSync(file) ? [realpathSync(file)] : []))
}

function runningPrefix(): string {
  return dirname(dirname(realpathSync(process.execPath)))
}

function resolveFrom(resolve: (name: string) => string): string | undefined {
  try {
    return resolve(NODE_GYP)
  } catch {
    return undefined // It is not installed there.
  }
}

function headersAbi(prefix: string | null): string | null {
  if (prefix === null || prefix === '') return null
  // An installation has its headers in include/node, a source tree of node in src.
  for (const header of ['include/node/node_version.h', 'src/node_version.h']) {
    const file = join(prefix, header)
    if (!existsSync(file)) continue
    const [, abi] = /^#define NODE_MODULE_VERSION (\d+)/m.exec(readFileSync(file, 'utf8')) ?? []
    if (abi !== undefined) return abi
  }
  return null
}

function npmSetting(name: string): string | null {
  const { stdout } = spawnSync('npm', ['config', 'get', name], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  }) as { stdout: string | null }
  const value = stdout?.trim() ?? ''
  return value === '' || value === 'undefined' || value === 'null' ? null : value
}
