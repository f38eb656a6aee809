// The loader: every file of the addon, in the node that it was not built for, is a coded error and no dead process.

import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { openBinding } from '#lib/binding.js'
import { NativeprofError } from 'nativeprof'
import { ROOT } from './support/run-program.js'

const folder = join(ROOT, 'prebuilds', `${process.platform}-${process.arch}`)
const files = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.node')) : []
const isForThisNode = (name: string): boolean => name.includes(`.abi${process.versions.modules}.`)

t.test('the file for this node loads, and says so', (t) => {
  const [own = ''] = files.filter(isForThisNode)
  t.equal(openBinding(join(folder, own)).abi, process.versions.modules)
  t.end()
})

t.test(
  'files for other versions are refused with the reason and the way out',
  {
    skip: files.every(isForThisNode)
      ? 'no other version has been built: npm run prebuild -- linux-x64'
      : false,
  },
  (t) => {
    for (const name of files.filter((each) => !isForThisNode(each))) {
      try {
        openBinding(join(folder, name))
        t.fail(`${name} was loaded into ABI ${process.versions.modules}`)
      } catch (error) {
        t.type(error, NativeprofError)
        t.match(error, { code: 'ERR_NATIVEPROF_NO_BINDING', message: /ABI \d+.*npm run build/s }, name)
      }
    }
    t.end()
  },
)
