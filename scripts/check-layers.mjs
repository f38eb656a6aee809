// check-layers.mjs — fails when a file of lib/ or native/ reaches up, when files include each other in a circle, when a
// file has no place in the table below, or has grown over 300 lines. One line per finding.
// A file may use what is in its own layer or below. The table is the picture of the house: a new file is added to it
// first, which is when to think about where it belongs. `x` stands for x.ts, or for x.h and x.cc; `*` for one name.

import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join, posix } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

const LIB_LAYERS = [
  [
    'errors',
    'profile',
    'timers',
    'threads',
    'env',
    'production-env',
    'options',
    'own-package',
    'before-execve',
    'binding-file',
    'label-sets',
  ],
  ['binding', 'records', 'code-added', 'code-events', 'code-map', 'code-name', 'position-table'],
  [
    'path-table',
    'stack-table',
    'native-frames',
    'thread-table',
    'label-table',
    'label-frames',
    'accuracy',
    'recording-notes',
    'tally',
    'recording-settings',
    'previous-sample',
    'code-listing',
    'code-arrivals',
    'label-hooks',
    'label-carrier',
    'open-carrier',
    'thread-labels',
  ],
  ['js-functions', 'js-frames'],
  [
    'symbolize',
    'native-symbolizer',
    'native-words',
    'native-word-rules',
    'builtin-spelling',
    'runtime-spelling',
  ],
  ['sources/*'],
  [
    'view',
    'callable-spelling',
    'labels',
    'thread-groups',
    'fold',
    'usage',
    'call-counts',
    'filter',
    'merge',
    'diff/*',
    'lone-stack',
  ],
  ['readers/*', 'formats/*', 'subtract', 'prune', 'closing-line', 'complaint', 'output-file'],
  ['recording', 'recorded-window', 'sampler'],
  ['windows', 'process-end'],
  ['pprof-index', 'pprof-handler', 'continuous/*', 'attach/*'],
  [
    'index',
    'attach-thread',
    'current-stack',
    'with-labels',
    'destination',
    'profile-files',
    'checkpoints',
    'signal-recording',
    'preload',
    'preload-production',
    'preload-worker',
    'auto',
    'cli/*',
  ],
]

const NATIVE_LAYERS = [
  [
    'signal_safe',
    'protection_keys',
    'handler_pace',
    'record',
    'clock',
    'byte_buffer',
    'dwarf_reader',
    'unwind_rule',
    'cycles',
    'arm64_instructions',
    'glibc_pins',
    'glibc_compat',
  ],
  [
    'ring_buffer',
    'counters',
    'coverage_watch',
    'registers',
    'call_site',
    'js_linkage',
    'safe_read',
    'signal_semaphore',
    'quiet_thread',
    'end_signals',
    'signal_calls',
    'stack_requests',
    'builtin_kinds',
    'frame_list',
    'walk_memory',
    'modules',
    'mapped_file',
    'elf_symbols',
    'constrained_name',
    'rust_name',
    'timer/*',
  ],
  ['heap/*'],
  ['cfi_expression', 'cfi_row', 'cfi_program', 'eh_frame', 'unwind_rules', 'bytecode_lengths', 'leaf_rules'],
  ['linked_image', 'symbol_name', 'native_symbols'],
  [
    'call_sites',
    'arm64_code_window',
    'stack_memory',
    'walk_resources',
    'v8_code',
    'code_event_hub',
    'code_events',
    'code_kind',
    'code_log',
    'label_sets',
    'label_source',
    'thread_state',
    'thread_registry',
    'interrupted',
  ],
  [
    'call_of_c',
    'interpreter_leaf',
    'leaf_frame',
    'leaf_frame_arm64',
    'frame_walker',
    'frame_walker_arm64',
    'frame_walker_memory',
    'stack_walker',
    'walk_comparison',
  ],
  ['sigprof_handler'],
  ['sampler', 'stack_here', 'stack_answers'],
  [
    'addon',
    'addon_labels',
    'addon_signal',
    'addon_bytes',
    'addon_stack',
    'addon_symbols',
    'drain_handles',
    'drain_time',
    'napi_v8',
  ],
]

const MAX_LINES = 300
const ROOT = fileURLToPath(new URL('..', import.meta.url))
const EXTENSION = /\.(?:[cm]?ts|[cm]?js|h|cc)$/

const findings = [
  ...checkTree({ folder: 'lib', layers: LIB_LAYERS, sources: /\.[cm]?ts$/, importsOf: libImports }),
  ...checkTree({
    folder: 'native',
    layers: NATIVE_LAYERS,
    sources: /\.(?:h|cc)$/,
    importsOf: nativeIncludes,
  }),
]
for (const finding of findings) console.log(finding)
if (findings.length > 0) process.exitCode = 1

function checkTree({ folder, layers, sources, importsOf }) {
  const top = join(ROOT, folder)
  if (!existsSync(top)) return []
  const files = readdirSync(top, { recursive: true })
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => sources.test(file))
    .sort()
  const findings = []
  const graph = new Map() // unit (path without extension) → units it uses
  for (const file of files) {
    const text = readFileSync(join(top, file), 'utf8')
    const lines = text.split('\n').length - 1
    if (lines > MAX_LINES)
      findings.push(`${folder}/${file}: ${lines} lines, more than ${MAX_LINES}; split it`)

    const unit = unitOf(file)
    const layer = layerOf(layers, unit)
    if (layer === -1 && !graph.has(unit)) {
      const table = `${folder.toUpperCase()}_LAYERS in scripts/check-layers.mjs`
      findings.push(`${folder}/${file}: in no layer; add '${unit}' to ${table}`)
    }
    const uses = graph.get(unit) ?? new Set()
    graph.set(unit, uses)
    for (const { spelled, target } of importsOf(file, text)) {
      if (target === null) {
        findings.push(
          `${folder}/${file}: imports '${spelled}', this package by its name; use a relative path`,
        )
        continue
      }
      if (target === unit) continue
      uses.add(target)
      const reached = layerOf(layers, target)
      if (layer !== -1 && reached > layer) {
        findings.push(`${folder}/${file}: layer ${layer} reaches up to '${spelled}' in layer ${reached}`)
      }
    }
  }
  for (const cycle of cyclesOf(graph)) findings.push(`${folder}/: cycle: ${cycle.join(' → ')}`)
  return findings
}

// Types count as much as values: what a reader has to know is the same.
function libImports(file, text) {
  return ts.preProcessFile(text, true, true).importedFiles.flatMap(({ fileName: spelled }) => {
    if (/^(#lib\/|nativeprof($|\/))/.test(spelled)) return [{ spelled, target: null }]
    return within(file, spelled, spelled.startsWith('.'))
  })
}

// Includes are relative to the file or to native/; anything else in quotes is not ours.
function nativeIncludes(file, text) {
  return [...text.matchAll(/^[ \t]*#[ \t]*include[ \t]*"([^"]+)"/gm)].flatMap(([, spelled]) => {
    const beside = posix.join(posix.dirname(file), spelled)
    if (existsSync(join(ROOT, 'native', beside))) return within(file, spelled, true)
    return existsSync(join(ROOT, 'native', spelled)) ? [{ spelled, target: unitOf(spelled) }] : []
  })
}

function within(file, spelled, ours) {
  const target = posix.join(posix.dirname(file), spelled)
  return ours && !target.startsWith('../') && EXTENSION.test(target)
    ? [{ spelled, target: unitOf(target) }]
    : []
}

function unitOf(file) {
  return file.replace(/\.d\.([cm]?ts)$/, '.$1').replace(EXTENSION, '')
}

function layerOf(layers, unit) {
  const [folder, ...rest] = unit.split('/')
  const pattern = rest.length === 1 ? `${folder}/*` : unit
  return layers.findIndex((names) => names.includes(unit) || names.includes(pattern))
}

/** One cycle for every edge that closes one, in depth-first order. */
function cyclesOf(graph) {
  const cycles = []
  const done = new Set()
  const visit = (unit, path) => {
    if (path.includes(unit)) {
      cycles.push([...path.slice(path.indexOf(unit)), unit])
      return
    }
    if (done.has(unit)) return
    for (const next of graph.get(unit) ?? []) visit(next, [...path, unit])
    done.add(unit)
  }
  for (const unit of graph.keys()) visit(unit, [])
  return cycles
}
