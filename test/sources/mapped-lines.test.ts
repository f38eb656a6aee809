// The lines that are asked for are decoded as the usual decoder does; of others there is nothing.

import { buildSync } from 'esbuild'
import { decodedMappings, TraceMap } from '@jridgewell/trace-mapping'
import { join } from 'node:path'
import t from 'tap'
import { mappedLines } from '#lib/sources/mapped-lines.js'
import { ROOT } from '../support/run-program.js'

t.test('each line of the map of a real bundle, and none that was not asked for', async (t) => {
  for (const minify of [true, false]) {
    const { outputFiles } = buildSync({
      entryPoints: [join(ROOT, 'dist/sources/resolve.js')],
      outfile: 'out.js',
      ...{ bundle: true, minify, sourcemap: true, format: 'esm', platform: 'node', write: false },
    })
    const map = JSON.parse(outputFiles.find(({ path }) => path.endsWith('.map'))?.text ?? '') as {
      mappings: string
    }
    const expected = decodedMappings(new TraceMap(map as ConstructorParameters<typeof TraceMap>[0]))
    const all = mappedLines(map.mappings, new Set(expected.map((_, index) => index + 1)))
    const segments = expected.reduce((sum, line) => sum + line.length, 0)
    t.ok(segments > 1000)
    t.equal(JSON.stringify(all), JSON.stringify(expected), `${segments} segments`)
    const second = mappedLines(map.mappings, new Set([2]))
    t.strictSame(
      second,
      expected.map((line, index) => (index === 1 ? line : [])),
    )
  }
})

t.test('numbers of several digits, negative ones, and segments of one, four and five fields', async (t) => {
  const lines = mappedLines('A,CAAA,gBADDgB;C;D', new Set([1, 3]))
  t.strictSame(lines, [[[0], [1, 0, 0, 0], [17, 0, -1, -1, 16]], [], [[-1]]])
  t.strictSame(mappedLines('', new Set([1])), [[]])
})
