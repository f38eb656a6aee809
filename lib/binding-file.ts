// binding-file.ts — which file of the addon is for this node: platform, processor, libc and ABI are all in its name, as
// prebuildify gives it. Only that file is ever opened: one for another ABI may load, and then end the process.

import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

/** What a file of the addon has to be made for. */
export interface BindingTarget {
  readonly platform: string
  readonly arch: string
  /** Null where the platform has one only. */
  readonly libc: 'glibc' | 'musl' | null
  /** NODE_MODULE_VERSION. */
  readonly abi: string
}

/** What the running node needs. */
export function runningTarget(): BindingTarget {
  const { platform, arch, versions } = process
  return { platform, arch, libc: platform === 'linux' ? runningLibc() : null, abi: versions.modules }
}

/** The path of a target's file in a package folder, whether it exists or not. */
export function bindingPath(folder: string, target: BindingTarget): string {
  return join(folder, 'prebuilds', `${target.platform}-${target.arch}`, nameOf(target))
}

/**
 * The file for this node in a package folder, or null. `built` is a folder that somebody chose, which may also be one where
 * node-gyp has just built.
 */
export function findBinding(folder: string, built: string | undefined): string | null {
  const candidates = [
    ...(built === undefined ? [] : [join(built, 'build/Release/nativeprof.node')]),
    bindingPath(built ?? folder, runningTarget()),
  ]
  return candidates.find((file) => existsSync(file)) ?? null
}

/** The binaries in a package folder, in words: `linux-x64 glibc for ABI 115, 127`. */
export function describeBindings(folder: string): string {
  const abisByKind = new Map<string, string[]>()
  for (const target of list(join(folder, 'prebuilds'))) {
    for (const name of list(join(folder, 'prebuilds', target))) {
      const [, abi, libc] = /^nativeprof\.abi(\d+)(?:\.(\w+))?\.node$/.exec(name) ?? []
      if (abi === undefined) continue
      const kind = libc === undefined ? target : `${target} ${libc}`
      abisByKind.set(kind, [...(abisByKind.get(kind) ?? []), abi])
    }
  }
  const kinds = [...abisByKind].map(([kind, abis]) => `${kind} for ABI ${abis.join(', ')}`)
  return kinds.join('; ') || 'none'
}

/** A target in words: `ABI 115 on linux-x64 with glibc`. */
export function describeTarget({ platform, arch, libc, abi }: BindingTarget): string {
  return `ABI ${abi} on ${platform}-${arch}${libc === null ? '' : ` with ${libc}`}`
}

function nameOf({ abi, libc }: BindingTarget): string {
  return `nativeprof.abi${abi}${libc === null ? '' : `.${libc}`}.node`
}

// The dynamic linker of musl is its libc, so it is mapped in every process that uses it, however that was started.
function runningLibc(): 'glibc' | 'musl' {
  try {
    return readFileSync('/proc/self/maps', 'latin1').includes('/ld-musl-') ? 'musl' : 'glibc'
  } catch {
    return 'glibc' // No /proc, or not to be read: the common one. A wrong file does not load, and the error shows its name.
  }
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder).sort()
  } catch {
    return [] // Not there, or not to be read: nothing to be found there.
  }
}
