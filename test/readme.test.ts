// README.md names everything that the package exports, in the section on the API, and nothing that it does not.

import * as fs from 'node:fs'
import t from 'tap'
import * as nativeprof from '#lib/index.js'

const readme = fs.readFileSync(new URL('../../README.md', import.meta.url), 'utf8')
const section = readme.slice(readme.indexOf('\n## API\n'), readme.indexOf('\n## Support\n'))

t.test('every export has its place in the table of the API, and every name there is an export', (t) => {
  const rows = section.slice(section.indexOf('Everything that is exported')).split('\n\n')[1] ?? ''
  const cells = rows
    .split('\n')
    .slice(2)
    .map((row) => row.split(' | ')[0] ?? '')
  const named = cells.flatMap((cell) => Array.from(cell.matchAll(/`(\w+)/g), ([, name]) => name))
  t.same(named.sort(), Object.keys(nativeprof).sort())
  t.end()
})
