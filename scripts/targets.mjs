// targets.mjs — the platforms that releases have binaries for, by the names that prebuildify and node-gyp-build use.
// Headers of Node do not differ by platform but in config.gypi, which only node-gyp reads: those of linux-x64 serve for all.

export const TARGETS = {
  'linux-x64': { platform: 'linux', arch: 'x64', libc: 'glibc' },
  'linux-arm64': { platform: 'linux', arch: 'arm64', libc: 'glibc', tools: 'aarch64-linux-gnu-' },
  'linux-x64-musl': { platform: 'linux', arch: 'x64', libc: 'musl', zig: 'x86_64-linux-musl' },
  'linux-arm64-musl': { platform: 'linux', arch: 'arm64', libc: 'musl', zig: 'aarch64-linux-musl' },
  'darwin-x64': { platform: 'darwin', arch: 'x64', zig: 'x86_64-macos.11.0' },
  'darwin-arm64': { platform: 'darwin', arch: 'arm64', zig: 'aarch64-macos.11.0' },
}

/** The file of a target and an ABI, within `prebuilds/`. */
export function prebuildOf({ platform, arch, libc }, abi) {
  // prebuildify's --tag-libc is for Linux; node-gyp-build takes a file without a tag of libc for any.
  const tag = libc === undefined ? '' : `.${libc}`
  return `${platform}-${arch}/nativeprof.abi${abi}${tag}.node`
}

/** What a name of a prebuilt file, within `prebuilds/`, says of it; null if it is no name of ours. */
export function parsePrebuild(path) {
  const [, platform, arch, abi, libc] =
    /^(linux|darwin)-(x64|arm64)[/\\]nativeprof\.abi(\d+)(?:\.(glibc|musl))?\.node$/.exec(path) ?? []
  if (platform === undefined) return null
  const target = Object.keys(TARGETS).find((name) => {
    const known = TARGETS[name]
    return known.platform === platform && known.arch === arch && known.libc === libc
  })
  return target === undefined ? null : { ...TARGETS[target], name: target, abi: Number(abi) }
}
