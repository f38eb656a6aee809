// memory.mjs [--seconds N] — the memory of a program whose code never stays the same, sampled at 1 kHz, against that of the same
// program without: prints both as they go, and the slope of the second half. Ends with 1 if the profiler's share keeps growing.

import { spawn } from 'node:child_process'
import { join } from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { ROOT } from '../native-build.mjs'

const MEBIBYTE = 2 ** 20
// A leak of a hundred bytes per function would be ten times this.
const MOST_BYTES_PER_EVALUATION = 100

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '600' } } })

/** Least squares: how y grows with x. */
function slopeOf(points) {
  const mean = (list) => list.reduce((sum, value) => sum + value, 0) / list.length
  const [meanX, meanY] = [mean(points.map(([x]) => x)), mean(points.map(([, y]) => y))]
  const over = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0)
  return over / points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0)
}

async function run(how, seconds) {
  const env = { ...process.env }
  delete env.NODE_OPTIONS
  const args = ['--expose-gc', join(ROOT, 'scripts/soak/churn.mjs'), String(seconds), how]
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'inherit'] })
  const lines = []
  let rest = ''
  child.stdout.setEncoding('utf8').on('data', (text) => {
    const all = (rest + text).split('\n')
    rest = all.pop()
    for (const line of all) {
      const one = JSON.parse(line)
      lines.push(one)
      if (one.elapsed === undefined) continue
      const { elapsed, evaluations, ticks, rssBytes, usedBytes } = one
      const [rss, used] = [rssBytes, usedBytes].map((bytes) => `${(bytes / MEBIBYTE).toFixed(0)} MiB`)
      console.log(
        `${how} ${elapsed} s: ${evaluations} evaluations, ${ticks} ticks, in use ${used}, resident ${rss}`,
      )
    }
  })
  const [code, signal] = await new Promise((done) => child.on('close', (...ending) => done(ending)))
  if (code !== 0) throw new Error(`the program ended with ${signal ?? code}`)
  const points = lines.filter(({ elapsed }) => elapsed !== undefined)
  const later = points.slice(Math.floor(points.length / 2))
  const slope = (key) => slopeOf(later.map((point) => [point.evaluations, point[key]]))
  return { end: lines.at(-1), used: slope('usedBytes'), rss: slope('rssBytes'), at: later.at(-1) }
}

const sampled = await run('sampled', Number(values.seconds))
const plain = await run('plain', Number(values.seconds) / 5)
for (const [how, { used, rss }] of Object.entries({ sampled, plain })) {
  console.log(
    `${how}: ${used.toFixed(1)} bytes in use and ${rss.toFixed(1)} resident per evaluation, second half`,
  )
}
console.log(JSON.stringify(sampled.end))
if (sampled.used - Math.max(0, plain.used) > MOST_BYTES_PER_EVALUATION) {
  console.log('memory: GROWS')
  process.exitCode = 1
} else {
  console.log('memory: flat')
}
