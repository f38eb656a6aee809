// growth.mjs [--quick] — how the time to decode, symbolize and fold grows with ten, a hundred and a thousand times the samples,
// the functions, the depth. A factor for each doubling: 1 is linear. Below a millisecond what is fixed hides the growth.

import { decodeRecords } from '../../../dist/records.js'
import { drainOf, finish, madeUpRecords, newRecording, threadWith } from './recordings.mjs'
import { bestMillis, grouped, isQuick, print, row } from './rows.mjs'

const MOST_PER_DOUBLING = 1.15
const DOUBLINGS_OF_TEN = Math.log2(10)
const SLICE_BYTES = 64 * 1024

const steps = isQuick() ? 3 : 4
const powers = Array.from({ length: steps }, (_, i) => 10 ** i)
const GROWING = {
  samples: (factor) => ({ samples: 100 * factor, functions: 1000, depth: 50 }),
  functions: (factor) => ({ samples: 100 * factor, functions: 100 * factor, depth: 20 }),
  // The handler keeps at most 1024 frames.
  depth: (factor) => ({ samples: 500, functions: 1000, depth: factor }),
}

// Until the code is optimized.
for (let i = 0; i < 5; i++) timeOf({ samples: 2000, functions: 1000, depth: 50 }, 1)
print(Object.entries(GROWING).map(([name, sizeAt]) => growthOf(name, sizeAt)))

function growthOf(name, sizeAt) {
  const times = powers.map((factor) => timeOf(sizeAt(factor), factor >= 1000 ? 3 : 7))
  const factors = times.slice(1).map((millis, i) => (millis / times[i] / 10) ** (1 / DOUBLINGS_OF_TEN))
  const worst = Math.max(...factors)
  const texts = powers.map((factor, i) => `${grouped(sizeAt(factor)[name])}: ${times[i].toFixed(2)} ms`)
  return row(
    `growth with ${name}`,
    `${texts.join(', ')}; at worst ${worst.toFixed(2)} for each doubling`,
    `≤ ${MOST_PER_DOUBLING} above linear`,
    worst <= MOST_PER_DOUBLING,
  )
}

function timeOf(size, times) {
  const records = slicesOf(madeUpRecords(size))
  const thread = threadWith(size.functions)
  return bestMillis(times, () => {
    const recording = newRecording({ isMadeUp: true })
    records.forEach((bytes, i) => recording.add(drainOf(bytes, i === 0 ? [thread] : [])))
    finish(recording)
  })
}

// As the event loop takes them: some at a time.
function slicesOf(bytes) {
  const slices = []
  let from = 0
  for (let at = 0; at < bytes.length;) {
    at += bytes.readUInt32LE(at + 4) * 8
    if (at - from < SLICE_BYTES && at < bytes.length) continue
    slices.push(bytes.subarray(from, at))
    from = at
  }
  if (decodeRecords(slices[0]).length === 0) throw new Error('no records were made')
  return slices
}
