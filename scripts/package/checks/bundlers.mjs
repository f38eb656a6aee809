// bundlers.mjs — programs bundled by esbuild and by webpack: with the package kept outside, as docs/packaging.md says; with it
// inside, where the installed package is in reach; and with it inside and nothing in reach, which is a coded error.

import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { ROOT } from '../../native-build.mjs'
import { expect, run, succeed } from '../command.mjs'
import { checkSampled } from '../prove.mjs'

const ESBUILD = join(ROOT, 'node_modules/esbuild/bin/esbuild')
const WEBPACK = 'webpack@5'

const RUN_WEBPACK = `
const [entry, folder, filename, isOutside] = process.argv.slice(1)
require('webpack')({
  mode: 'production',
  optimization: { minimize: false }, // it would rename the function that the program looks for
  target: 'node',
  entry,
  output: { path: folder, filename },
  externals: isOutside === 'true' ? { nativeprof: 'commonjs nativeprof' } : {},
}, (error, stats) => {
  if (error || stats.hasErrors()) { console.error(error ?? stats.toString()); process.exitCode = 1 }
})`

export function check({ project, scratch, say }) {
  const tools = join(scratch, 'webpack')
  mkdirSync(tools)
  writeFileSync(join(tools, 'package.json'), '{ "private": true }')
  succeed('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', WEBPACK], { cwd: tools })
  const bundlers = [
    ['esbuild, format esm', 'mjs', (out, isOutside) => esbuild(project, out, ['--format=esm'], isOutside)],
    ['esbuild, format cjs', 'cjs', (out, isOutside) => esbuild(project, out, ['--format=cjs'], isOutside)],
    ['webpack', 'cjs', (out, isOutside) => webpack({ project, tools, out, isOutside })],
  ]
  mkdirSync(join(project, 'out'))
  for (const [i, [name, ending, bundle]] of bundlers.entries()) {
    for (const isOutside of [true, false]) {
      const file = `out/bundle-${i}-${isOutside}.${ending}`
      bundle(file, isOutside)
      checkSampled(JSON.parse(succeed(process.execPath, [file], { cwd: project })), name)
      say(`${name}: works with the package ${isOutside ? 'outside' : 'inside, and installed beside'}`)
    }
  }
  renameSync(join(project, 'node_modules/nativeprof'), join(project, 'away'))
  for (const [i, [name, ending]] of bundlers.entries()) {
    const { code, stderr } = run(process.execPath, [`out/bundle-${i}-false.${ending}`], { cwd: project })
    const isClear = /ERR_NATIVEPROF_NO_BINDING/.test(stderr) && /Keep it out of the bundle/.test(stderr)
    expect(code === 1 && isClear, `${name}: a bundle without the package says what to do`, stderr)
    say(`${name}: a bundle without the package says what to do`)
  }
  renameSync(join(project, 'away'), join(project, 'node_modules/nativeprof'))
}

function esbuild(project, out, flags, isOutside) {
  const outside = isOutside ? ['--external:nativeprof'] : []
  const fixed = ['import.mjs', '--bundle', '--platform=node', `--outfile=${out}`, '--log-level=error']
  succeed(ESBUILD, [...fixed, ...flags, ...outside], { cwd: project })
}

function webpack({ project, tools, out, isOutside }) {
  const args = [join(project, 'import.mjs'), project, out, String(isOutside)]
  succeed(process.execPath, ['-e', RUN_WEBPACK, ...args], { cwd: tools })
}
