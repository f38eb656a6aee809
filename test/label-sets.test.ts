// What labels may be called, what becomes of their values, and that only equal sets are one.

import t from 'tap'
import { checkLabels, checkName, labelsOfText, mergeLabels, textOfLabels } from '#lib/label-sets.js'
import type { Labels } from '#lib/label-sets.js'

const CODE = { code: 'ERR_NATIVEPROF_INVALID_ARGUMENT' }

t.test('labels are strings, whatever they were', async (t) => {
  t.strictSame(checkLabels({ route: '/users', tenant: 7, beta: true, none: undefined }), {
    route: '/users',
    tenant: '7',
    beta: 'true',
  })
})

t.test('names that no reader of profiles could have are refused, and the message says why', async (t) => {
  for (const [name, message] of [
    ['', /empty name/],
    ['thread', /"thread" is reserved/],
    ['thread_id', /reserved/],
    ['thread_name', /reserved/],
    ['__name__', /reserved/],
    ['a b', /cannot be the name/],
    ['1st', /cannot be the name/],
    ['a\nb', /"a\\nb" cannot be the name/],
    ['a\u0000b', /cannot be the name/],
    ['\u001b[31m', /cannot be the name/],
    ['a;b', /cannot be the name/],
    ['größe', /cannot be the name/],
    ['x'.repeat(65), /too long/],
    ['x'.repeat(1e6), /too long/],
  ] as const) {
    t.throws(() => checkLabels({ [name]: 'x' }), { ...CODE, message })
    t.throws(() => {
      checkName(name)
    }, CODE)
  }
  const hostile = JSON.parse('{"__proto__": "x"}') as Labels
  t.throws(() => checkLabels(hostile), CODE)
})

t.test('what is an own property only is one, whatever objects inherit', async (t) => {
  const labels = checkLabels({
    constructor: 'x',
    toString: 'y',
    'http.route': '/',
    _: '1',
  })
  t.strictSame(Object.entries(labels), [
    ['constructor', 'x'],
    ['toString', 'y'],
    ['http.route', '/'],
    ['_', '1'],
  ])
  t.strictSame(labelsOfText(textOfLabels(labels)), labels)
})

t.test('what is no label at all is refused', async (t) => {
  for (const labels of [null, undefined, 'route', 1, ['route']])
    t.throws(() => checkLabels(labels as unknown as Labels), CODE)
  for (const value of [null, {}, [], Symbol('x'), () => 'x', 10n])
    t.throws(() => checkLabels({ route: value } as unknown as Labels), CODE)
})

t.test("values are anybody's, and are made to fit", async (t) => {
  const valueOf = (route: string): string => checkLabels({ route })['route'] ?? ''
  t.equal(valueOf('/a\n\u001b[31mb\u202e\0'), '/a\ufffd\ufffd[31mb\ufffd\ufffd')
  t.equal(valueOf('x'.repeat(300)), `${'x'.repeat(199)}…`)
  t.equal(valueOf('x'.repeat(200)), 'x'.repeat(200))
  t.equal(
    valueOf(`${'x'.repeat(198)}${'😀'.repeat(9)}`),
    `${'x'.repeat(198)}\ufffd…`,
    'no half of a character',
  )
  t.equal(valueOf('\ud800'), '\ufffd')
  t.equal(valueOf('Ω/ü 😀'), 'Ω/ü 😀')
  t.equal(valueOf(''), '')
})

t.test('a set has at most 16 labels, those outside included', async (t) => {
  const labels = (count: number, prefix: string) =>
    Object.fromEntries(Array.from({ length: count }, (_, i) => [`${prefix}${i}`, 'x']))
  t.equal(Object.keys(checkLabels(labels(16, 'a'))).length, 16)
  t.throws(() => checkLabels(labels(17, 'a')), CODE)
  t.throws(() => mergeLabels(labels(9, 'a'), labels(8, 'b')), CODE)
  t.equal(Object.keys(mergeLabels(labels(9, 'a'), labels(9, 'a'))).length, 9)
})

t.test('inner labels come on top of outer ones', async (t) => {
  t.strictSame(mergeLabels({ route: '/a', tenant: 'x' }, { route: '/b' }), { route: '/b', tenant: 'x' })
})

t.test('texts are equal for equal sets, in any order, and for no others', async (t) => {
  t.equal(textOfLabels({ a: '1', b: '2' }), textOfLabels({ b: '2', a: '1' }))
  t.not(textOfLabels({ a: '1","b":"2' }), textOfLabels({ a: '1', b: '2' }))
  t.not(textOfLabels({ a: '1' }), textOfLabels({ b: '1' }))
})
