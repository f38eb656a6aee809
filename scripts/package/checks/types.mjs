// types.mjs — the types resolve as TypeScript's settings have it, without skipLibCheck, and a TypeScript project runs.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { ROOT } from '../../native-build.mjs'
import { succeed } from '../command.mjs'
import { checkSampled } from '../prove.mjs'

const TSC = join(ROOT, 'node_modules/typescript/bin/tsc')

const PROGRAM = `
import { NativeprofError, startSampler, toCollapsed, type Profile, type SamplerOptions } from 'nativeprof'
import 'nativeprof/auto'
const options: SamplerOptions = { hz: 100 }
const sampler = startSampler(options)
function spin(micros: number): void {
  for (const start = process.cpuUsage(); ; ) {
    for (let i = 0; i < 1e5; i++) Math.sqrt(i)
    const { user, system } = process.cpuUsage(start)
    if (user + system >= micros) return
  }
}
spin(500_000)
const profile: Profile = sampler.stop()
const { ticks, samples, dropped, notWalkable } = profile.counters
const error: unknown = new NativeprofError('ERR_NATIVEPROF_OUTPUT', 'x')
const code: string = error instanceof NativeprofError ? error.code : 'none'
console.log(JSON.stringify({ ticks, samples, dropped, notWalkable, code, spins: toCollapsed(profile).includes('spin') }))
`
const GLOBALS = `
declare const process: { cpuUsage(before?: { user: number; system: number }): { user: number; system: number } }
declare const console: { log(text: string): void }
`
// module, moduleResolution
const SETTINGS = [
  ['node16', 'node16'],
  ['node18', 'node16'],
  ['nodenext', 'nodenext'],
  ['esnext', 'bundler'],
]

export function check({ project, say }) {
  writeFileSync(join(project, 'globals.d.ts'), GLOBALS)
  for (const file of ['as-module.mts', 'as-commonjs.cts']) writeFileSync(join(project, file), PROGRAM)
  for (const [module, moduleResolution] of SETTINGS) {
    compile(project, { module, moduleResolution, noEmit: true })
    say(`types resolve under module ${module}, moduleResolution ${moduleResolution}`)
  }
  compile(project, { module: 'node16', moduleResolution: 'node16', outDir: 'compiled' })
  for (const file of ['as-module.mjs', 'as-commonjs.cjs']) {
    // The preload, imported as well, must stay out of the way here.
    const env = { NATIVEPROF: '0' }
    const printed = succeed(process.execPath, [join('compiled', file)], { cwd: project, env })
    checkSampled(JSON.parse(printed), file)
    say(`compiled TypeScript runs: ${file}`)
  }
}

function compile(project, settings) {
  const compilerOptions = {
    strict: true,
    target: 'es2022',
    lib: ['es2022', 'esnext.disposable'],
    types: [],
    ...settings,
  }
  const files = ['globals.d.ts', 'as-module.mts', 'as-commonjs.cts']
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }))
  succeed(process.execPath, [TSC, '-p', project], { cwd: project })
}
