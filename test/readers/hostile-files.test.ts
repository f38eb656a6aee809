// Files that were made to do harm, or broken: ids that lead nowhere or in circles, numbers that no clock shows, stacks without end,
// and very much in little.

import { closeSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { Profile as Message, StringTable } from 'pprof-format'
import t from 'tap'
import { readProfile, toCollapsed, toPprof, toTable } from 'nativeprof'
import { CLI, runNode, scratchFolder } from '../support/run-program.js'

const INPUT = { code: 'ERR_NATIVEPROF_INPUT' } as const
const DEPTH = 200_000

type Json = Record<string, unknown>

const bytesOf = (file: unknown): Uint8Array =>
  Buffer.from(typeof file === 'string' ? file : JSON.stringify(file))

const callFrame = (functionName: unknown): Json => ({
  functionName,
  scriptId: '1',
  url: '/a.js',
  lineNumber: 1,
  columnNumber: 1,
})

function cpuProfile(other: Json): Json {
  return {
    nodes: [
      { id: 1, callFrame: callFrame('(root)'), children: [2] },
      { id: 2, callFrame: callFrame('a') },
    ],
    startTime: 0,
    endTime: 1000,
    samples: [2, 2],
    timeDeltas: [100, 100],
    ...other,
  }
}

function withChildren(children: readonly (readonly number[])[]): Json {
  return cpuProfile({
    nodes: children.map((ids, index) => ({
      id: index + 1,
      callFrame: callFrame(`f${index}`),
      children: ids,
    })),
  })
}

function speedscope(other: Json): Json {
  const sampled = { type: 'sampled', name: 'x', unit: 'none', startValue: 0, endValue: 4 }
  return {
    $schema: 'https://www.speedscope.app/file-format-schema.json',
    shared: { frames: [{ name: 'a' }, { name: 'b' }] },
    profiles: [{ ...sampled, samples: [[0], [0, 1]], weights: [1, 3], ...other }],
  }
}

function pprof(other: (text: (words: string) => number) => object): Uint8Array {
  const strings = new StringTable()
  const text = (words: string): number => strings.dedup(words)
  const message = new Message({
    stringTable: strings,
    sampleType: [
      { type: text('samples'), unit: text('count') },
      { type: text('cpu'), unit: text('nanoseconds') },
    ],
    function: [{ id: 1, name: text('f'), filename: text('/a.js') }],
    location: [{ id: 1, line: [{ functionId: 1, line: 1 }] }],
    sample: [{ locationId: [1], value: [1, 1000] }],
    ...other(text),
  })
  return message.encode()
}

t.test('what the broken files below are made of is read', async (t) => {
  for (const file of [cpuProfile({}), speedscope({})]) t.ok(readProfile(bytesOf(file)).counters.ticks > 0)
  t.equal(readProfile(pprof(() => ({}))).counters.ticks, 1)
})

t.test('ids that lead nowhere, or in circles', async (t) => {
  const line = { functionId: 1, line: 1 }
  const files: readonly (readonly [unknown, RegExp])[] = [
    [withChildren([[2], [1]]), /in a circle/],
    [withChildren([[2], [3], [2]]), /two parents/],
    [withChildren([[1, 2], []]), /two parents|circle/],
    [withChildren([[2, 77], []]), /no node 77/],
    [withChildren([[2, 3], [3], []]), /two parents/],
    [cpuProfile({ samples: [2, 9] }), /no node 9/],
    [cpuProfile({ timeDeltas: [1] }), /more samples than times/],
    [speedscope({ samples: [[0], [9]] }), /no frame 9/],
    [speedscope({ samples: [[0], [-1]] }), /no frame -1/],
    [speedscope({ samples: [[0], [0.5]] }), /no frame 0\.5/],
    [speedscope({ weights: [1] }), /not as many weights/],
    [pprof(() => ({ sample: [{ locationId: [7], value: [1, 1] }] })), /no location 7/],
    [pprof(() => ({ location: [{ id: 1, line: [{ functionId: 8, line: 1 }] }] })), /no function 8/],
    [pprof(() => ({ function: [{ id: 1, name: 5000 }] })), /no string 5000/],
    [
      pprof(() => ({ sample: [{ locationId: [1], value: [1, 1], label: [{ key: 999, str: 1 }] }] })),
      /no string/,
    ],
    [pprof(() => ({ location: [1, 1].map((id) => ({ id, line: [line] })) })), /two locations 1/],
    [pprof(() => ({ sample: [{ locationId: [1], value: [1] }] })), /1 values for 2 types/],
  ]
  for (const [file, message] of files)
    t.throws(() => readProfile(file instanceof Uint8Array ? file : bytesOf(file)), { ...INPUT, message })
})

t.test('numbers that no clock shows', async (t) => {
  const files: readonly (readonly [unknown, RegExp])[] = [
    ['a;b -5\n', /line 1 is not/],
    ['a;b NaN\n', /line 1 is not/],
    ['a;b 1e400\n', /line 1 is not/],
    [`a;b ${'9'.repeat(400)}\n`, /line 1 is not|more than there can be/],
    [cpuProfile({ timeDeltas: [100, null] }), /a time should be a number/],
    [cpuProfile({ timeDeltas: [100, 'x'] }), /a time should be a number/],
    [speedscope({ weights: [1, -3] }), /negative/],
    [speedscope({ weights: [1, null] }), /should be a number/],
    [speedscope({ weights: [1, 1e308], unit: 'seconds' }), /more than there can be/],
    [pprof(() => ({ sample: [{ locationId: [1], value: [-1, -1000] }] })), /negative/],
  ]
  for (const [file, message] of files)
    t.throws(() => readProfile(file instanceof Uint8Array ? file : bytesOf(file)), { ...INPUT, message })
  // What a number can hold is taken as it is.
  const large = pprof(() => ({ sample: [{ locationId: [1], value: [2n ** 63n - 1n, 2n ** 63n - 1n] }] }))
  t.match(toTable(readProfile(large)), /100\.0/)
})

t.test('stacks of very many frames are read and written', async (t) => {
  const chain = Array.from({ length: DEPTH }, (_, i) => (i + 1 < DEPTH ? [i + 2] : []))
  const files: readonly (readonly [string, Uint8Array])[] = [
    ['collapsed', bytesOf(`${'a;'.repeat(DEPTH)}b 1\n`)],
    ['cpuprofile', bytesOf({ ...withChildren(chain), samples: [DEPTH], timeDeltas: [0] })],
    ['speedscope', bytesOf(speedscope({ samples: [[0], Array(DEPTH).fill(1)] }))],
    ['pprof', pprof(() => ({ sample: [{ locationId: Array(DEPTH).fill(1), value: [1, 1] }] }))],
  ]
  for (const [name, bytes] of files) {
    const read = readProfile(bytes)
    t.equal(readProfile(toPprof(read)).counters.ticks, read.counters.ticks, name)
    t.ok(
      toCollapsed(read)
        .split('\n')
        .some((line) => line.split(';').length >= DEPTH),
      name,
    )
  }
  t.throws(() => readProfile(bytesOf('['.repeat(1_000_000))), INPUT)
})

t.test('very much in little is refused before it is unzipped', async (t) => {
  // As gzip files may be put one after the other.
  const zeros = gzipSync(Buffer.alloc(2 ** 26))
  const stacks = gzipSync(Buffer.from('a;b;c;d 1\n'.repeat(2 ** 22)))
  const before = process.resourceUsage().maxRSS
  const bomb = Buffer.concat(Array<Buffer>(64).fill(zeros)) // 4 GiB
  t.throws(() => readProfile(bomb), { ...INPUT, message: /begins with zeros/ })
  t.ok(process.resourceUsage().maxRSS - before < 64 * 1024, 'in KiB')
  const more = Buffer.concat(Array<Buffer>(60).fill(stacks))
  t.throws(() => readProfile(more), { code: 'ERR_NATIVEPROF_INPUT_TOO_LARGE', message: /2 GiB/ })
})

t.test('half a gigabyte of collapsed stacks', async (t) => {
  const file = join(scratchFolder(t), 'huge.collapsed')
  const lines = 'main;parse /app/parser.js:12;next /app/lexer.js:40 3\nmain;print 1\n'
  const chunk = Buffer.from(lines.repeat(2 ** 16))
  const chunks = Math.ceil(500e6 / chunk.length)
  const fd = openSync(file, 'w')
  for (let i = 0; i < chunks; i++) writeSync(fd, chunk)
  closeSync(fd)
  const { stdout, stderr, code } = await runNode([CLI, 'table', file])
  t.equal(code, 0, stderr)
  t.match(stdout, new RegExp(`^ticks +${chunks * 2 ** 16 * 4} = samples`, 'm'))
})
