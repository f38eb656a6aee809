import t from 'tap'
import { PathTable } from '#lib/path-table.js'
import { randomBelow } from './support/random.js'

t.test('equal paths have one id, whatever came in between', async (t) => {
  const table = new PathTable()
  const ids = new Map<string, number>()
  const random = randomBelow(7)
  let parent = -1
  for (let count = 0; count < 50_000; count++) {
    const step = random(40)
    const key = `${parent} ${step}`
    const id = table.push(parent, step)
    const known = ids.get(key)
    if (known === undefined) {
      if (id !== table.length - 1 || table.parentOf(id) !== parent || table.stepOf(id) !== step) t.fail(key)
      ids.set(key, id)
    } else if (id !== known) t.fail(`${key}: ${id}, not ${known}`)
    parent = random(10) === 0 ? -1 : id
  }
  t.equal(table.length, ids.size)
  t.ok(ids.size > 1000)
})
