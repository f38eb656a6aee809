// What a signal handler of ours can reach is checked on the object files; and that the check finds what it looks for, on
// handlers that do what they must not.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { ROOT, run, runNode, scratchFolder } from './support/run-program.js'
import type { Ending } from './support/run-program.js'

const SCRIPT = join(ROOT, 'scripts/check-signal-safety.mjs')
const COMPILER = process.env['CXX'] ?? 'g++'
const isChecked = process.platform === 'linux' && process.arch === 'x64'
const skip = isChecked ? false : 'the script reads objects of Linux on x64 only'

t.test('nothing that a signal handler of the addon reaches is unknown', { skip }, async (t) => {
  const { code, stdout, stderr } = await runNode([SCRIPT, '--list'])
  t.equal(code, 0, stdout + stderr)
  t.match(stdout, 'ours     nativeprof::SigprofHandler::RecordTick')
  t.match(stdout, 'outside  v8::Isolate::GetStackSample')
  t.match(stdout, 'outside  uv_async_send')
  t.notMatch(stdout, 'TakeSignal', 'installing the handler is not reached, though it is in the same file')
})

const HELPER = 'void* Helper(unsigned long); void Handle(int) { Helper(8); }'

t.test('malloc behind a helper in another file is found, with the way there', { skip }, async (t) => {
  const { code, stdout } = await check(t, {
    handler: HELPER,
    helper: `#include <cstdlib>
      static __attribute__((noinline)) void* Allocate(unsigned long bytes) { return std::malloc(bytes); }
      void* Helper(unsigned long bytes) { return Allocate(2 * bytes); }`,
  })
  t.equal(code, 1)
  t.match(stdout, 'a signal handler reaches malloc:')
  t.match(stdout, 'Handle (handler.o) → Helper (helper.o) → Allocate (helper.o) → malloc')
})

t.test('a file may allocate where no handler comes', { skip }, async (t) => {
  const { code, stdout } = await check(t, {
    handler: HELPER,
    helper: `#include <cstdlib>
      #include <cstring>
      void* Helper(unsigned long bytes) { static char memory[16]; return std::memset(memory, 0, bytes); }
      void* Install() { return std::malloc(8); }`,
  })
  t.equal(code, 0, stdout)
})

const FORBIDDEN = [
  ['new', 'operator new', 'void Handle(int) { extern int* p; p = new int; }'],
  ['delete, as the last thing it does', 'operator delete', 'void Handle(int) { extern int* p; delete p; }'],
  ['a lock', 'pthread_mutex_lock', '#include <mutex>\nstd::mutex m; void Handle(int) { m.lock(); }'],
  ['a handle', 'v8::HandleScope::HandleScope', handleScope()],
  ['a static that is initialized on the way', '__cxa_guard_acquire', lazyStatic()],
  [
    'a function whose address it takes',
    'puts',
    '#include <cstdio>\nvoid* p; void Handle(int) { p = (void*)&puts; }',
  ],
  ['what happens rarely', 'abort', '#include <cstdlib>\nvoid Handle(int n) { if (n == 99) std::abort(); }'],
] as const

for (const [what, symbol, handler] of FORBIDDEN) {
  t.test(`found in a handler: ${what}`, { skip }, async (t) => {
    const { code, stdout } = await check(t, { handler })
    t.equal(code, 1)
    t.match(stdout, `a signal handler reaches ${symbol}:\n    Handle (handler.o) → ${symbol}\n`)
  })
}

t.test('a thread-local is fine with the initial-exec model and found without', { skip }, async (t) => {
  const source = (model: string) => `thread_local int count __attribute__((tls_model("${model}")));
    void Handle(int) { count++; }`
  const initialExec = await check(t, { handler: source('initial-exec') })
  t.equal(initialExec.code, 0, initialExec.stdout)
  for (const dialect of ['gnu', 'gnu2']) {
    const dynamic = await check(t, { handler: source('global-dynamic') }, [`-mtls-dialect=${dialect}`])
    t.equal(dynamic.code, 1, dialect)
    t.match(dynamic.stdout, 'Handle (handler.o) → __tls_get_addr')
  }
})

t.test('a call through a pointer is found, a switch is none', { skip }, async (t) => {
  const cases = [0, 1, 2, 3, 4, 5, 6, 7].map((n) => `case ${n}: value = value * ${n + 3} + ${7 * n}; break;`)
  const jumpTable = `int value; void Handle(int n) { switch (n) { ${cases.join(' ')} } }`
  const fine = await check(t, { handler: jumpTable })
  t.equal(fine.code, 0, fine.stdout)
  const found = await check(t, {
    handler:
      'static void (*next)(int); void Set(void (*to)(int)) { next = to; }\n' +
      'void Handle(int n) { next(n); }',
  })
  t.equal(found.code, 1)
  t.match(found.stdout, 'a signal handler makes 1 call through a pointer, 0 known:\n    Handle (handler.o)')
})

t.test('a handler that is no longer there is said', { skip }, async (t) => {
  const { code, stdout } = await check(t, { handler: 'void HandleSignal(int) {}' })
  t.equal(code, 1)
  t.match(stdout, 'there is no function Handle;')
})

t.test('an object file that is not there is said', { skip }, async (t) => {
  const { code, stderr } = await runNode([SCRIPT, join(scratchFolder(t), 'none.o')])
  t.equal(code, 1)
  t.match(stderr, 'none.o')
})

type Scratch = Parameters<typeof scratchFolder>[0]

/** Compiles sources as the addon's are, and checks them from `Handle` on. */
async function check(
  t: Scratch,
  sources: Readonly<Record<string, string>>,
  flags: string[] = [],
): Promise<Ending> {
  const folder = scratchFolder(t)
  const objects: string[] = []
  for (const [name, text] of Object.entries(sources)) {
    const source = join(folder, `${name}.cc`)
    const object = join(folder, `${name}.o`)
    writeFileSync(source, text)
    const compiled = await run(COMPILER, ['-std=c++17', '-O2', '-fPIC', ...flags, '-c', source, '-o', object])
    if (compiled.code !== 0) throw new Error(compiled.stderr)
    objects.push(object)
  }
  return runNode([SCRIPT, '--entry', 'Handle', ...objects])
}

function handleScope(): string {
  return `namespace v8 { class Isolate; class HandleScope { public: explicit HandleScope(Isolate*); }; }
    v8::Isolate* isolate;
    void Handle(int) { v8::HandleScope scope(isolate); }`
}

function lazyStatic(): string {
  return `int Compute(); int* p; inline int* Lazy() { static int value = Compute(); return &value; }
    int Compute() { return 42 + *p; }
    void Handle(int) { p = Lazy(); }`
}
