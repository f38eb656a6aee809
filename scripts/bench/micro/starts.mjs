// starts.mjs [--quick] — how long startSampler() takes in a program of 5,000 functions, against the inspector's Profiler.start.
// Every time in a process of its own: the first start is the one that counts.

import { execFileSync } from 'node:child_process'
import { createRequire } from 'node:module'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import vm from 'node:vm'
import { median } from '../statistics.mjs'
import { isQuick, millisOf, print, row } from './rows.mjs'

const FUNCTIONS = 5000
const MOST_MILLIS = 2
const MOST_SHARE = 1 / 20

const [mode] = process.argv.slice(2)
if (mode === 'nativeprof' || mode === 'inspector') await start(mode)
else compare()

async function start(name) {
  const peer = createRequire(import.meta.url)('../peers/in-process.cjs').IN_PROCESS[name]()
  const names = Array.from({ length: FUNCTIONS }, (_, i) => `f${i}`)
  vm.runInThisContext(
    names
      .map(
        (each, i) =>
          `function ${each}(x) { let s = ${i}; for (let j = 0; j < 20; j++) s += x * j; return s }`,
      )
      .join('\n'),
  )
  for (let round = 0; round < 20; round++) for (const each of names) globalThis[each](round)
  await new Promise((done) => setTimeout(done, 20)) // what the import has prepared is forgotten by then
  console.log(millisOf(() => peer.start(100)))
  process.exit(0)
}

function compare() {
  const times = isQuick() ? 3 : 9
  const millis = { nativeprof: [], inspector: [] }
  for (let time = 0; time < times; time++) {
    for (const [name, list] of Object.entries(millis)) {
      const args = ['--no-warnings', fileURLToPath(import.meta.url), name]
      list.push(Number(execFileSync(process.execPath, args, { encoding: 'utf8' })))
    }
  }
  const [own, other] = [median(millis.nativeprof), median(millis.inspector)]
  print([
    row(
      `startSampler() among ${FUNCTIONS} functions`,
      `${own.toFixed(2)} ms, the inspector's Profiler.start ${other.toFixed(1)} ms: 1/${(other / own).toFixed(0)} (medians of ${times} processes)`,
      `≤ ${MOST_MILLIS} ms and ≤ 1/${1 / MOST_SHARE}`,
      own <= MOST_MILLIS && own <= other * MOST_SHARE,
    ),
  ])
}
