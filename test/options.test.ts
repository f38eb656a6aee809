// What a user may ask of a sampler, and what each refusal says. sampler.test.ts has what startSampler() makes of it.

import t from 'tap'
import { checkOptions } from '#lib/options.js'
import { MAX_HZ, timerNamed, whyNoTimer } from '#lib/timers.js'

const INVALID = { code: 'ERR_NATIVEPROF_INVALID_ARGUMENT' }
const DEFAULTS = { hz: 100, maxDepth: 256, bufferBytes: 8 * 2 ** 20, timer: 'process', mayMoveTimer: true }

t.test('what is not given is the default', async (t) => {
  t.strictSame(checkOptions({}), DEFAULTS)
  t.strictSame(checkOptions({ hz: undefined, timer: undefined }), DEFAULTS)
  t.strictSame(checkOptions({ timer: 'wall', hz: 19 }), {
    ...DEFAULTS,
    timer: 'wall',
    mayMoveTimer: false,
    hz: 19,
  })
})

t.test('how fast a timer may tick depends on the timer', async (t) => {
  for (const [timer, max] of Object.entries({ process: 1000, thread: 1000, perf: 10_000, wall: 1000 })) {
    t.equal(checkOptions({ timer, hz: max }).hz, max, timer)
    t.throws(() => checkOptions({ timer, hz: max + 0.5 }), {
      ...INVALID,
      message: new RegExp(`^hz must be a number from 1 to ${max}, not ${max}\\.5`),
    })
    t.throws(() => checkOptions({ timer, hz: 0.5 }), { ...INVALID, message: /^hz must be/ })
  }
})

t.test('the buffer grows with the rate, unless its size is given', async (t) => {
  t.equal(checkOptions({ timer: 'perf', hz: 10_000 }).bufferBytes, 81_920_000)
  t.equal(checkOptions({ timer: 'perf', hz: 10_000, bufferBytes: 65_536 }).bufferBytes, 65_536)
  t.equal(checkOptions({ hz: 1000 }).bufferBytes, DEFAULTS.bufferBytes)
})

t.test('who asks for more than the timer can is told which one can, if one can', async (t) => {
  const message = "hz must be a number from 1 to 1000, not 5000; with timer: 'perf' it may go up to 10000"
  t.throws(() => checkOptions({ hz: 5000 }), { ...INVALID, message })
  t.throws(() => checkOptions({ hz: 10_001 }), { message: 'hz must be a number from 1 to 1000, not 10001' })
  t.throws(() => checkOptions({ timer: 'perf', hz: 10_001 }), {
    message: 'hz must be a number from 1 to 10000, not 10001',
  })
})

t.test('an unknown timer is refused with the list', async (t) => {
  const list = 'must be one of process, thread, perf, wall, not'
  for (const timer of ['cpu', '', 'Process', 'constructor', null, 1, {}, ['perf']]) {
    t.throws(() => checkOptions({ timer }), { ...INVALID, message: new RegExp(`^timer ${list} `) })
  }
  t.throws(() => timerNamed('--timer', 'fast'), { ...INVALID, message: `--timer ${list} 'fast'` })
})

t.test('an unknown option is refused with the list', async (t) => {
  t.throws(() => checkOptions({ herz: 1 }), {
    ...INVALID,
    message: "there is no option 'herz'; there are hz, maxDepth, bufferBytes, timer",
  })
  t.throws(() => checkOptions({ toString: 1 }), INVALID, 'what every object has is no option')
})

t.test('a timer that cannot be had is refused with the one that can', async (t) => {
  for (const [timer, instead] of [
    ['thread', "timer: 'process'"],
    ['wall', "timer: 'process'"],
    ['perf', "timer: 'thread', up to 1000 Hz"],
  ] as const) {
    t.equal(whyNoTimer(timer, 'no'), `timer: '${timer}' is not available here: no; use ${instead}`)
  }
  t.strictSame(Object.keys(MAX_HZ), ['process', 'thread', 'perf', 'wall'])
})
