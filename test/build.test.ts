// `nativeprof build`: what it says where it cannot build. That it builds is shown by scripts/check-package, as it takes long.

import { symlinkSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { CLI, ROOT, run, runNode, scratchFolder } from './support/run-program.js'

t.test('its help says what it needs and what it reads', async (t) => {
  const { code, stdout } = await runNode([CLI, 'build', '--help'])
  t.equal(code, 0)
  t.match(stdout, /C\+\+\s+compiler, make, Python 3 and node-gyp/)
  t.equal((await runNode([CLI, 'help', 'build'])).stdout, stdout)
  t.ok(stdout.split('\n').every((line) => line.length <= 80))
})

t.test('an argument is refused', async (t) => {
  const { code, stderr } = await runNode([CLI, 'build', '--debug'])
  t.equal(code, 2)
  t.match(stderr, /^nativeprof: .*"--debug".*\[ERR_NATIVEPROF_INVALID_ARGUMENT\]\n$/)
})

t.test('without a compiler, make and Python it says so, and how to get them', async (t) => {
  const folder = scratchFolder(t)
  symlinkSync(process.execPath, join(folder, 'node'))
  const unset = ['CXX', 'MAKE', 'PYTHON', 'npm_config_python'].flatMap((name) => ['-u', name])
  const args = [...unset, process.execPath, CLI, 'build']
  const { code, stdout, stderr } = await run('/usr/bin/env', args, { env: { PATH: folder }, cwd: ROOT })
  t.strictSame({ code, stdout }, { code: 2, stdout: '' })
  t.match(stderr, /lacks a C\+\+ compiler, make and Python 3\. .*\[ERR_NATIVEPROF_BUILD\]\n$/)
})
