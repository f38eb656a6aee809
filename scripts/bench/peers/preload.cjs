// preload.cjs — `node -r preload.cjs program`: starts the peer BENCH_PEER at BENCH_HZ before the program, and at its end writes
// what the peer has, and how long starting, stopping and encoding took, to the folder BENCH_OUT. In workers it runs once more, as preloads do.

const { writeFileSync } = require('node:fs')
const { join } = require('node:path')
const { threadId } = require('node:worker_threads')
const { IN_PROCESS } = require('./in-process.cjs')

const { BENCH_PEER, BENCH_HZ, BENCH_OUT } = process.env
const millisOf = (work) => {
  const before = performance.now()
  const result = work()
  return [result, performance.now() - before]
}

const peer = IN_PROCESS[BENCH_PEER]()
const [, startMillis] = millisOf(() => peer.start(Number(BENCH_HZ)))
// Before what the peer itself does at that moment.
process.prependListener('exit', () => {
  const [result, stopMillis] = millisOf(() => peer.stop())
  if (result === null) return
  const { encode, ending, facts } = result
  const [bytes, encodeMillis] = millisOf(encode)
  writeFileSync(join(BENCH_OUT, `profile-${threadId}${ending}`), bytes)
  writeFileSync(
    join(BENCH_OUT, `facts-${threadId}.json`),
    JSON.stringify({ startMillis, stopMillis, encodeMillis, ...facts }),
  )
})
