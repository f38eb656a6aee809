// yarn.mjs — the package under Yarn, with its Plug'n'Play: no node_modules, packages in archives, those with binaries unpacked.

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
  for (const name of ['import.mjs', 'require.cjs', 'busy.cjs']) cpSync(join(project, name), join(cwd, name))
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
  for (const name of ['import.mjs', 'require.cjs']) {
    const { code, stdout, stderr } = yarn('node', name)
    expect(code === 0, `${name} runs`, stderr)
    checkSampled(JSON.parse(stdout), name)
  }
  say("Yarn Plug'n'Play: import and require, nothing built")
  const { code, stdout, stderr } = yarn('nativeprof', 'run', 'busy.cjs')
  expect(code === 3 && stdout === 'done\n' && /\bspin\b/.test(stderr), 'yarn nativeprof run', {
    code,
    stdout,
    stderr,
  })
  say("Yarn Plug'n'Play: yarn nativeprof run")
}
