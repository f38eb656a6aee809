// yarn.mjs — the package under Yarn, with its Plug'n'Play: no node_modules, packages in archives, those with binaries unpacked.
// It works by import. What an ECMAScript module imports that was required, node resolves without Yarn's hooks, so require() and
// the preload do not: then the program runs without a profile (docs/packaging.md).

import { cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { expect, run, succeed } from '../command.mjs'
import { checkSampled } from '../prove.mjs'

const YARN = '@yarnpkg/cli-dist@4'

export function check({ tarball, project, scratch, say }) {
  const tools = join(scratch, 'yarn-itself')
  mkdirSync(tools)
  writeFileSync(join(tools, 'package.json'), '{ "private": true }')
  succeed('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', YARN], { cwd: tools })
  const cwd = join(scratch, 'yarn')
  mkdirSync(cwd)
  const dependencies = { nativeprof: `file:${tarball}` }
  writeFileSync(
    join(cwd, 'package.json'),
    JSON.stringify({ name: 'yarn-project', private: true, dependencies }),
  )
  writeFileSync(join(cwd, 'yarn.lock'), '')
  for (const name of ['import.mjs', 'busy.cjs']) cpSync(join(project, name), join(cwd, name))
  const env = {
    YARN_ENABLE_TELEMETRY: '0',
    YARN_ENABLE_SCRIPTS: '1',
    YARN_GLOBAL_FOLDER: join(scratch, 'yarn-store'),
  }
  const program = join(tools, 'node_modules/@yarnpkg/cli-dist/bin/yarn.js')
  const yarn = (...args) => run(process.execPath, [program, ...args], { cwd, env })
  const installed = yarn('install')
  expect(
    installed.code === 0 && !/build/.test(installed.stdout),
    'yarn installs it and builds nothing',
    installed,
  )
  const imported = yarn('node', 'import.mjs')
  expect(imported.code === 0, 'import.mjs runs', imported.stderr)
  checkSampled(JSON.parse(imported.stdout), 'import.mjs')
  say("Yarn Plug'n'Play: import, nothing built")
  const { code, stdout, stderr } = yarn('node', '-r', 'nativeprof/auto', 'busy.cjs')
  expect(
    code === 3 && stdout === 'done\n' && /no profile/.test(stderr),
    'the program runs under the preload',
    {
      code,
      stdout,
      stderr,
    },
  )
  say("Yarn Plug'n'Play: under the preload the program runs without a profile, and a line says why")
}
