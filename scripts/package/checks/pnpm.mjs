// pnpm.mjs — the package under pnpm, which gives a package no more than what it names: dependencies lie behind links.

import { cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { expect, run, succeed } from '../command.mjs'
import { checkSampled } from '../prove.mjs'

const PNPM = 'pnpm@10'

export function check({ tarball, project, scratch, say }) {
  const cwd = join(scratch, 'pnpm')
  mkdirSync(cwd)
  writeFileSync(
    join(cwd, 'package.json'),
    JSON.stringify({ private: true, dependencies: { nativeprof: `file:${tarball}` } }),
  )
  for (const name of ['import.mjs', 'require.cjs', 'busy.cjs']) cpSync(join(project, name), join(cwd, name))
  const pnpm = (...args) => run('npx', ['--yes', PNPM, ...args], { cwd })
  const installed = pnpm('install', `--store-dir=${join(scratch, 'store')}`)
  expect(
    installed.code === 0 && !/build/i.test(installed.stdout),
    'pnpm installs it and builds nothing',
    installed,
  )
  for (const name of ['import.mjs', 'require.cjs'])
    checkSampled(JSON.parse(succeed(process.execPath, [name], { cwd })), name)
  say('pnpm: import and require, nothing built')
  const { code, stdout, stderr } = pnpm('exec', 'nativeprof', 'run', 'busy.cjs')
  expect(code === 3 && stdout === 'done\n' && /\bspin\b/.test(stderr), 'pnpm exec nativeprof run', {
    code,
    stdout,
    stderr,
  })
  say('pnpm: pnpm exec nativeprof run, with the HTML file made of a dependency')
}
