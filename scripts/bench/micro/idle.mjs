// idle.mjs [--quick] — the system calls of a server that nobody calls, plain and sampled, counted by `strace -c` for a minute.

import { spawn, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import process from 'node:process'
import { ROOT } from '../places.mjs'
import { isQuick, print, row } from './rows.mjs'

// V8 gives back memory for half a minute after the last work, now and then.
const SETTLE_MILLIS = isQuick() ? 12_000 : 40_000
const COUNT_SECONDS = isQuick() ? 10 : 60

const has = spawnSync('strace', ['-V']).status === 0
if (!has) {
  print([row('wake-ups of an idle process', 'not measured: there is no strace')])
} else {
  const [plain, sampled] = await Promise.all([callsOf('plain'), callsOf('sampled')])
  print([
    row(
      `system calls of an idle server in ${COUNT_SECONDS} s`,
      `plain ${plain}, sampled ${sampled}`,
      'as many as plain',
      sampled <= plain,
    ),
  ])
}

async function callsOf(mode) {
  const server = spawn(process.execPath, [join(ROOT, 'test/fixtures/idle-server.mjs'), mode], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await new Promise((done) => server.stdout.once('data', done))
  await new Promise((done) => setTimeout(done, SETTLE_MILLIS))
  const strace = spawn('strace', ['-c', '-f', '-p', String(server.pid)], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let told = ''
  strace.stderr.setEncoding('utf8').on('data', (text) => (told += text))
  const ended = new Promise((done) => strace.on('close', done))
  await new Promise((done) => setTimeout(done, COUNT_SECONDS * 1000))
  strace.kill('SIGINT')
  await ended
  const left = new Promise((done) => server.on('close', done))
  server.kill('SIGTERM')
  await left
  if (!told.includes('attached')) throw new Error(`strace could not attach: ${told.trim()}`)
  // The last line is the sum; without a call there is no table.
  const total = /^\s*100\.00\s+\S+\s+\S+\s+(\d+).*\btotal$/m.exec(told)
  return total === null ? 0 : Number(total[1])
}
