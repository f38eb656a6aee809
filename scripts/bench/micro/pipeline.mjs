// pipeline.mjs [--quick] — from bytes to flame graph: how many samples and frames a second are decoded, symbolized and folded. The
// samples are of a real program, TypeScript's scanner and parser, taken here, and then gone through again and again.

import { toCollapsed } from '../../../dist/index.js'
import { decodeRecords } from '../../../dist/records.js'
import { WINDOW_WORK } from '../window-work.mjs'
import { drainsOf, fastTimer } from './raw-drains.mjs'
import { finish, newRecording } from './recordings.mjs'
import { bestMillis, grouped, isQuick, millisOf, print, row } from './rows.mjs'

const LEAST_FRAMES_PER_SECOND = 1e6
const HZ = 1000

const times = isQuick() ? 5 : 15

const drains = record(isQuick() ? 2000 : 6000)
const samplesIn = ({ records }) => decodeRecords(Buffer.from(records)).filter(({ kind }) => kind === 'sample')
const all = drains.flatMap(samplesIn)
const samples = all.length
const frames = all.reduce((sum, { addresses }) => sum + addresses.length, 0)

const decode = bestMillis(times, () => drains.forEach(({ records }) => decodeRecords(Buffer.from(records))))
// A new recording has everything to learn: code, names, stacks. The first one runs code that is not optimized, as that of a short program.
const coldMillis = millisOf(() => addAll(newRecording({ isMadeUp: false })))
const fresh = bestMillis(times, () => addAll(newRecording({ isMadeUp: false })))
const recording = newRecording({ isMadeUp: false })
addAll(recording)
const again = bestMillis(times, () => addAll(recording, { isAgain: true }))
const { profile } = finish(recording)
const fold = bestMillis(times, () => toCollapsed(profile))
const whole = bestMillis(times, () => {
  const each = newRecording({ isMadeUp: false })
  addAll(each)
  finish(each)
})

const rate = (millis) =>
  `${grouped((samples / millis) * 1000)} samples, ${grouped((frames / millis) * 1000)} frames a second`
const isMet = (millis) => (frames / millis) * 1000 >= LEAST_FRAMES_PER_SECOND
print([
  row(
    'what goes through',
    `${grouped(samples)} samples of ${(frames / samples).toFixed(0)} frames, ${drains.length} drains`,
  ),
  row('decode', rate(decode)),
  row('decode and symbolize, the first time in a process', rate(coldMillis)),
  row('decode and symbolize, everything to be learned', rate(fresh)),
  row('decode and symbolize, what is known', rate(again)),
  row('fold, of the whole profile', `${fold.toFixed(1)} ms, ${grouped(profile.stacks.length)} stacks`),
  row(
    'decode, symbolize and fold',
    rate(whole),
    `≥ ${grouped(LEAST_FRAMES_PER_SECOND)} frames a second`,
    isMet(whole),
  ),
])

function addAll(into, { isAgain = false } = {}) {
  for (const drained of drains) into.add(isAgain ? { ...drained, threads: [] } : drained)
}

function record(millis) {
  return drainsOf({ hz: HZ, timer: fastTimer() }, (drain) => {
    for (const end = performance.now() + millis; performance.now() < end; drain()) {
      for (const work of Object.values(WINDOW_WORK)) work()
    }
  })
}
