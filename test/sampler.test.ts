// startSampler(): its options, what it gives, who shares it. Runs in this process.

import { createRequire } from 'node:module'
import t from 'tap'
import { NativeprofError, framesRootFirst, functionOf, startSampler, subtract, toCollapsed } from 'nativeprof'
import type { Profile } from 'nativeprof'

/** Uses CPU time, however much of it the machine has to give. */
function burn(millis: number): number {
  let sum = 0
  const start = process.cpuUsage()
  const usedMillis = (): number => {
    const { user, system } = process.cpuUsage(start)
    return (user + system) / 1000
  }
  while (usedMillis() < millis) for (let i = 0; i < 1e5; i++) sum += Math.sqrt(i)
  return sum
}

function refusal(action: () => unknown): NativeprofError {
  try {
    action()
  } catch (error) {
    if (error instanceof NativeprofError) return error
    throw error
  }
  throw new Error('it was accepted')
}

t.test('a recording accounts for every tick', (t) => {
  const sampler = startSampler({ hz: 200 })
  t.equal(sampler.running, true)
  burn(500)
  const profile = sampler.stop()
  t.equal(sampler.running, false)
  const { ticks, samples, dropped, notWalkable } = profile.counters
  t.equal(ticks, samples + dropped + notWalkable)
  t.ok(ticks > 50, `${ticks} ticks`)
  t.equal(sum(profile.totals), samples, 'the totals are complete')
  t.equal(sum(profile.samples), samples, 'and so is the list')
  t.equal(profile.periodMicros, 5000)
  t.ok(profile.samples.every(({ timeNanos }) => timeNanos >= 0 && timeNanos <= profile.durationNanos))
  t.match(toCollapsed(profile), /burn .*sampler\.test/)
  t.strictSame(structuredClone(profile), profile, 'plain data')
  t.end()
})

t.test('every frame has a name, and JavaScript has its place and tier', (t) => {
  const sampler = startSampler({ hz: 250 })
  burn(300)
  const profile = sampler.stop()
  for (const { stackId } of profile.totals) {
    for (const frame of framesRootFirst(profile, stackId)) {
      const { name, url, line, column } = functionOf(profile, frame)
      t.ok(name.length > 0)
      if (frame.kind !== 'js') continue
      t.ok(frame.tier, name)
      if (url !== '') t.ok(line >= 1 && column >= 1, `${name} ${url}:${line}:${column}`)
    }
  }
  t.end()
})

t.test('snapshots grow, keep their ids, and subtract', (t) => {
  const sampler = startSampler()
  burn(200)
  const first = sampler.snapshot()
  burn(200)
  const second = sampler.snapshot()
  const last = sampler.stop()
  t.ok(second.counters.ticks > first.counters.ticks)
  t.strictSame(second.functions.slice(0, first.functions.length), first.functions)
  t.strictSame(second.stacks.slice(0, first.stacks.length), first.stacks)
  const window = subtract(second, first)
  t.equal(window.counters.ticks, second.counters.ticks - first.counters.ticks)
  t.equal(sum(window.totals), window.counters.samples)
  t.equal(sum(window.samples), window.counters.samples)
  t.equal(sampler.stop(), last, 'stop() again gives the same')
  t.equal(sampler.snapshot(), last)
  t.throws(() => subtract(first, second), RangeError)
  t.end()
})

t.test('a second sampler shares the first if it asks for the same, and gets its own window', (t) => {
  const outer = startSampler({ hz: 100 })
  burn(200)
  const inner = startSampler()
  burn(200)
  const part = inner.stop()
  t.equal(outer.running, true)
  burn(100)
  const whole = outer.stop()
  t.ok(part.counters.ticks > 5 && part.counters.ticks < whole.counters.ticks * 0.7)
  t.equal(sum(part.totals), part.counters.samples)
  const again = startSampler({ hz: 50 })
  t.equal(again.stop().periodMicros, 20_000, 'when all have stopped, other settings are welcome')
  t.end()
})

t.test('a second sampler with other settings is refused', (t) => {
  const sampler = startSampler({ hz: 100 })
  const error = refusal(() => startSampler({ hz: 99 }))
  t.equal(error.code, 'ERR_NATIVEPROF_ALREADY_RUNNING')
  t.match(error.message, /hz 100/)
  sampler.stop()
  t.end()
})

t.test('bad options are refused by name, with what is allowed', (t) => {
  const bad: [unknown, RegExp][] = [
    [{ hz: 0 }, /hz must be a number from 1 to 1000, not 0/],
    [{ hz: -1 }, /hz/],
    [{ hz: NaN }, /not NaN/],
    [{ hz: 1e9 }, /not 1000000000/],
    [{ hz: '100' }, /not '100'/],
    [{ maxDepth: 100.5 }, /maxDepth must be a whole number/],
    [{ maxDepth: 5 }, /maxDepth must be a number from 16 to 1024/],
    [{ bufferBytes: 1 }, /bufferBytes/],
    [{ herz: 1 }, /no option 'herz'; there are hz, maxDepth, bufferBytes, timer/],
    [null, /takes an object/],
    [100, /takes an object/],
  ]
  for (const [options, message] of bad) {
    const error = refusal(() => startSampler(options as never))
    t.equal(error.code, 'ERR_NATIVEPROF_INVALID_ARGUMENT')
    t.match(error.message, message)
  }
  t.end()
})

t.test('using ends with the block', (t) => {
  const sampler = startSampler()
  sampler[Symbol.dispose]()
  t.equal(sampler.running, false)
  t.end()
})

t.test('require() gives the same module', (t) => {
  const required = createRequire(import.meta.url)('nativeprof') as { startSampler: unknown }
  t.equal(required.startSampler, startSampler)
  t.end()
})

function sum(items: Profile['totals'] | Profile['samples']): number {
  return items.reduce((all, { ticks }) => all + ticks, 0)
}
