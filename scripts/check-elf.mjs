// check-elf.mjs — what is wrong with a prebuilt file for Linux, by readelf: symbols newer than the oldest system that the official
// Node runs on, libraries beyond libc's, symbols that are not stripped, exports beyond the two entry points.

import { execFileSync } from 'node:child_process'
import process from 'node:process'

/** The newest versions that the official Node asks for itself. */
const NEWEST = { GLIBC: [2, 28], GLIBCXX: [3, 4, 25], CXXABI: [1, 3, 11], GCC: [7, 0, 0] }
const LIBRARIES = {
  glibc:
    /^(libstdc\+\+\.so\.6|libm\.so\.6|libgcc_s\.so\.1|libc\.so\.6|libpthread\.so\.0|ld-linux-(x86-64|aarch64)\.so\.[12])$/,
  musl: /^libc\.so$/,
}
const MACHINES = { x64: 'Advanced Micro Devices X86-64', arm64: 'AArch64' }
export const ENTRIES = ['napi_register_module_v1', 'node_api_module_get_api_version_v1']
/** And where one copy of the addon finds the other: native/code_event_hub.h. */
export const LINUX_ENTRIES = [...ENTRIES, 'nativeprof_code_event_hub_1']

/** A line for each thing that is wrong; none if the file is as it should be. */
export function checkElf(file, { arch, libc }) {
  const header = readelf('-h', file)
  const dynamic = readelf('-d', file)
  const symbols = dynamicSymbols(file)
  return [
    ...(header.includes(MACHINES[arch]) ? [] : [`it is not for ${arch}`]),
    ...newerSymbols(symbols),
    ...[...dynamic.matchAll(/\(NEEDED\).*\[(.+)\]/g)]
      .map(([, library]) => library)
      .filter((library) => !LIBRARIES[libc].test(library))
      .map((library) => `it needs ${library}`),
    ...(/\(RPATH\)|\(RUNPATH\)/.test(dynamic) ? ['it has a run path'] : []),
    ...(/NODELETE/.test(dynamic) ? [] : ['it may be unloaded: -z nodelete is missing']),
    ...(/BIND_NOW|\bNOW\b/.test(dynamic) ? [] : ['its symbols are bound late: -z now is missing']),
    ...(/\.symtab/.test(readelf('-S', file)) ? ['it is not stripped'] : []),
    ...checkExports(
      symbols.filter(({ isDefined }) => isDefined).map(({ name }) => name),
      LINUX_ENTRIES,
    ),
    ...(libc === 'musl' && symbols.some(({ version }) => version !== '')
      ? ['it asks for versions of symbols']
      : []),
  ]
}

/** The symbols that it takes from elsewhere. */
export function elfImports(file) {
  return dynamicSymbols(file).filter(({ isDefined, isWeak }) => !isDefined && !isWeak)
}

/** The names that a program offers. */
export function elfExports(file) {
  return new Set(dynamicSymbols(file).flatMap(({ name, isDefined }) => (isDefined ? [name] : [])))
}

/** What is wrong with the names that a file exports: `entries`, by default those of node's API for addons, are all that it should. */
export function checkExports(names, entries = ENTRIES) {
  const missing = entries.filter((entry) => !names.includes(entry))
  const surplus = names.filter((name) => !entries.includes(name) && !/^(_init|_fini)$/.test(name))
  return [
    ...missing.map((name) => `it does not export ${name}`),
    // Templates of libstdc++ are weak and shared by all who use them: as node exports them, too, they are no harm.
    ...surplus.filter((name) => !/^_Z[A-Z]{0,2}N?K?St/.test(name)).map((name) => `it exports ${name}`),
  ]
}

function newerSymbols(symbols) {
  return symbols.flatMap(({ name, version, isDefined }) => {
    const [, family, number] = /^([A-Z]+)_([\d.]+)$/.exec(version) ?? []
    if (isDefined || family === undefined) return []
    const newest = NEWEST[family]
    if (newest !== undefined && compare(number.split('.').map(Number), newest) <= 0) return []
    return [`${name} is of ${version}, newer than ${family}_${newest?.join('.') ?? '(none)'}`]
  })
}

function compare(a, b) {
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}

// `   12: 0000000000000000     0 FUNC    GLOBAL DEFAULT  UND dlsym@GLIBC_2.2.5 (4)`
function dynamicSymbols(file) {
  return readelf('--dyn-syms', file)
    .split('\n')
    .flatMap((line) => {
      const [, binding, section, name] =
        /^\s*\d+: [0-9a-f]+\s+\S+\s+\S+\s+(\S+)\s+\S+\s+(\S+)\s+(\S+)/.exec(line) ?? []
      if (name === undefined || binding === 'LOCAL') return []
      const [plain, version = ''] = name.split(/@+/)
      return [{ name: plain, version, isDefined: section !== 'UND', isWeak: binding === 'WEAK' }]
    })
}

function readelf(option, file) {
  const env = { ...process.env, LC_ALL: 'C' }
  return execFileSync('readelf', ['-W', option, file], { encoding: 'utf8', env, maxBuffer: 2 ** 28 })
}
