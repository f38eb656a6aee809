// withLabels() and the program's own storages: each sees what it would see if the labels were a storage's value, as they are,
// although the contexts of labels are used again.

import { AsyncLocalStorage } from 'node:async_hooks'
import t from 'tap'
import { withLabels } from 'nativeprof'
import { loadBinding } from '#lib/binding.js'
import { run } from './support/run-program.js'

const binding = loadBinding()
const labelsNow = (): string => binding.labelText(binding.labelNow())
const inRoute = <Result>(name: string, fn: () => Result): Result => withLabels({ route: name }, fn)

// The first call looks for a way to carry labels.
inRoute('/first', () => undefined)
const TEXT = inRoute('/a', labelsNow)

t.test('labels are those of the call, and those before afterwards', async (t) => {
  t.match(TEXT, '/a')
  for (let round = 0; round < 3; round++) {
    t.equal(labelsNow(), '')
    t.equal(inRoute('/a', labelsNow), TEXT)
    t.match(
      inRoute('/a', () => withLabels({ tenant: round }, labelsNow)),
      String(round),
    )
    inRoute('/a', () => {
      inRoute('/b', () => t.match(labelsNow(), '/b'))
      inRoute('/a', () => t.equal(labelsNow(), TEXT))
      t.equal(labelsNow(), TEXT)
    })
    t.throws(() => inRoute('/a', thrower), { message: 'thrown' })
  }
  t.equal(labelsNow(), '')
})

t.test('the context is afterwards the very one that it was before', async (t) => {
  const before = binding.contextNow()
  inRoute('/a', () => inRoute('/b', () => undefined))
  inRoute('/not used so far', () => undefined)
  t.equal(binding.contextNow(), before)
})

t.test("values of the program's storages go in and out", async (t) => {
  const storage = new AsyncLocalStorage<string>()
  inRoute('/a', () => t.equal(storage.getStore(), undefined))
  storage.run('outside', () => {
    for (let round = 0; round < 3; round++) {
      inRoute('/a', () => {
        t.equal(storage.getStore(), 'outside')
        t.equal(labelsNow(), TEXT)
        storage.run('inside', () => {
          t.equal(labelsNow(), TEXT)
          inRoute('/b', () => t.equal(storage.getStore(), 'inside'))
        })
      })
      t.equal(labelsNow(), '')
      t.equal(storage.getStore(), 'outside')
    }
  })
  t.equal(storage.getStore(), undefined)
  // As AsyncLocalStorage.run() of another storage leaves it.
  inRoute('/a', () => {
    storage.enterWith('entered')
    t.equal(labelsNow(), TEXT)
  })
  t.equal(storage.getStore(), 'entered')
  t.equal(labelsNow(), '')
  inRoute('/a', () => t.equal(storage.getStore(), 'entered'))
})

t.test('what goes on later has its labels, and its storages', async (t) => {
  const storage = new AsyncLocalStorage<number>()
  const seen = await Promise.all(
    Array.from({ length: 200 }, (_, i) =>
      inRoute(`/${i % 3}`, async () => {
        await Promise.resolve()
        const [before, label] = [storage.getStore(), labelsNow()]
        return storage.run(i, async () => {
          await new Promise((done) => setTimeout(done, i % 5))
          return [before, label, storage.getStore(), labelsNow()]
        })
      }),
    ),
  )
  for (const [i, [before, label, value, later]] of seen.entries()) {
    t.equal(before, undefined)
    t.match(label, `/${i % 3}`)
    t.equal(value, i)
    t.equal(later, label)
  }
  t.equal(labelsNow(), '')
})

t.test('more sets than are known by heart', async (t) => {
  for (let round = 0; round < 2; round++) {
    for (let i = 0; i < 10_000; i++) {
      const text = withLabels({ id: i, route: '/a' }, labelsNow)
      if (!text.includes(`${i}`)) t.fail(`${text} is not that of ${i}`)
    }
  }
  t.equal(labelsNow(), '')
  t.equal(inRoute('/a', labelsNow), TEXT)
})

t.test('the check of the first call leaves nothing in the context of the program', async (t) => {
  const program = `
    import { withLabels } from 'nativeprof'
    import { loadBinding } from '#lib/binding.js'
    const binding = loadBinding()
    const before = binding.contextNow()
    withLabels({ route: '/a' }, () => {})
    console.log(binding.contextNow() === before)`
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', program])
  t.equal(stdout.trim(), 'true')
})

function thrower(): never {
  throw new Error('thrown')
}
