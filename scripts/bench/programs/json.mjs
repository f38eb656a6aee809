// json.mjs — a pipeline of records: lines of JSON are parsed, joined, grouped, sorted and written as JSON again, and compressed in
// libuv's pool.

import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import lodash from 'lodash'

const LINES = 6000
const ROUNDS = 24
const compress = promisify(gzip)

const lines = Array.from({ length: LINES }, (_, i) =>
  JSON.stringify({
    id: i,
    user: { name: `user ${i % 997}`, tags: ['a', 'b', `t${i % 31}`], since: new Date(1e12 + i * 1e7) },
    amount: (i * 7919) % 10_007,
    text: 'lorem ipsum dolor sit amet '.repeat(1 + (i % 5)),
  }),
)

let bytes = 0
for (let round = 0; round < ROUNDS; round++) {
  const records = lines.map((line) => JSON.parse(line))
  const groups = lodash.groupBy(records, (record) => record.user.name)
  const sums = lodash.mapValues(groups, (group) => lodash.sumBy(group, 'amount'))
  const sorted = lodash.orderBy(records, [(record) => sums[record.user.name], 'id'], ['desc', 'asc'])
  const text = JSON.stringify(sorted.map((record) => ({ ...record, total: sums[record.user.name] })))
  bytes += (await compress(text)).length
}
console.log(bytes)
