// verbs.mjs [--megabytes 100] [--only table,merge] — what each verb takes on large pprof files: CPU time, wall time, and the
// most memory, also in sizes of the uncompressed input (of both files, where there are two). The aim: at most 20 s for a file that is
// read, and 12 sizes. Ends with 1 if a verb fails or misses it; CPU time is what counts, for on a busy machine the wall clock says
// little.

import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { gzipSync } from 'node:zlib'
import { largeProfile } from './large-profile.mjs'

const MOST_SECONDS = 20
const MOST_SIZES = 12
const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))

// Runs the command in its own process, and tells what the process used.
const METER = `data:text/javascript,${encodeURIComponent(`
  import { writeSync } from 'node:fs'
  process.on('exit', () => {
    const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage()
    writeSync(3, JSON.stringify({ cpuSeconds: (userCPUTime + systemCPUTime) / 1e6, mebibytes: maxRSS / 1024 }))
  })
`)}`

const { values } = parseArgs({
  options: { megabytes: { type: 'string', default: '100' }, only: { type: 'string' } },
})
const folder = mkdtempSync(join(tmpdir(), 'nativeprof-verbs-'))
const megabytes = Number(values.megabytes)
const [one, other] = ['one.pb.gz', 'other.pb.gz'].map((name) => join(folder, name))
const out = (ending) => join(folder, `out${ending}`)
const COMMANDS = {
  table: ['table', one],
  diff: ['diff', one, other],
  merge: ['merge', '--force', one, other, out('.merged.pb.gz')],
  view: ['view', '--no-open', '-o', out('.view.html'), one],
  pprof: ['convert', one, out('.pb.gz')],
  collapsed: ['convert', one, out('.collapsed')],
  cpuprofile: ['convert', one, out('.cpuprofile')],
  speedscope: ['convert', one, out('.speedscope.json')],
  html: ['convert', one, out('.html')],
  markdown: ['convert', one, out('.md')],
}

function measure(args) {
  const started = performance.now()
  const { status, output, stderr } = spawnSync(process.execPath, ['--import', METER, MAIN, ...args], {
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    encoding: 'utf8',
  })
  const wallSeconds = (performance.now() - started) / 1000
  const used = output[3] ? JSON.parse(output[3]) : { cpuSeconds: NaN, mebibytes: NaN }
  return { ...used, wallSeconds, failure: status === 0 ? '' : stderr.trim().split('\n').at(-1) }
}

try {
  for (const [index, file] of [one, other].entries())
    writeFileSync(file, gzipSync(largeProfile({ seed: index + 1, megabytes }), { level: 1 }))
  const mebibytes = (megabytes * 1e6) / 2 ** 20
  const names = values.only?.split(',') ?? Object.keys(COMMANDS)
  process.stdout.write('verb        CPU s  wall s    MiB  sizes\n')
  for (const name of names) {
    const { cpuSeconds, wallSeconds, mebibytes: used, failure } = measure(COMMANDS[name])
    const inputs = COMMANDS[name].filter((argument) => argument === one || argument === other).length
    const sizes = used / (inputs * mebibytes)
    const isWithin = failure === '' && cpuSeconds <= MOST_SECONDS * inputs && sizes <= MOST_SIZES
    if (!isWithin) process.exitCode = 1
    const cells = [
      cpuSeconds.toFixed(1).padStart(6),
      wallSeconds.toFixed(1).padStart(7),
      used.toFixed(0).padStart(6),
    ]
    const verdict = failure || (isWithin ? '' : 'over the aim')
    process.stdout.write(
      `${name.padEnd(10)} ${cells.join(' ')} ${sizes.toFixed(1).padStart(6)}  ${verdict}\n`,
    )
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
