import { gunzipSync } from 'node:zlib'
import t from 'tap'
import { FORMATS, formatNamed, formatOfFile } from '#lib/formats/index.js'
import { buildProfile, js } from '../support/profile-builder.js'

t.test('every format writes any profile', async (t) => {
  for (const { name, write } of FORMATS) {
    t.match(textOf(write(buildProfile([{ stack: [js('work')] }]))), 'work', name)
    t.doesNotThrow(() => write(buildProfile([])), name)
  }
})

t.test('a format is known by its name', async (t) => {
  for (const format of FORMATS) t.equal(formatNamed(format.name), format)
  t.throws(() => formatNamed('svg'), { code: 'ERR_NATIVEPROF_UNKNOWN_FORMAT', message: /"svg".*collapsed/ })
})

t.test('a format is known by the ending of a file', async (t) => {
  for (const format of FORMATS)
    for (const ending of format.endings) t.equal(formatOfFile(`a/b${ending}`), format)
  t.equal(formatOfFile('A.HTML').name, 'html')
  const unknown = { code: 'ERR_NATIVEPROF_UNKNOWN_FORMAT', message: /"a\.json".*\.speedscope\.json/ }
  t.throws(() => formatOfFile('a.json'), unknown)
})

function textOf(content: string | Uint8Array): string {
  return typeof content === 'string' ? content : gunzipSync(content).toString()
}
