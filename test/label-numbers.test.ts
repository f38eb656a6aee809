// The numbers of the process's sets of labels: kept as long as they are used, and forgotten when too many others came.

import { Worker } from 'node:worker_threads'
import { once } from 'node:events'
import t from 'tap'
import { loadBinding } from '#lib/binding.js'

/** Sets that are kept at least, and at most twice as many. */
const HALF = 32_768

t.test('equal sets have one number, in every thread', async (t) => {
  const binding = loadBinding()
  const number = binding.labelNumber('[["route","/a"]]')
  t.ok(number > 0)
  t.equal(binding.labelNumber('[["route","/a"]]'), number)
  t.not(binding.labelNumber('[["route","/b"]]'), number)
  t.equal(binding.labelText(number), '[["route","/a"]]')
  const program = `import(${JSON.stringify(import.meta.resolve('#lib/binding.js'))}).then(({ loadBinding }) => {
    require('node:worker_threads').parentPort.postMessage(loadBinding().labelNumber('[["route","/a"]]'))
  })`
  const worker = new Worker(program, { eval: true })
  const [messages] = await Promise.all([once(worker, 'message'), once(worker, 'exit')])
  t.strictSame(messages, [number])
})

t.test('the sets used last are kept, however many there are', async (t) => {
  const binding = loadBinding()
  const [used, unused] = [binding.labelNumber('used'), binding.labelNumber('unused')]
  for (let i = 0; i < 3 * HALF; i++) {
    binding.labelNumber(`other ${i}`)
    if (i % 10_000 === 0) binding.labelNumber('used')
  }
  t.equal(binding.labelNumber('used'), used)
  t.equal(binding.labelText(used), 'used')
  t.equal(binding.labelText(unused), '', 'who is not asked for is forgotten')
  t.not(binding.labelNumber('unused'), unused, 'and the number is not given again')
  t.equal(binding.labelText(binding.labelNumber(`other ${3 * HALF - 1}`)), `other ${3 * HALF - 1}`)
  t.equal(binding.labelText(999_999_999), '')
})
