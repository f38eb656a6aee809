// prove.mjs <tarball> — what a user does first with the package, in an empty project outside the repository, on the running
// node: installs it without scripts, imports it, requires it, preloads it, and runs `npx nativeprof run`. A line per proof;
// the first that fails ends it.

import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { isMain } from '../is-main.mjs'
import { expect, run, succeed } from './command.mjs'

const PROGRAMS = fileURLToPath(new URL('project', import.meta.url))
/** Of half a second of CPU time at 100 Hz, on a machine as busy as may be. */
const SOME_TICKS = 20

/** An empty project with the package installed, and the programs in project/. Returns its folder; who asked removes it. */
export function installIntoEmptyProject(tarball) {
  const folder = mkdtempSync(join(tmpdir(), 'nativeprof-project-'))
  writeFileSync(join(folder, 'package.json'), '{ "name": "empty-project", "private": true }\n')
  // A registry may have a bad minute.
  const patience = ['--prefer-offline', '--fetch-retries=5']
  const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error', ...patience]
  succeed('npm', ['install', ...flags, resolve(tarball)], { cwd: folder })
  cpSync(PROGRAMS, folder, { recursive: true })
  return folder
}

/** Throws an error that says what is not so. */
export function prove(tarball, say) {
  const cwd = installIntoEmptyProject(tarball)
  try {
    const lock = JSON.parse(readFileSync(join(cwd, 'package-lock.json'), 'utf8'))
    const scripted = Object.entries(lock.packages).filter(([, entry]) => entry.hasInstallScript === true)
    expect(scripted.length === 0, 'no package has an install script', scripted)
    say('installs without a script')
    for (const program of ['import.mjs', 'require.cjs']) {
      checkSampled(JSON.parse(succeed(process.execPath, [program], { cwd })), program)
      say(`${program.split('.')[0]}s`)
    }
    const preload = run(process.execPath, ['-r', 'nativeprof/auto', 'busy.cjs'], {
      cwd,
      env: { NATIVEPROF_OUT: 'preload.collapsed' },
    })
    expect(preload.code === 3 && preload.stdout === 'done\n', 'the preload changes nothing', preload)
    expect(
      /^.*;spin .* \d+$/m.test(readFileSync(join(cwd, 'preload.collapsed'), 'utf8')),
      'the preload finds the loop',
    )
    say('preloads with -r nativeprof/auto')
    const ran = run('npx', ['--no-install', 'nativeprof', 'run', 'busy.cjs'], { cwd })
    expect(ran.code === 3 && ran.stdout === 'done\n', 'nativeprof run ends as the program', ran)
    expect(/\bspin\b/.test(ran.stderr), 'nativeprof run prints the loop', ran.stderr)
    const html = readdirSync(cwd).filter(
      (name) => name.startsWith('nativeprof-busy-') && name.endsWith('.html'),
    )
    expect(html.length === 1, 'nativeprof run writes one HTML file', html)
    say('runs with npx nativeprof run')
  } finally {
    rmSync(cwd, { recursive: true, force: true })
  }
}

/** Checks what the programs in project/ print about their own loop. */
export function checkSampled(result, what) {
  const { ticks, samples, dropped, notWalkable, spins } = result
  expect(ticks >= SOME_TICKS && spins === true, `${what} finds its loop`, result)
  expect(ticks === samples + dropped + notWalkable, `${what} accounts for each tick`, result)
}

if (isMain(import.meta.url)) {
  try {
    const [tarball] = process.argv.slice(2)
    expect(tarball !== undefined, 'usage: node scripts/package/prove.mjs <tarball>')
    prove(tarball, (what) => console.log(`${process.version} ${what}`))
  } catch (error) {
    console.error(`prove: ${error.message}`)
    process.exitCode = 1
  }
}
