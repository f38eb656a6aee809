// check-signal-safety.mjs [--list] [--entry <function>]… [object file]… — fails when a signal handler can reach a function
// that is not known to be safe there: one that allocates, locks, makes handles of V8's. Without arguments it looks at the
// addon as it was built for the running node. `--list` prints everything that a handler reaches.
//
// How: from the handlers' entries along the call graph of the object files (object-file.mjs), function by function, to
// whatever those files do not define themselves. Each such symbol has to stand below, with the reason why it may.
// Calls through pointers cannot be followed; the functions that make them stand below as well.

import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs'
import { basename, join, relative } from 'node:path'
import process from 'node:process'
import { ROOT, prebuiltFile } from './native-build.mjs'
import { readFunctions, runTool } from './object-file.mjs'

const ENTRIES = [
  // what the kernel calls
  'nativeprof::SigprofHandler::Handle',
  'nativeprof::(anonymous namespace)::HandleEndSignal',
  // what a handler calls through a pointer, when the ring is half full
  'nativeprof::(anonymous namespace)::WakeReader',
]

/** Where a handler is installed: `action.sa_handler = Handle`, but not a look at another one's. */
const INSTALLATION = /\bsa_(?:sigaction|handler) = (\w+);/g

/** What a handler may reach outside of our code, and why. Names without parameters. */
const ALLOWED = new Map([
  ['v8::Isolate::GetStackSample', 'made for signal handlers; reads the stack, no handles, no allocation'],
  ['v8::RegisterState::RegisterState', 'sets pointers to null'],
  ['v8::RegisterState::~RegisterState', 'would free registers that are only ever saved on 32-bit ARM'],
  ['clock_gettime', 'async-signal-safe by POSIX'],
  ['sem_post', 'async-signal-safe by POSIX'],
  ['sigaction', 'async-signal-safe by POSIX; this and the next: to end the process by a signal'],
  ['sigemptyset', 'async-signal-safe by POSIX'],
  ['sigaddset', 'async-signal-safe by POSIX'],
  ['raise', 'async-signal-safe by POSIX'],
  ['pthread_sigmask', 'async-signal-safe by POSIX'],
  ['_exit', 'async-signal-safe by POSIX'],
  ['syscall', 'a bare system call by number: gettid, which older versions of glibc have no function for'],
  ['prctl', "a bare system call: PR_GET_NAME copies the 16 bytes of the thread's name"],
  ['process_vm_readv', 'a bare system call; fails where a read would fault'],
  [
    'write',
    'async-signal-safe by POSIX; this and the next: where process_vm_readv is forbidden, through a pipe',
  ],
  ['read', 'async-signal-safe by POSIX'],
  ['sched_yield', 'a bare system call, while another thread reads through the pipe'],
  ['uv_async_send', 'async-signal-safe, says libuv: an atomic exchange and a write to an eventfd'],
  ['memcpy', 'async-signal-safe by POSIX; the compiler calls it for copies of its own, too'],
  ['memmove', 'as memcpy'],
  ['memset', 'as memcpy'],
  ['memcmp', 'as memcpy'],
  ['__errno_location', 'errno: the address of a thread-local of libc, there since the thread began'],
  ['__stack_chk_fail', 'ends the process, after the stack was overwritten'],
  ['_GLOBAL_OFFSET_TABLE_', 'no function: a table that the linker makes'],
  [
    'TLS init function for nativeprof::current_thread_state',
    'weak, and nobody defines it: the variable begins as a constant, so there is nothing to initialize',
  ],
])

/** Functions that may call through a pointer, how often, and what is behind it. */
const ALLOWED_INDIRECT = new Map([
  ['nativeprof::SigprofHandler::Handle', [1, 'the wake-up callback: always WakeReader, an entry above']],
  ['nativeprof::SigprofHandler::RecordTick', [1, 'as Handle']],
  [
    'nativeprof::SigprofHandler::Forward',
    [2, "the handler that was there before ours: somebody else's duty"],
  ],
])

const KNOWN_HERE = process.platform === 'linux' && process.arch === 'x64'

/** Everything that the entries reach: `[{ name, path }]` for what lies outside, with the shortest path, and functions. */
function walk(functions, entries) {
  const findings = []
  const from = new Map() // function or outside name → the function that it was reached from
  const queue = []
  for (const entry of entries) {
    const found = functions.filter((fn) => isCalled(fn.name, entry))
    if (found.length === 0)
      findings.push(`there is no function ${entry}; an entry of the handler was renamed?`)
    for (const fn of found) from.set(fn, null)
    queue.push(...found)
  }
  for (const fn of queue) {
    for (const callee of fn.calls) {
      if (from.has(callee)) continue
      from.set(callee, fn)
      if (typeof callee !== 'string') queue.push(callee)
    }
  }
  return {
    findings,
    from,
    reached: queue,
    outside: [...from.keys()].filter((key) => typeof key === 'string'),
  }
}

function check({ findings, from, reached, outside }) {
  for (const name of outside) {
    if (reasonFor(ALLOWED, name) !== undefined) continue
    findings.push(`a signal handler reaches ${withoutParameters(name)}:\n    ${pathTo(name, from)}`)
  }
  for (const fn of reached) {
    const [allowed] = reasonFor(ALLOWED_INDIRECT, fn.name) ?? [0]
    if (fn.indirectCalls <= allowed) continue
    const many = `${fn.indirectCalls} call${fn.indirectCalls === 1 ? '' : 's'} through a pointer, ${allowed} known`
    findings.push(`a signal handler makes ${many}:\n    ${pathTo(fn, from)}`)
  }
  return findings
}

function list({ reached, outside }) {
  for (const fn of reached) {
    const indirect =
      fn.indirectCalls === 0 ? '' : `: ${reasonFor(ALLOWED_INDIRECT, fn.name)?.[1] ?? 'unknown'}`
    console.log(`  ours     ${withoutParameters(fn.name)} (${basename(fn.object)})${indirect}`)
  }
  for (const name of outside) {
    console.log(`  outside  ${withoutParameters(name)}: ${reasonFor(ALLOWED, name) ?? 'unknown'}`)
  }
}

/** The objects of the addon for the running node; throws if they are not there, or not those of the present sources. */
function builtObjects() {
  const abi = process.versions.modules
  const folder = join(ROOT, 'build', `abi-${abi}`, 'build/Release/obj.target/nativeprof/native')
  const native = join(ROOT, 'native')
  const sources = readdirSync(native, { recursive: true }).filter((name) => name.endsWith('.cc'))
  const build = 'build with: npm run build (if that finds nothing to do, after: rm -r prebuilds)'
  for (const source of sources) {
    const object = join(folder, source.replace(/cc$/, 'o'))
    if (!existsSync(object)) throw new Error(`${relative(ROOT, object)} is missing; ${build}`)
    for (const [, handler] of readFileSync(join(native, source), 'utf8').matchAll(INSTALLATION)) {
      if (ENTRIES.some((entry) => entry.endsWith(`::${handler}`))) continue
      throw new Error(`native/${source} installs the handler ${handler}: add it to ENTRIES in this script`)
    }
    if (statSync(object).mtimeMs < statSync(join(native, source)).mtimeMs) {
      throw new Error(`${relative(ROOT, object)} is older than native/${source}; ${build}`)
    }
  }
  // Bound lazily, the first call of any function would run the dynamic linker, which is not safe in a handler.
  const addon = prebuiltFile(abi)
  if (!/\bBIND_NOW\b|\bNOW\b/.test(runTool('readelf', ['-dW', addon]))) {
    throw new Error(`${relative(ROOT, addon)} binds its symbols lazily; link it with -z now`)
  }
  return sources.map((source) => join(folder, source.replace(/cc$/, 'o')))
}

function pathTo(end, from) {
  const names = []
  for (let at = end; at; at = from.get(at)) {
    const name = withoutParameters(typeof at === 'string' ? at : at.name)
    names.unshift(typeof at === 'string' ? name : `${name} (${basename(at.object)})`)
  }
  return names.join(' → ')
}

function reasonFor(allowed, name) {
  for (const [known, reason] of allowed) if (isCalled(name, known)) return reason
  return undefined
}

// `sem_post@GLIBC_2.2.5` is sem_post, of that version of libc.
function isCalled(name, known) {
  return name === known || name.startsWith(`${known}(`) || name.startsWith(`${known}@`)
}

// Up to the first parenthesis that is no part of a name, as in `(anonymous namespace)` and `operator()`.
function withoutParameters(name) {
  return name.replace(/(?<!::|operator)\((?!anonymous namespace\)).*$/, '')
}

function parseArguments(args) {
  const files = args.filter((arg, i) => !arg.startsWith('--') && args[i - 1] !== '--entry')
  const entries = args.filter((_, i) => args[i - 1] === '--entry')
  return { files, entries: entries.length > 0 ? entries : ENTRIES, lists: args.includes('--list') }
}

const { files, entries, lists } = parseArguments(process.argv.slice(2))
if (!KNOWN_HERE) {
  console.log('signal safety: not checked; this script reads objects of Linux on x64 only')
} else {
  try {
    const graph = walk(readFunctions(files.length > 0 ? files : builtObjects()), entries)
    if (lists) list(graph)
    const findings = check(graph)
    for (const finding of findings) console.log(`signal safety: ${finding}`)
    if (findings.length > 0) {
      console.log('What is safe there after all: add it to scripts/check-signal-safety.mjs, with the reason.')
      process.exitCode = 1
    } else {
      const { reached, outside } = graph
      console.log(
        `signal safety: ${reached.length} functions reach ${outside.length} symbols outside, all known`,
      )
    }
  } catch (error) {
    console.error(`signal safety: ${error.message}`)
    process.exitCode = 1
  }
}
