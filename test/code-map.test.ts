import t from 'tap'
import { CodeMap } from '#lib/code-map.js'
import type { CodeRange } from '#lib/code-map.js'
import { randomBelow } from './support/random.js'

const KIB = 1024
const BASE = 0x7f12_3456_7000

t.test('a range is found from its first byte to its last, and not beyond', async (t) => {
  const map = mapOf([100, 10, 'f'])
  t.strictSame(namesAt(map, 99, 100, 109, 110), [null, 'f', 'f', null])
  t.strictSame(map.find(BASE + 105), { start: BASE + 100, end: BASE + 110, value: 'f', order: 0 })
})

t.test('neighbours without a gap do not touch each other', async (t) => {
  const map = mapOf([100, 10, 'a'], [120, 10, 'c'], [110, 10, 'b'])
  t.strictSame(namesAt(map, 109, 110, 119, 120), ['a', 'b', 'b', 'c'])
  t.equal(map.size, 3)
})

t.test('a new range is the end of all that it overlaps, even by one byte', async (t) => {
  const cases: [string, number, number][] = [
    ['at its left end', 91, 10],
    ['at its right end', 109, 10],
    ['inside', 103, 2],
    ['exactly', 100, 10],
    ['all of it and more', 90, 30],
    ['from its start', 100, 1],
    ['to its end', 109, 1],
  ]
  for (const [what, start, sizeBytes] of cases) {
    const map = mapOf([100, 10, 'old'], [start, sizeBytes, 'new'])
    t.equal(map.size, 1, what)
    t.strictSame(namesAt(map, start, start + sizeBytes - 1), ['new', 'new'], what)
    for (const at of [100, 105, 109]) t.not(map.find(BASE + at)?.value, 'old', what)
  }
})

t.test(
  'a range over many KiB is found in each of them, and nowhere after it is overlapped once',
  async (t) => {
    const map = mapOf([500, 40 * KIB, 'big'])
    const within = Array.from({ length: 40 }, (_, kib) => 500 + kib * KIB)
    t.ok(namesAt(map, ...within).every((name) => name === 'big'))
    t.strictSame(namesAt(map, 499, 500 + 40 * KIB - 1, 500 + 40 * KIB), [null, 'big', null])
    map.add(BASE + 20 * KIB, 1, 'small')
    t.ok(namesAt(map, ...within).every((name) => name === null))
    t.strictSame(namesAt(map, 20 * KIB), ['small'])
    t.equal(map.size, 1)
  },
)

t.test('a range over many KiB ends everything in them and leaves the neighbours', async (t) => {
  const map = new CodeMap<string>()
  for (let kib = 0; kib < 20; kib++) {
    map.add(BASE + kib * KIB + 200, 100, 'inner')
    map.add(BASE + kib * KIB + 900, 200, 'border')
  }
  t.equal(map.size, 40)
  map.add(BASE + 5 * KIB, 10 * KIB, 'big')
  t.strictSame(namesAt(map, 3 * KIB + 900, 4 * KIB + 200, 4 * KIB + 900), ['border', 'inner', null])
  t.strictSame(namesAt(map, 5 * KIB, 15 * KIB - 1), ['big', 'big'])
  t.strictSame(namesAt(map, 15 * KIB, 15 * KIB + 200, 15 * KIB + 900), [null, 'inner', 'border'])
  t.equal(map.size, 20, '10 within, 10 that began within, and 1 that reached into it are gone')
})

t.test('a range without bytes is nowhere and ends nothing', async (t) => {
  const map = mapOf([100, 10, 'f'], [105, 0, 'nothing'], [200, 0, 'nothing'])
  t.strictSame(namesAt(map, 105, 200), ['f', null])
  t.equal(map.size, 1)
})

t.test('what moves keeps its size and leaves its old place', async (t) => {
  const map = mapOf([100, 10, 'f'])
  move(map, [100, 5 * KIB - 5])
  t.strictSame(namesAt(map, 100, 109, 5 * KIB - 5, 5 * KIB + 4, 5 * KIB + 5), [null, null, 'f', 'f', null])
  t.equal(map.size, 1)
})

t.test('a new place may be the old one of another that moves in the same collection', async (t) => {
  const down = mapOf([100, 10, 'a'], [110, 10, 'b'], [120, 10, 'c'])
  move(down, [120, 130], [110, 120], [100, 110])
  t.strictSame(namesAt(down, 100, 110, 120, 130), [null, 'a', 'b', 'c'])
  const up = mapOf([100, 10, 'a'], [110, 10, 'b'], [120, 10, 'c'])
  move(up, [100, 110], [110, 120], [120, 130])
  t.strictSame(namesAt(up, 100, 110, 120, 130), [null, 'a', 'b', 'c'], 'in any order')
})

t.test('two ranges may change places', async (t) => {
  const map = mapOf([100, 10, 'a'], [300, 30, 'b'])
  move(map, [100, 300], [300, 100])
  t.strictSame(namesAt(map, 100, 129, 300, 309, 310), ['b', 'b', 'a', 'a', null])
})

t.test('a range may slide by less than its size', async (t) => {
  const map = mapOf([100, 50, 'a'])
  move(map, [100, 90])
  t.strictSame(namesAt(map, 89, 90, 139, 140), [null, 'a', 'a', null])
})

t.test('what moves is the end of what it lands on and did not move', async (t) => {
  const map = mapOf([100, 10, 'mover'], [200, 5, 'hit'], [209, 5, 'hit, too'], [210, 5, 'beside'])
  move(map, [100, 200])
  t.strictSame(namesAt(map, 200, 204, 209, 210), ['mover', 'mover', 'mover', 'beside'])
  t.equal(map.size, 2)
})

t.test('where unknown code arrives, nothing is known any more', async (t) => {
  const map = mapOf([100, 10, 'f'])
  move(map, [500, 600], [105, 700])
  t.strictSame(namesAt(map, 100, 105, 600, 700), ['f', 'f', null, null])
  map.move(new Float64Array(0))
  t.equal(map.size, 1)
  move(map, [500, 105])
  t.strictSame(namesAt(map, 100, 105), [null, null])
  t.equal(map.size, 0)
})

t.test(
  'whatever is added and moved, the map answers as a list that is searched from end to end',
  async (t) => {
    for (const seed of [1, 2, 3, 4, 5]) {
      const { disagreement, found, notFound } = compareWithModel(seed, { evicts: true })
      t.equal(disagreement, null, `seed ${seed}`)
      t.ok(found > 5000 && notFound > 5000, `seed ${seed} asks for both code and gaps: ${found}, ${notFound}`)
    }
  },
)

t.test(
  'a list from which nothing is removed gives wrong answers, even if the newest range wins',
  async (t) => {
    for (const seed of [1, 2, 3, 4, 5]) {
      t.not(compareWithModel(seed, { evicts: false }).disagreement, null, `seed ${seed}`)
    }
  },
)

type Spec = [start: number, sizeBytes: number, name: string]

/** Starts are relative to BASE, as in all helpers. */
function mapOf(...specs: Spec[]): CodeMap<string> {
  const map = new CodeMap<string>()
  for (const [start, sizeBytes, name] of specs) map.add(BASE + start, sizeBytes, name)
  return map
}

function move(map: CodeMap<string>, ...moves: [from: number, to: number][]): void {
  map.move(Float64Array.from(moves.flat(), (start) => BASE + start))
}

function namesAt(map: CodeMap<string>, ...offsets: number[]): (string | null)[] {
  return offsets.map((offset) => map.find(BASE + offset)?.value ?? null)
}

/** What CodeMap is, without the cleverness. */
class Model {
  ranges: Omit<CodeRange<number>, 'order'>[] = []
  readonly #evicts: boolean

  constructor(evicts: boolean) {
    this.#evicts = evicts
  }

  add(start: number, sizeBytes: number, value: number): void {
    const end = start + sizeBytes
    if (end === start) return
    if (this.#evicts) this.ranges = this.ranges.filter((old) => old.end <= start || old.start >= end)
    this.ranges.push({ start, end, value })
  }

  move(moves: Float64Array): void {
    const leaving: [Omit<CodeRange<number>, 'order'>, number][] = []
    const arrivals: number[] = []
    for (let i = 0; i < moves.length; i += 2) {
      const range = this.ranges.findLast(({ start }) => start === moves[i])
      if (!range) {
        arrivals.push(moves[i + 1] ?? NaN)
        continue
      }
      this.ranges = this.ranges.filter((other) => other !== range)
      leaving.push([range, moves[i + 1] ?? NaN])
    }
    if (this.#evicts) {
      this.ranges = this.ranges.filter(({ start, end }) => !arrivals.some((at) => start <= at && at < end))
    }
    for (const [{ start, end, value }, newStart] of leaving) this.add(newStart, end - start, value)
  }

  find(address: number): Omit<CodeRange<number>, 'order'> | undefined {
    return this.ranges.findLast(({ start, end }) => start <= address && address < end)
  }
}

const STEPS = 3000
const SPACE_BYTES = 48 * KIB

function compareWithModel(seed: number, options: { evicts: boolean }) {
  const below = randomBelow(seed)
  const map = new CodeMap<number>()
  const model = new Model(options.evicts)
  let found = 0
  let notFound = 0
  for (let step = 0; step < STEPS; step++) {
    const touched: number[] = []
    if (below(4) > 0) {
      const start = BASE + below(SPACE_BYTES)
      const sizeBytes = below(50) === 0 ? below(12 * KIB) : below(500)
      map.add(start, sizeBytes, step)
      model.add(start, sizeBytes, step)
      touched.push(start - 1, start, start + sizeBytes - 1, start + sizeBytes)
    } else {
      const starts = model.ranges.map(({ start }) => start)
      const anyStart = () => starts[below(starts.length)] ?? BASE
      const moves = Array.from({ length: 1 + below(8) }, () => [
        below(5) > 0 ? anyStart() : BASE + below(SPACE_BYTES),
        below(2) > 0 ? anyStart() : BASE + below(SPACE_BYTES),
      ]).flat()
      map.move(Float64Array.from(moves))
      model.move(Float64Array.from(moves))
      touched.push(...moves)
    }
    for (let i = 0; i < 10; i++) touched.push(BASE + below(SPACE_BYTES))
    for (const address of touched) {
      const got = map.find(address)
      const wanted = model.find(address)
      if (got) found++
      else notFound++
      if (got?.value !== wanted?.value || got?.start !== wanted?.start || got?.end !== wanted?.end) {
        return { disagreement: { step, address, got, wanted }, found, notFound }
      }
    }
    if (options.evicts && map.size !== model.ranges.length) {
      return { disagreement: { step, size: map.size, wanted: model.ranges.length }, found, notFound }
    }
  }
  return { disagreement: null, found, notFound }
}
