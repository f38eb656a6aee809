// workers.mjs — four workers that parse and print JavaScript at the same time, and a main thread that waits for them.

import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { Worker, isMainThread, parentPort } from 'node:worker_threads'
import { parse } from 'acorn'

const WORKERS = 4
const ROUNDS = 5

if (isMainThread) {
  const counts = await Promise.all(
    Array.from(
      { length: WORKERS },
      () =>
        new Promise((done, failed) => {
          const worker = new Worker(new URL(import.meta.url))
          worker.on('message', done).on('error', failed)
        }),
    ),
  )
  console.log(counts.join())
} else {
  const source = readFileSync(createRequire(import.meta.url).resolve('lodash/lodash.js'), 'utf8')
  let length = 0
  for (let round = 0; round < ROUNDS; round++) {
    length += JSON.stringify(parse(source, { ecmaVersion: 'latest' })).length
  }
  parentPort.postMessage(length)
}
