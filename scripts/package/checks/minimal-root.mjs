// minimal-root.mjs — the package in a minimal Debian, as a slim container image has it: no compiler, no make, no Python; node
// and the installed project are copied in. Once with /proc, as in a container, and once without.

import { cpSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { expect, run, succeed } from '../command.mjs'
import { checkSampled } from '../prove.mjs'

const SUITE = 'bookworm'
const PATH = '/usr/local/bin:/usr/bin:/bin'

export function check({ project, scratch, say, skip }) {
  const missing = ['debootstrap', 'chroot', 'unshare'].filter((tool) => run('which', [tool]).code !== 0)
  if (missing.length > 0) return skip(`there is no ${missing.join(', no ')} here`)
  if (process.getuid() !== 0) return skip('chroot needs root')
  const root = join(scratch, 'root')
  succeed('debootstrap', [
    '--variant=minbase',
    SUITE,
    root,
    ...(process.env.DEBIAN_MIRROR ? [process.env.DEBIAN_MIRROR] : []),
  ])
  const tools = run('chroot', [root, '/usr/bin/which', 'cc', 'gcc', 'g++', 'make', 'python3'])
  expect(tools.stdout === '', 'there is no compiler in it', tools.stdout)
  mkdirSync(join(root, 'usr/local/bin'), { recursive: true })
  cpSync(process.execPath, join(root, 'usr/local/bin/node'))
  cpSync(project, join(root, 'app'), { recursive: true, verbatimSymlinks: true })
  for (const hasProc of [true, false]) {
    const inside = (...args) => enter(root, hasProc, args)
    const where = `minimal Debian ${hasProc ? 'with' : 'without'} /proc`
    for (const program of ['import.mjs', 'require.cjs']) {
      const { code, stdout, stderr } = inside('node', program)
      expect(code === 0, `${program} runs`, stderr)
      checkSampled(JSON.parse(stdout), program)
    }
    say(`${where}: import and require`)
    const ran = inside('node_modules/.bin/nativeprof', 'run', '-o', 'out.collapsed', 'busy.cjs')
    expect(ran.code === 3 && ran.stdout === 'done\n', 'nativeprof run', ran)
    expect(readFileSync(join(root, 'app/out.collapsed'), 'utf8').includes(';spin '), 'and it finds the loop')
    rmSync(join(root, 'app/out.collapsed'))
    say(`${where}: nativeprof run`)
  }
  const built = enter(root, true, ['node_modules/.bin/nativeprof', 'build'])
  expect(
    built.code === 2 && /lacks a C\+\+ compiler, make and Python 3/.test(built.stderr),
    'build says what it lacks',
    built,
  )
  say('minimal Debian: nativeprof build says what it lacks')
}

// In a mount namespace of its own: /proc is gone with the last process in it.
function enter(root, hasProc, args) {
  const mount = hasProc ? `mount -t proc proc '${root}/proc' && ` : ''
  const script = `${mount}cd / && exec chroot '${root}' /usr/bin/env -i PATH=${PATH} HOME=/root /bin/sh -c 'cd /app && exec "$@"' sh "$@"`
  return run('unshare', ['--mount', '/bin/sh', '-c', script, 'sh', ...args])
}
