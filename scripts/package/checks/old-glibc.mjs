// old-glibc.mjs — the Linux x64 binary on the libraries of Debian 11 (glibc 2.31): its packages, unpacked into a folder, and
// node started by the dynamic linker in it. apt fetches them with lists of its own, so nothing of this machine changes.

import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { expect, run, succeed } from '../command.mjs'
import { checkSampled } from '../prove.mjs'

const MIRROR = process.env.DEBIAN_MIRROR ?? 'http://deb.debian.org/debian'
const SUITE = 'bullseye'
const PACKAGES = ['libc6', 'libstdc++6', 'libgcc-s1']
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg'

export function check({ project, scratch, say, skip }) {
  if (`${process.platform}-${process.arch}` !== 'linux-x64' || !existsSync(KEYRING))
    return skip('this is no Debian on x64')
  const root = join(scratch, SUITE)
  unpack(root)
  const libraries = join(root, 'lib/x86_64-linux-gnu')
  const linker = join(libraries, 'ld-linux-x86-64.so.2')
  const path = `${libraries}:${join(root, 'usr/lib/x86_64-linux-gnu')}`
  const node = [linker, '--library-path', path, process.execPath]
  const glibc = 'process.stdout.write(process.report.getReport().header.glibcVersionRuntime)'
  const version = start(node, ['-e', glibc], project)
  expect(version === '2.31', 'node runs on glibc 2.31', version)
  for (const program of ['import.mjs', 'require.cjs'])
    checkSampled(JSON.parse(start(node, [program], project)), program)
  say(`glibc ${version}: import and require`)
  const env = { NATIVEPROF_OUT: 'old.collapsed' }
  const args = [...node.slice(1), '-r', 'nativeprof/auto', 'busy.cjs']
  const { code, stdout, stderr } = run(node[0], args, { cwd: project, env })
  expect(code === 3 && stdout === 'done\n', 'the preload changes nothing', { code, stdout, stderr })
  expect(
    readFileSync(join(project, 'old.collapsed'), 'utf8').includes(';spin '),
    'the preload finds the loop',
  )
  say(`glibc ${version}: -r nativeprof/auto`)
}

function start([program, ...first], args, cwd) {
  return succeed(program, [...first, ...args], { cwd })
}

function unpack(root) {
  const apt = join(root, 'apt')
  for (const folder of ['lists/partial', 'cache/archives/partial', 'files'])
    mkdirSync(join(apt, folder), { recursive: true })
  writeFileSync(join(apt, 'sources.list'), `deb [signed-by=${KEYRING}] ${MIRROR} ${SUITE} main\n`)
  writeFileSync(join(apt, 'status'), '')
  const settings = {
    'Dir::Etc::SourceList': join(apt, 'sources.list'),
    'Dir::Etc::SourceParts': '/dev/null',
    'Dir::State': apt,
    'Dir::State::Lists': join(apt, 'lists'),
    'Dir::State::Status': join(apt, 'status'),
    'Dir::Cache': join(apt, 'cache'),
    'APT::Sandbox::User': 'root',
    'Acquire::Retries': '3',
  }
  const flags = ['-q', ...Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`])]
  succeed('apt-get', [...flags, 'update'], { cwd: apt })
  succeed('apt-get', [...flags, 'download', ...PACKAGES], { cwd: join(apt, 'files') })
  for (const name of readdirSync(join(apt, 'files')))
    succeed('dpkg-deb', ['-x', join(apt, 'files', name), root])
}
