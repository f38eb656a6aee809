// Windows of one recording that follow each other, overlap, and come and go: none loses a tick, and none has another's.

import t from 'tap'
import { startSampler, subtract, withLabels } from 'nativeprof'
import type { Profile } from 'nativeprof'
import { joinRecording } from '#lib/sampler.js'
import { WindowSource } from '#lib/windows.js'

const ticksOf = ({ totals }: Profile): number => totals.reduce((sum, { ticks }) => sum + ticks, 0)

function burn(millis: number): number {
  let sum = 0
  for (const end = performance.now() + millis; performance.now() < end;) sum += Math.sqrt(sum + 1)
  return sum
}

t.test('windows, one after the other and beside each other, have all ticks of their time', async (t) => {
  const sampler = startSampler({ hz: 250 })
  t.teardown(() => sampler.stop())
  burn(200)
  const recording = joinRecording()
  t.teardown(() => {
    recording.leave()
  })
  const before = sampler.snapshot()
  const [one, other] = [recording.open(), recording.open()]
  withLabels({ part: 'first' }, () => burn(300))
  const first = one.next()
  withLabels({ part: 'second' }, () => burn(300))
  const second = one.next()
  const both = other.next()
  const whole = subtract(sampler.snapshot(), before)
  t.ok(first.counters.ticks > 20 && second.counters.ticks > 20)
  for (const window of [first, second, both]) {
    t.equal(ticksOf(window), window.counters.samples)
    t.equal(window.samples.length, 0)
  }
  // What is not labelled is between the windows' beginnings and ends.
  const ticksIn = ({ totals, labelSets, ...profile }: Profile, part: string): number =>
    ticksOf({
      ...profile,
      labelSets,
      totals: totals.filter(({ labelsId }) => labelSets[labelsId]?.['part'] === part),
    })
  t.ok(ticksIn(first, 'first') > 20 && ticksIn(second, 'second') > 20)
  t.equal(ticksIn(first, 'second') + ticksIn(second, 'first'), 0)
  for (const all of [both, whole]) {
    t.equal(ticksIn(all, 'first'), ticksIn(first, 'first'))
    t.equal(ticksIn(all, 'second'), ticksIn(second, 'second'))
  }
  t.equal(one.next().startTimeMillis > second.startTimeMillis, true)
  one.close()
  burn(100)
  t.equal(ticksOf(one.next()), 0, 'one that is closed takes no more')
  t.ok(ticksOf(other.next()) > 5)
  other.close()
})

t.test('a window has only the stacks that it needs, whatever was there before', async (t) => {
  const source = new WindowSource()
  t.teardown(() => {
    source.close()
  })
  const long = source.open()
  for (let depth = 0; depth < 40; depth++) deep(depth, 20)
  const windows = source.open()
  burn(100)
  const window = windows.next()
  t.ok(window.stacks.length < long.next().stacks.length / 2)
  t.ok(ticksOf(window) > 5)
  for (const each of [windows, long]) each.close()
})

function deep(depth: number, millis: number): number {
  return depth === 0 ? burn(millis) : deep(depth - 1, millis) + 1
}
