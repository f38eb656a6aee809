// bundle.mjs <folder> — webpack makes one file of some hundred modules of three packages; what it writes goes to the folder.
// Without its minimizer, which starts processes of its own.

import process from 'node:process'
import { fileURLToPath } from 'node:url'
import webpack from 'webpack'

const entry = `data:text/javascript,${encodeURIComponent(`
  import * as dates from 'date-fns'
  import { parse } from 'acorn'
  import lodash from 'lodash'
  console.log(Object.keys(dates).length, parse('1'), lodash.VERSION)
`)}`

const compiler = webpack({
  mode: 'production',
  target: 'node',
  context: fileURLToPath(new URL('..', import.meta.url)),
  entry,
  output: { path: process.argv[2], filename: 'bundle.js' },
  optimization: { minimize: false },
  cache: false,
})
compiler.run((error, stats) => {
  if (error) throw error
  if (stats.hasErrors()) throw new Error(stats.toString({ errors: true, all: false }))
  compiler.close((closing) => {
    if (closing) throw closing
    console.log(stats.compilation.modules.size)
  })
})
