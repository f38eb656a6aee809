// A text in parts: of a useful size, again and again, and whole if it fits.

import t from 'tap'
import { inParts, wholeText } from '#lib/formats/parts.js'

t.test('small pieces are put together, and can be gone through again', async (t) => {
  const pieces = Array.from({ length: 100_000 }, (_, i) => `${i}\n`)
  const parts = inParts(() => pieces)
  const first = [...parts]
  t.ok(first.length < 20, `${first.length} parts`)
  t.equal(first.join(''), pieces.join(''))
  t.strictSame([...parts], first)
  t.strictSame([...inParts(() => [])], [])
})

t.test('what is longer than a text can be is an error that says what to do', async (t) => {
  const mebibyte = 'x'.repeat(2 ** 20)
  t.equal(wholeText(Array.from({ length: 3 }, () => mebibyte)).length, 3 * 2 ** 20)
  t.throws(() => wholeText(Array.from({ length: 512 }, () => mebibyte)), {
    code: 'ERR_NATIVEPROF_OUTPUT',
    message: /nativeprof convert/,
  })
})
