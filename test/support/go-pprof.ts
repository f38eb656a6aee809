// go-pprof.ts — runs `go tool pprof`, the reader that pprof profiles are made for.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { GO } from './tools.js'

/** Writes the profiles to files and gives these to `go tool pprof`. Returns what it prints; throws if it complains. */
export function goPprof(flags: readonly string[], profiles: readonly Uint8Array[]): string {
  return goPprofBytes(flags, profiles).toString()
}

/** The same for flags that make it print something else than text. */
export function goPprofBytes(flags: readonly string[], profiles: readonly Uint8Array[]): Buffer {
  const folder = mkdtempSync(join(tmpdir(), 'nativeprof-go-'))
  try {
    const files = profiles.map((profile, index) => {
      const file = join(folder, `${index}.pb.gz`)
      writeFileSync(file, profile)
      return file
    })
    const withBase = flags.map((flag) => (flag === '-diff_base' ? `-diff_base=${files.shift()}` : flag))
    // Everything that it may want to keep goes into the folder.
    const env = { ...process.env, HOME: folder, GOCACHE: folder, PPROF_TMPDIR: folder, TZ: 'UTC' }
    const { stdout, stderr, status } = spawnSync(GO.path, ['tool', 'pprof', ...withBase, ...files], { env })
    assert.equal(status, 0, `go tool pprof ${flags.join(' ')}: ${String(stderr)}`)
    return stdout
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** The rows of `-top -unit=ms`: function → its own and its total time. */
export function goTop(profiles: readonly Uint8Array[], flags: readonly string[] = []): Map<string, string> {
  const text = goPprof(['-top', '-unit=ms', '-nodefraction=0', ...flags], profiles)
  const rows = Array.from(
    text.matchAll(/^ *(-?[\d.]+(?:ms)?) +\S+ +\S+ +(-?[\d.]+(?:ms)?) +\S+ +(.*)$/gm),
    ([, self = '', total = '', name = '']) => [name, `${self} ${total}`] as const,
  )
  return new Map(rows)
}
