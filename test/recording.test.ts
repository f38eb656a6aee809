// What becomes of drains, without a sampler: what is added up, weighed, and said. Threads are in recording-threads.test.ts.

import t from 'tap'
import type { Profile } from '#lib/profile.js'
import { MAX_SAMPLES } from '#lib/recording.js'
import {
  MAIN_TID,
  PERIOD_NANOS,
  START_NANOS,
  code,
  drained,
  main,
  record,
  sample,
  textsOf,
  worker,
} from './support/draining.js'
import { overflowRecord } from './support/raw-bytes.js'
import { CODE, fn } from './support/symbolizing.js'

t.test('samples are added up by stack and thread, and listed in order', async (t) => {
  const { recording, profile } = record()
  recording.add(
    drained({
      threads: [main()],
      records: [
        sample({ timeNanos: BigInt(START_NANOS + 10) }),
        sample({ timeNanos: BigInt(START_NANOS + 20), ticks: 3n }),
        sample({ timeNanos: BigInt(START_NANOS + 30), addresses: [BigInt(CODE + 150), BigInt(CODE + 50)] }),
      ],
      counters: { ticks: 5, samples: 5 },
    }),
  )
  const { samples, totals } = profile()
  t.strictSame(
    samples.map(({ timeNanos, ticks, weightNanos }) => [timeNanos, ticks, weightNanos]),
    [
      [10, 1, PERIOD_NANOS],
      [20, 3, 3 * PERIOD_NANOS],
      [30, 1, PERIOD_NANOS],
    ],
  )
  t.strictSame(
    totals.map(({ ticks, weightNanos, threadId }) => [ticks, weightNanos, threadId]),
    [
      [4, 4 * PERIOD_NANOS, 0],
      [1, PERIOD_NANOS, 0],
    ],
  )
  t.strictSame(textsOf(profile()), ['main: main 4', 'main: main;work 1'])
})

t.test('samples are added up by the labels that they ran under', async (t) => {
  const texts = ['', '[["route","/a"]]', '[["route","/b"]]', '[["route","/a"]]']
  const { recording, profile } = record((number) => texts[number] ?? '')
  const records = [1n, 2n, 0n, 3n, 2n, 99n].map((labelNumber) => sample({ labelNumber, tid: 100n }))
  const late = sample({ addresses: [], threadNumber: 0n, tid: 100n })
  recording.add(
    drained({ threads: [main()], records: [...records, late], counters: { ticks: 7, samples: 7 } }),
  )
  const { labelSets, totals, samples, notes } = profile()
  t.strictSame(labelSets, [{}, { route: '/a' }, { route: '/b' }])
  t.strictSame(
    totals.map(({ labelsId, ticks }) => [labelsId, ticks]),
    [
      [1, 2],
      [2, 2],
      [0, 3],
    ],
    'two numbers may stand for one set',
  )
  t.strictSame(
    samples.map(({ labelsId }) => labelsId),
    [1, 2, 0, 1, 2, 0, 0],
    'a late tick has those of the sample before it',
  )
  t.match(notes.join(), /1 samples have no labels: too many others came/)
})

t.test('a tick that was late when sampling ended belongs to the last stack of its thread', async (t) => {
  const { recording, profile } = record()
  const late = (tid: bigint) => sample({ addresses: [], threadNumber: 0n, tid })
  recording.add(
    drained({
      threads: [main()],
      records: [
        sample({ addresses: [BigInt(CODE + 150), BigInt(CODE + 50)] }),
        late(BigInt(MAIN_TID)),
        late(77n),
      ],
      counters: { ticks: 3, samples: 3 },
    }),
  )
  t.strictSame(textsOf(profile()), [': (other threads) 1', 'main: main;work 2'])
})

t.test('a tick from before the start is at the start', async (t) => {
  const { recording, profile } = record()
  recording.add(drained({ threads: [main()], records: [sample({ timeNanos: BigInt(START_NANOS - 1) })] }))
  t.equal(profile().samples[0]?.timeNanos, 0)
})

t.test('counters and costs are those of the last drain', async (t) => {
  const { recording, profile } = record()
  recording.add(drained({ counters: { ticks: 2, samples: 2 } }))
  const counters = {
    ticks: 9,
    samples: 5,
    dropped: 3,
    notWalkable: 1,
    truncated: 2,
    walkedByV8: 4,
    forwarded: 6,
  }
  recording.add(drained({ counters: { ...counters, handlerNanos: 7, codeEventNanos: 8 } }))
  t.strictSame(profile().counters, counters)
  t.match(profile().cost, { handlerNanos: 7, codeEventNanos: 8 })
  t.ok(profile().cost.drainNanos > 0)
})

t.test('weights are scaled to the CPU time where ticks do not agree with it', async (t) => {
  const { recording } = record()
  recording.add(
    drained({
      threads: [main()],
      records: [sample({ ticks: 100n })],
      counters: { ticks: 100, samples: 100 },
    }),
  )
  const of = (ticksOfCpu: number): Profile =>
    recording.toProfile({ durationNanos: 1e9, cpuNanos: ticksOfCpu * PERIOD_NANOS, notes: ['first'] })
  t.match(of(100), { coverage: 1, weightScale: 1, notes: ['first'] })
  t.equal(of(105).weightScale, 1, 'five ticks of slack')
  const scaled = of(125)
  t.match(scaled, { coverage: 0.8, weightScale: 1.25 })
  t.equal(scaled.totals[0]?.weightNanos, 125 * PERIOD_NANOS)
  t.match(scaled.notes, ['first', /^80\.0 % of the ticks came .*scaled by 1\.250$/])
  t.strictSame(of(0).coverage, NaN)
})

t.test('notes say what was degraded', async (t) => {
  const { recording, profile } = record()
  t.strictSame(profile().notes, [])
  recording.add(
    drained({
      threads: [{ ...main(), unknownLayout: 'frame type' }],
      records: [overflowRecord(1n, 7n), sample({ addresses: [BigInt(CODE + 900)] })],
      counters: { ticks: 8, samples: 1, dropped: 7 },
    }),
  )
  t.match(profile().notes.slice(-3), [
    /^7 ticks are in no stack: the buffer was full/,
    /\(unknown code\)$/,
    /^this V8 lays out its frames in another way than known \(frame type\)/,
  ])
})

t.test('a profile does not change when the recording goes on', async (t) => {
  const { recording, profile } = record()
  recording.add(drained({ threads: [main()], records: [sample({})] }))
  const before = profile()
  const copy = structuredClone(before)
  recording.add(
    drained({
      threads: [worker({ number: 2, tid: 201, workerId: 1, name: '', codeEvents: code(fn('task')) })],
      records: [sample({}), sample({ tid: 201n, threadNumber: 2n })],
      counters: { ticks: 3, samples: 3 },
    }),
  )
  t.strictSame(before, copy)
  t.strictSame(profile().stacks.slice(0, before.stacks.length), before.stacks, 'and ids stay the same')
})

t.test('the list of samples keeps the latest, the totals keep all', async (t) => {
  const { recording, profile } = record()
  const more = 10
  const one = Buffer.concat([sample({}), sample({ ticks: 2n })])
  recording.add(drained({ threads: [main()], records: Array<Buffer>(MAX_SAMPLES / 2).fill(one) }))
  const late = Array.from({ length: more }, (_, i) => sample({ timeNanos: BigInt(START_NANOS + 1 + i) }))
  recording.add(drained({ records: late }))
  const { samples, samplesForgotten } = profile()
  t.equal(samples.length, MAX_SAMPLES)
  t.equal(samplesForgotten, more)
  t.strictSame(
    samples.slice(-more - 1).map(({ timeNanos }) => timeNanos),
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
    'in order of time',
  )
  t.strictSame(textsOf(profile()), [`main: main ${(MAX_SAMPLES / 2) * 3 + more}`])
})
