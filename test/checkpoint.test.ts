// A process that is killed loses at most what came after the last checkpoint; whoever looks sees a whole file at any moment.

import { readFileSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { AUTO, fixture, runNode, scratchFolder } from './support/run-program.js'

// Works in turns of the event loop, as a server does, and says how much CPU time it has used.
const WORKS = `
  function burn(millis) {
    const begin = process.cpuUsage()
    let sum = 0
    while (process.cpuUsage(begin).user < millis * 1000) for (let i = 0; i < 1e4; i++) sum += Math.sqrt(i)
    return sum
  }
  let used = 0
  const turn = () => {
    burn(20)
    console.log((used += 20))
    if (used < Number(process.env.WORK_MILLIS)) setImmediate(turn)
  }
  turn()`

interface Checkpoint {
  readonly profiles: readonly { readonly weights: readonly number[] }[]
}

function nanosIn(text: string): number {
  const { profiles } = JSON.parse(text) as Checkpoint
  return profiles.flatMap(({ weights }) => weights).reduce((sum, weight) => sum + weight, 0)
}

t.test('a killed process leaves its last checkpoint, and every one before was whole', async (t) => {
  const cwd = scratchFolder(t)
  const file = join(cwd, 'ours.speedscope.json')
  const sizes = new Set<number>()
  let torn = 0
  let usedMillis = 0
  const { signal } = await runNode(['-r', AUTO, '-e', WORKS], {
    cwd,
    env: { NATIVEPROF_OUT: file, NATIVEPROF_CHECKPOINT: '0.3', WORK_MILLIS: '60000' },
    onStdout: (text, child) => {
      usedMillis = Number(text.trimEnd().split('\n').at(-1))
      if (readdirSync(cwd).includes('ours.speedscope.json')) {
        const found = readFileSync(file, 'utf8')
        sizes.add(found.length)
        try {
          JSON.parse(found)
        } catch {
          torn++
        }
      }
      if (usedMillis >= 2000) child.kill('SIGKILL')
    },
  })
  t.equal(signal, 'SIGKILL')
  t.equal(torn, 0)
  t.ok(sizes.size > 2, `${sizes.size} checkpoints were seen`)
  const seen = nanosIn(readFileSync(file, 'utf8')) / 1e6
  // One window, and as much again where the machine is busy.
  t.ok(seen > usedMillis - 1000, `${seen.toFixed()} of ${usedMillis} ms`)
  t.equal(statSync(file).mode & 0o777, 0o600)
  t.match(readFileSync(file, 'utf8'), /"burn"/)
})

t.test('a process that ends has one file, with all of it', async (t) => {
  const cwd = scratchFolder(t)
  const { code, stderr } = await runNode(['-r', AUTO, '-e', WORKS], {
    cwd,
    env: { NATIVEPROF_OUT: 'ours.speedscope.json', NATIVEPROF_CHECKPOINT: '0.2', WORK_MILLIS: '1000' },
  })
  t.equal(code, 0)
  t.strictSame(readdirSync(cwd), ['ours.speedscope.json'])
  const [, seconds = 'NaN'] = /nativeprof: (\d+\.\d+) s CPU/.exec(stderr) ?? []
  const seen = nanosIn(readFileSync(join(cwd, 'ours.speedscope.json'), 'utf8')) / 1e9
  t.ok(Math.abs(seen - Number(seconds)) < 0.06, `${seen} of ${seconds} s`)
})

t.test('a file of somebody else is not replaced', async (t) => {
  const cwd = scratchFolder(t)
  const env = { NATIVEPROF_OUT: 'ours.collapsed', NATIVEPROF_CHECKPOINT: '0.1', WORK_MILLIS: '400' }
  await runNode(['-r', AUTO, '-e', WORKS], { cwd, env })
  const before = readFileSync(join(cwd, 'ours.collapsed'), 'utf8')
  await runNode(['-r', AUTO, '-e', WORKS], { cwd, env })
  t.strictSame(readdirSync(cwd).sort(), ['ours-2.collapsed', 'ours.collapsed'])
  t.equal(readFileSync(join(cwd, 'ours.collapsed'), 'utf8'), before)
})

t.test('checkpoints keep no program alive', async (t) => {
  const cwd = scratchFolder(t)
  const { code, wallMillis } = await runNode(['-r', AUTO, '-e', '0'], {
    cwd,
    env: { NATIVEPROF_OUT: 'ours.html', NATIVEPROF_CHECKPOINT: '30' },
  })
  t.equal(code, 0)
  t.ok(wallMillis < 15_000, `${wallMillis.toFixed()} ms`)
})

t.test('what is no number of seconds is refused in a line, and the program runs', async (t) => {
  for (const seconds of ['often', '0', '-1', '1e9']) {
    const { code, stdout, stderr } = await runNode(['-r', AUTO, fixture('busy.cjs')], {
      env: { NATIVEPROF_CHECKPOINT: seconds },
    })
    t.equal(code, 0, seconds)
    t.not(stdout, '')
    t.match(
      stderr,
      /^nativeprof: NATIVEPROF_CHECKPOINT must .*\[ERR_NATIVEPROF_INVALID_ARGUMENT\]$/m,
      seconds,
    )
  }
})
