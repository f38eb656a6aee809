// What there was at the start, found out later.

import t from 'tap'
import { decodeCodeEvents } from '#lib/code-events.js'
import { takeListing } from '#lib/code-listing.js'
import { add, fn, makeSymbolizer, moved } from './support/symbolizing.js'
import { listing, scriptTold } from './support/raw-bytes.js'

const begin = (sequence: number) => listing(BigInt(sequence), false)
const end = (sequence: number) => listing(BigInt(sequence), true)

t.test('without a whole listing there is nothing to take', async (t) => {
  const taken = (...events: Buffer[]) => takeListing(decodeCodeEvents(Buffer.concat(events)))
  t.equal(taken(), null)
  t.equal(taken(add(1, 0, fn('f'))), null)
  t.equal(taken(begin(0), add(1, 0, fn('f'))), null)
  t.strictSame(taken(begin(0), end(0)), { existing: [], events: [] })
})

t.test('what is listed was there before', async (t) => {
  const { stackOf } = makeSymbolizer(begin(0), add(1, 0, fn('f')), add(2, 100, fn('g')), end(2))
  t.equal(stackOf([150, 50], { sequence: 0 }), 'f;g')
  t.equal(stackOf([150, 50], { sequence: 2 }), 'f;g')
})

t.test('what has moved before the listing was at its old place', async (t) => {
  const { stackOf } = makeSymbolizer(
    moved(1, [0, 500, 100, 0]),
    moved(2, [500, 300]),
    begin(2),
    add(3, 300, fn('f')),
    add(4, 0, fn('g')),
    end(4),
  )
  t.equal(stackOf([50], { sequence: 0 }), 'f')
  t.equal(stackOf([150, 50], { sequence: 0 }), 'f;g')
  t.equal(stackOf([550, 50], { sequence: 1 }), 'g;f')
  t.equal(stackOf([350, 50], { sequence: 2 }), 'g;f')
})

t.test('what was added before the listing was not there at the start', async (t) => {
  const { stackOf } = makeSymbolizer(
    add(1, 100, fn('new')),
    moved(2, [100, 200, 0, 100]),
    begin(2),
    add(3, 100, fn('old')),
    add(4, 200, fn('new')),
    end(4),
    add(5, 0, fn('later')),
  )
  t.equal(stackOf([150, 50], { sequence: 0 }), 'old;(unknown code)')
  t.equal(stackOf([150, 50], { sequence: 1 }), 'old;new')
  t.equal(stackOf([250, 150], { sequence: 2 }), 'old;new')
  t.equal(stackOf([250, 150, 50], { sequence: 5 }), 'later;old;new')
})

t.test('scripts that a listing tells of are kept', async (t) => {
  const events = [begin(0), scriptTold({ scriptId: 7 }), add(1, 0, fn('f')), end(1)]
  const taken = takeListing(decodeCodeEvents(Buffer.concat(events)))
  t.match(taken?.events, [{ kind: 'script', scriptId: 7 }])
  t.match(taken?.existing, [{ code: { kind: 'added', sequence: 1 } }])
})
