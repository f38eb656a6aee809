// The sets of labels of a recording: equal ones are one, and there is an end to them.

import t from 'tap'
import { textOfLabels } from '#lib/label-sets.js'
import { LabelTable, MAX_SETS, MAX_VALUES } from '#lib/label-table.js'

t.test('the number of a set becomes an id, the same for equal sets', async (t) => {
  const texts = ['', '[["a","1"]]', '[["a","2"]]', '[["a","1"]]']
  const asked: number[] = []
  const table = new LabelTable((number) => {
    asked.push(number)
    return texts[number] ?? ''
  })
  t.strictSame(
    [0, 1, 2, 3, 1, 2].map((number) => table.idOf(number)),
    [0, 1, 2, 1, 1, 2],
  )
  t.strictSame(asked, [1, 2, 3], 'each is asked for once, so that it may be forgotten afterwards')
  t.strictSame(table.sets, [{}, { a: '1' }, { a: '2' }])
  t.strictSame(table.losses, { manyValues: [], beyondSets: 0, forgotten: 0 })
})

t.test('a set that has been forgotten is none, and is counted', async (t) => {
  const table = new LabelTable(() => '')
  t.equal(table.idOf(5), 0)
  t.equal(table.idOf(5), 0)
  t.strictSame(table.losses, { manyValues: [], beyondSets: 0, forgotten: 2 })
})

t.test('of a label with very many values the later ones are one, and its other labels stay', async (t) => {
  const table = new LabelTable((number) => textOfLabels({ span_id: `s${number}`, route: `/${number % 3}` }))
  for (let number = 1; number <= MAX_VALUES + 5000; number++) table.idOf(number)
  t.equal(table.sets.length, 1 + MAX_VALUES + 3)
  t.strictSame(
    table.sets
      .slice(-3)
      .map(({ span_id, route }) => [span_id, route])
      .sort(),
    ['/0', '/1', '/2'].map((route) => ['(other)', route]),
  )
  t.strictSame(table.losses, { manyValues: ['span_id'], beyondSets: 0, forgotten: 0 })
  t.equal(table.idOf(1), 1, 'what was there first stays')
})

t.test('there is an end to the sets, too', async (t) => {
  const table = new LabelTable((number) =>
    textOfLabels({ a: `${number % 200}`, b: `${Math.floor(number / 200)}` }),
  )
  for (let number = 1; number < MAX_SETS + 1000; number++) table.idOf(number)
  t.equal(table.sets.length, MAX_SETS)
  t.equal(table.losses.beyondSets, 1000)
})
