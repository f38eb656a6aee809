// load.mjs — autocannon against the server of the benchmark: a fixed number of requests, so that CPU times can be compared.

import { quantile } from './statistics.mjs'

const CONNECTIONS = 10
const ORDER = JSON.stringify({ items: Array.from({ length: 40 }, (_, i) => ({ id: i, price: i * 3 })) })
const REQUESTS = [
  { path: '/item/7' },
  { path: '/list?most=400' },
  { method: 'POST', path: '/order', headers: { 'content-type': 'application/json' }, body: ORDER },
]

/** Asks the server that said `port N` this often, then has it stop, unless told not to. Latencies in milliseconds, as autocannon timed each answer. */
export async function askServer(said, amount, { ends = true } = {}) {
  const url = `http://127.0.0.1:${/port (\d+)/.exec(said)[1]}`
  // Not above: this file is imported before the benchmark's dependencies are installed.
  const { default: autocannon } = await import('autocannon')
  const millis = []
  const result = await new Promise((done, failed) => {
    const run = autocannon({ url, amount, connections: CONNECTIONS, requests: REQUESTS }, (error, answer) =>
      error ? failed(error) : done(answer),
    )
    run.on('response', (_client, _status, _bytes, responseMillis) => millis.push(responseMillis))
  })
  if (ends) await (await fetch(`${url}/stop`)).text()
  if (result.errors + result.timeouts + result.non2xx > 0 || millis.length < amount) {
    throw new Error(`of ${amount} requests, ${millis.length} were answered, ${result.non2xx} not with 2xx`)
  }
  return { p50Millis: quantile(millis, 0.5), p99Millis: quantile(millis, 0.99) }
}
