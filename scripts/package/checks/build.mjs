// build.mjs — `npx nativeprof build` in a project that installed the package: the binary for this node is taken away, built
// from the package's own sources without a network, and used.

import { existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { headersOfRunningNode } from '../../native-build.mjs'
import { expect, run, succeed } from '../command.mjs'
import { checkSampled } from '../prove.mjs'

export function check({ project, say, skip }) {
  const missing = ['c++', 'make', 'python3'].filter((tool) => run('which', [tool], {}).code !== 0)
  if (missing.length > 0) return skip(`there is no ${missing.join(', no ')} here`)
  const folder = join(project, 'node_modules/nativeprof/prebuilds', `${process.platform}-${process.arch}`)
  const own = readdirSync(folder).filter((name) => name.includes(`.abi${process.versions.modules}.`))
  for (const name of own) rmSync(join(folder, name))
  const refused = run(process.execPath, ['import.mjs'], { cwd: project })
  expect(
    /Looked for: .*There: .*npx nativeprof build/.test(refused.stderr),
    'without it the error says what to do',
    refused,
  )
  const nodedir = headersOfRunningNode()
  const env = nodedir === null ? {} : { npm_config_nodedir: nodedir }
  const built = succeed('npx', ['--no-install', 'nativeprof', 'build'], { cwd: project, env })
  const [, file] = /^nativeprof: built (.+)$/m.exec(built) ?? []
  expect(file !== undefined && existsSync(file), 'it says what it built', built)
  checkSampled(JSON.parse(succeed(process.execPath, ['import.mjs'], { cwd: project })), 'import.mjs')
  say(`npx nativeprof build: ${file.split('/').at(-1)}, of the package's own sources`)
}
