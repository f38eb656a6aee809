// Who the threads of a recording are: met, announced, attached, ended.

import t from 'tap'
import {
  MAIN_TID,
  code,
  drained,
  main,
  namesOf,
  record,
  sample,
  textsOf,
  worker,
} from './support/draining.js'
import { nativeAddress, sampleRecord, threadRecord } from './support/raw-bytes.js'
import { fn, inNative } from './support/symbolizing.js'

t.test('workers are called by their number and the name that they were given', async (t) => {
  const { recording, profile } = record()
  recording.add(
    drained({
      threads: [
        main(),
        worker({ number: 2, tid: 201, workerId: 1, name: 'resizer' }),
        worker({ number: 3, tid: 202, workerId: 2, name: '' }),
        worker({ number: 4, tid: 203, workerId: 3, name: 'WorkerThread' }),
      ],
    }),
  )
  t.strictSame(profile().threads, [
    { name: 'main', kind: 'main', tid: MAIN_TID },
    { name: '1 (resizer)', kind: 'worker', tid: 201 },
    { name: '2', kind: 'worker', tid: 202 },
    { name: '3', kind: 'worker', tid: 203 },
  ])
})

t.test('threads without JavaScript have the name that the kernel has for them', async (t) => {
  const { recording, profile } = record()
  const leaf = { threadNumber: 0n, addresses: [nativeAddress(-inNative('start_thread'))] }
  recording.add(
    drained({
      records: [
        threadRecord({ tid: 300n, name: 'vips worker' }),
        sampleRecord({ ...leaf, tid: 300n }),
        sampleRecord({ ...leaf, tid: 301n }),
      ],
    }),
  )
  t.strictSame(profile().threads.slice(1), [
    { name: 'vips worker', kind: 'other', tid: 300 },
    { name: '', kind: 'other', tid: 301 },
  ])
  t.strictSame(textsOf(profile()), [
    ': (other threads);start_thread 1',
    'vips worker: (other threads);start_thread 1',
  ])
})

t.test('a thread that is met before it attaches, and after it has detached, is one thread', async (t) => {
  const { recording, profile } = record()
  const own = { tid: 201n, addresses: [nativeAddress(-inNative('start_thread'))] }
  recording.add(
    drained({ threads: [main()], records: [threadRecord({ tid: 201n, name: 'node' }), sampleRecord(own)] }),
  )
  t.strictSame(profile().threads[1], { name: 'node', kind: 'other', tid: 201 })
  recording.add(
    drained({
      threads: [worker({ number: 2, tid: 201, workerId: 1, name: 'a', codeEvents: code(fn('task')) })],
      records: [
        sampleRecord(own),
        sample({ tid: 201n, threadNumber: 2n }),
        // The announcement may have waited for room in the ring.
        threadRecord({ tid: 201n, name: 'node' }),
      ],
    }),
  )
  recording.add(
    drained({
      threads: [worker({ number: 2, tid: 201, workerId: 1, name: 'a', hasEnded: true })],
      records: [sampleRecord(own)],
    }),
  )
  t.strictSame(profile().threads.slice(1), [{ name: '1 (a)', kind: 'worker', tid: 201 }])
  t.strictSame(textsOf(profile()), ['1 (a): (other threads);start_thread 3', '1 (a): task 1'])
})

t.test('the main thread has ticks before it listens; they are its own', async (t) => {
  const { recording, profile } = record()
  recording.add(
    drained({
      records: [
        threadRecord({ tid: BigInt(MAIN_TID), name: 'node' }),
        sampleRecord({ tid: BigInt(MAIN_TID), addresses: [nativeAddress(-inNative('main'))] }),
      ],
    }),
  )
  t.strictSame(profile().threads, [{ name: 'main', kind: 'main', tid: MAIN_TID }])
})

t.test('what is known of a thread that ended is kept until no sample of it can come', async (t) => {
  const { recording, profile } = record()
  const task = sample({ tid: 201n, threadNumber: 2n })
  const ending = { number: 2, tid: 201, workerId: 1, name: '' }
  recording.add(
    drained({ threads: [main(), worker({ ...ending, codeEvents: code(fn('task')) })], records: [task] }),
  )
  recording.add(
    drained({ threads: [worker({ ...ending, hasEnded: true })], records: [task], consistent: false }),
  )
  recording.add(drained({ records: [task], consistent: false }))
  recording.add(drained({ records: [task], consistent: true }))
  t.strictSame(textsOf(profile()), ['1: task 4'], 'samples that were in the buffer still have their stacks')
  t.throws(
    () => {
      recording.add(drained({ records: [task] }))
    },
    /thread 2 has not been announced/,
    'now it is forgotten',
  )
})

t.test('what is known of a thread that has not ended is not forgotten', async (t) => {
  const { recording, profile } = record()
  recording.add(drained({ threads: [main()], consistent: true }))
  recording.add(drained({ records: [sample({})], consistent: true }))
  t.strictSame(textsOf(profile()), ['main: main 1'])
})

t.test('the code of two threads is not the same, though it lies at the same address', async (t) => {
  const { recording, profile } = record()
  recording.add(
    drained({
      threads: [
        main(),
        worker({ number: 2, tid: 201, workerId: 1, name: '', codeEvents: code(fn('task')) }),
        worker({ number: 3, tid: 201, workerId: 2, name: '', codeEvents: code(fn('next')) }),
      ],
      records: [
        sample({}),
        sample({ tid: 201n, threadNumber: 2n }),
        sample({ tid: 201n, threadNumber: 3n }),
        sample({}),
      ],
    }),
  )
  t.strictSame(
    profile().totals.map(({ stackId, ticks }) => `${namesOf(profile(), stackId)} ${ticks}`),
    ['main 2', 'task 1', 'next 1'],
  )
})

t.test('a sample of a thread that nobody announced is a fault of ours', async (t) => {
  const { recording } = record()
  t.throws(() => {
    recording.add(drained({ records: [sample({ threadNumber: 9n })] }))
  }, /thread 9 has not been announced/)
})
