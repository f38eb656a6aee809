// compiled.mjs — compiles one small C++ program of this folder, and runs it.

import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { HERE, KEPT, ROOT } from '../places.mjs'

/** What the program `name`.cc prints, as JSON. */
export function runCompiled(name, ...args) {
  mkdirSync(KEPT, { recursive: true })
  const program = join(KEPT, name)
  const flags = ['-std=c++17', '-O2', '-Wall', '-Wextra', '-Werror', '-pthread', `-I${join(ROOT, 'native')}`]
  execFileSync(process.env.CXX ?? 'g++', [...flags, '-o', program, join(HERE, 'micro', `${name}.cc`)])
  return JSON.parse(execFileSync(program, args.map(String), { encoding: 'utf8' }))
}
