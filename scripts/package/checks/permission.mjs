// permission.mjs — under node's permission model: a coded word where addons are forbidden, work where they are allowed.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { expect, run, succeed } from '../command.mjs'
import { checkSampled } from '../prove.mjs'

export function check({ project, say }) {
  const flag = process.versions.node.startsWith('20.') ? '--experimental-permission' : '--permission'
  const flags = [flag, '--no-warnings', `--allow-fs-read=${project}/*`]
  const forbidden = run(process.execPath, [...flags, 'import.mjs'], { cwd: project })
  const isClear =
    /ERR_NATIVEPROF_ADDONS_FORBIDDEN/.test(forbidden.stderr) && /--allow-addons/.test(forbidden.stderr)
  expect(forbidden.code === 1 && isClear, 'without --allow-addons the error says so', forbidden)
  say('permission model: a coded error without --allow-addons')
  const preloaded = run(process.execPath, [...flags, '-r', 'nativeprof/auto', 'busy.cjs'], { cwd: project })
  expect(
    preloaded.code === 3 && preloaded.stdout === 'done\n',
    'under the preload the program runs',
    preloaded,
  )
  expect(/^nativeprof: .*--allow-addons.*\n$/.test(preloaded.stderr), 'and a line says why', preloaded.stderr)
  say('permission model: under the preload the program runs without a profile, and a line says why')
  const allowed = [...flags, '--allow-addons']
  checkSampled(
    JSON.parse(succeed(process.execPath, [...allowed, 'import.mjs'], { cwd: project })),
    'import.mjs',
  )
  const writing = [...allowed, `--allow-fs-write=${project}/*`, '-r', 'nativeprof/auto', 'busy.cjs']
  const env = { NATIVEPROF_OUT: 'permitted.collapsed' }
  expect(
    run(process.execPath, writing, { cwd: project, env }).code === 3,
    'the preload works with --allow-addons',
  )
  expect(readFileSync(join(project, 'permitted.collapsed'), 'utf8').includes(';spin '), 'and finds the loop')
  say('permission model: works with --allow-addons')
}
