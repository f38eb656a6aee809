// A program that becomes another one: its profile is written, and the other one is not sent ticks, of which it would die.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { AUTO, ROOT, runNode, scratchFolder } from './support/run-program.js'

const skip = 'execve' in process ? false : 'this node has no process.execve()'

// Burns, and goes on as a node without us, which burns as well, prints a line and ends with an exit code of its own.
const BURN =
  'const burn = (millis) => { const { cpuUsage } = process; const begin = cpuUsage(); while (cpuUsage(begin).user < millis * 1000); };'
const BECOMES = `${BURN} burn(300)
process.execve(process.execPath, [process.execPath, '-e', ${JSON.stringify(`${BURN} burn(500); console.log('other'); process.exitCode = 7`)}], { ...process.env, NODE_OPTIONS: '' })`

t.test('under the preload', { skip }, async (t) => {
  const cwd = scratchFolder(t)
  const { code, signal, stdout } = await runNode(['--no-warnings', '-r', AUTO, '-e', BECOMES], {
    cwd,
    env: { NATIVEPROF_OUT: 'ours.collapsed' },
  })
  t.strictSame([code, signal, stdout], [7, null, 'other\n'])
  t.match(readFileSync(join(cwd, 'ours.collapsed'), 'utf8'), /;burn \[eval\]:\d+:\d+/)
})

t.test('while the program samples itself', { skip }, async (t) => {
  const program = `require('nativeprof').startSampler(); ${BECOMES}`
  const { code, signal, stdout } = await runNode(['--no-warnings', '-e', program], { cwd: ROOT })
  t.strictSame([code, signal, stdout], [7, null, 'other\n'])
})

t.test('a call that is refused changes nothing', { skip }, async (t) => {
  const cwd = scratchFolder(t)
  const program = `${BURN} try { process.execve(7) } catch ({ code }) { console.log(code) } burn(300)`
  const { code, stdout } = await runNode(['--no-warnings', '-r', AUTO, '-e', program], {
    cwd,
    env: { NATIVEPROF_OUT: 'ours.collapsed' },
  })
  t.strictSame([code, stdout], [0, 'ERR_INVALID_ARG_TYPE\n'])
  t.match(readFileSync(join(cwd, 'ours.collapsed'), 'utf8'), /;burn \[eval\]:\d+:\d+/)
})
