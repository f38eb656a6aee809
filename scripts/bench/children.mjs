// children.mjs — runs a program and tells what it used, by getrusage() of the child, which only its parent can ask for. Node does
// not tell; python3, which building an addon needs anyway, stands between.

import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'

// Wall time from the fork to the end. Of several processes the peak is that of the largest.
const MEASURE = `
import json, resource, subprocess, sys, time
before = time.monotonic()
code = subprocess.call(sys.argv[2:])
wall = time.monotonic() - before
used = resource.getrusage(resource.RUSAGE_CHILDREN)
with open(sys.argv[1], "w") as file:
    json.dump({"code": code, "wallSeconds": wall, "cpuSeconds": used.ru_utime + used.ru_stime,
               "peakBytes": used.ru_maxrss * 1024}, file)
`
const DEADLINE_MILLIS = 120_000

/**
 * Runs node with `args` to its end, at most two minutes. `meanwhile(stdout)` is called once the program has printed a line, and may
 * return a promise. Resolves to `{ cpuSeconds, wallSeconds, peakBytes, stdout, answer }`, `answer` being what `meanwhile` gave;
 * rejects if the program does not end well.
 */
export async function measureChild(args, { env = {}, folder, meanwhile }) {
  const usageFile = join(folder, 'usage.json')
  const child = spawn('python3', ['-c', MEASURE, usageFile, process.execPath, ...args], {
    cwd: folder,
    env: { ...process.env, NODE_OPTIONS: '', NODE_NO_WARNINGS: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true, // so that the program can be ended with python
  })
  const deadline = setTimeout(() => process.kill(-child.pid, 'SIGKILL'), DEADLINE_MILLIS)
  let [stdout, stderr] = ['', '']
  let answer
  child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text))
  child.stdout.setEncoding('utf8').on('data', (text) => {
    stdout += text
    if (meanwhile === undefined || answer !== undefined || !stdout.includes('\n')) return
    answer = Promise.resolve(meanwhile(stdout))
    // Without its parent's word the program would not end.
    answer.catch(() => process.kill(-child.pid, 'SIGKILL'))
  })
  const [code, signal] = await new Promise((done, failed) =>
    child.on('error', failed).on('close', (...ending) => done(ending)),
  )
  clearTimeout(deadline)
  const given = await answer
  if (code !== 0) throw new Error(`python3 ended with ${signal ?? code}: ${reasonIn(stderr)}`)
  const { code: programCode, ...usage } = JSON.parse(readFileSync(usageFile, 'utf8'))
  if (programCode !== 0) throw new Error(`the program ended with ${programCode}: ${reasonIn(stderr)}`)
  return { ...usage, stdout, answer: given }
}

function reasonIn(stderr) {
  return /^\S*Error\b.*$/m.exec(stderr)?.[0] ?? stderr.trim().split('\n').at(-1)
}
