// The prebuilt files that are here would load where they are meant to: by their symbol versions, libraries, exports and
// signatures. And files with something wrong are refused, each for its own fault.

import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import t from 'tap'
import { ROOT, scratchFolder } from './support/run-program.js'
import { COMPILER } from './support/tools.js'

interface Target {
  readonly platform: string
  readonly arch: string
  readonly libc?: string
  readonly name: string
  readonly abi: number
}

const { checkPrebuild } = (await import(pathToFileURL(join(ROOT, 'scripts/check-prebuilds.mjs')).href)) as {
  checkPrebuild: (file: string, target: Target, node: string | null) => string[]
}
const { parsePrebuild } = (await import(pathToFileURL(join(ROOT, 'scripts/targets.mjs')).href)) as {
  parsePrebuild: (path: string) => Target | null
}
const { headersOf } = (await import(pathToFileURL(join(ROOT, 'scripts/native-build.mjs')).href)) as {
  headersOf: (version: { major: number; abi: number }) => string | null
}
const { NODE_VERSIONS } = (await import(pathToFileURL(join(ROOT, 'scripts/node-versions.mjs')).href)) as {
  NODE_VERSIONS: readonly { major: number; abi: number }[]
}

const FOLDER = join(ROOT, 'prebuilds')
const FILES = readdirSync(FOLDER, { recursive: true })
  .map(String)
  .filter((name) => name.endsWith('.node'))
const isLinuxX64 = process.platform === 'linux' && process.arch === 'x64'

t.test('every prebuilt file here would load where its name says', (t) => {
  t.ok(FILES.length > 0)
  for (const name of FILES) {
    const target = parsePrebuild(name)
    t.not(target, null, name)
    if (target !== null) t.strictSame(checkPrebuild(join(FOLDER, name), target, nodeIfHere(target)), [], name)
  }
  t.end()
})

// Node's own binary of the same kind, if it need not be fetched.
function nodeIfHere({ platform, arch, abi }: Target): string | null {
  const version = NODE_VERSIONS.find((entry) => entry.abi === abi)
  const prefix = version === undefined || platform !== 'linux' || arch !== 'x64' ? null : headersOf(version)
  const file = prefix === null ? '' : join(prefix, 'bin/node')
  return existsSync(file) ? file : null
}

t.test(
  'a library that asks for more than the oldest systems have is refused, and so is one that exports',
  { skip: !isLinuxX64 || COMPILER.skip },
  (t) => {
    const folder = scratchFolder(t)
    const source = join(folder, 'new.cc')
    // pthread_create is of glibc 2.34 where nobody asks for an older one; so it is on every machine that this is built on.
    writeFileSync(
      source,
      '#include <pthread.h>\nextern "C" int leaked() { pthread_t t; return pthread_create(&t, 0, 0, 0); }\n',
    )
    const file = join(folder, 'new.node')
    execFileSync(COMPILER.path, ['-shared', '-fPIC', '-o', file, source])
    const found = checkPrebuild(
      file,
      { platform: 'linux', arch: 'x64', libc: 'glibc', name: '', abi: 115 },
      null,
    )
    for (const fault of [
      /it exports leaked/,
      /does not export napi_register_module_v1/,
      /-z nodelete is missing/,
      /it is not stripped/,
    ]) {
      t.ok(
        found.some((line) => fault.test(line)),
        `${String(fault)} in ${found.join('; ')}`,
      )
    }
    t.match(
      checkPrebuild(file, { platform: 'linux', arch: 'arm64', libc: 'glibc', name: '', abi: 115 }, null),
      /it is not for arm64/,
    )
    t.match(
      checkPrebuild(file, { platform: 'linux', arch: 'x64', libc: 'musl', name: '', abi: 115 }, null).join(
        '\n',
      ),
      /it needs libc\.so\.6/,
    )
    t.end()
  },
)
