// node-versions.mjs — the one list of Node versions that nativeprof supports, tests on, and builds for.
// Exact versions: headers and binaries of these are fetched by name, and an approximate one would not be found.
// `abi` is the version's NODE_MODULE_VERSION, which names the prebuilt file.

export const NODE_VERSIONS = [
  { major: 20, version: '20.20.2', abi: 115 },
  { major: 22, version: '22.23.3', abi: 127 },
  { major: 24, version: '24.21.0', abi: 137 },
  { major: 26, version: '26.10.0', abi: 147 },
]

/** The entry of a major version, or an error that lists the known ones. */
export function nodeVersion(major) {
  const found = NODE_VERSIONS.find((entry) => entry.major === Number(major))
  if (found) return found
  const known = NODE_VERSIONS.map((entry) => entry.major).join(', ')
  throw new Error(`Node ${major} is not in scripts/node-versions.mjs; known: ${known}`)
}
