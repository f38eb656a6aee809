// thread_state.h: what the handler needs to know of a thread that runs JavaScript.

#ifndef NATIVEPROF_THREAD_STATE_H_
#define NATIVEPROF_THREAD_STATE_H_

#include <v8.h>

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "bytecode_lengths.h"
#include "code_log.h"
#include "leaf_rules.h"
#include "signal_safe.h"
#include "v8_code.h"
#include "walk_memory.h"

namespace nativeprof {

struct ThreadState {
  // immutable while the thread is attached
  v8::Isolate* isolate = nullptr;
  uint32_t number = 0;  // from 1; never given twice in a process
  uint32_t tid = 0;
  int32_t worker_id = 0;  // worker_threads' threadId; 0 for the main thread
  std::string name;
  uintptr_t stack_top = 0;  // one past the highest address of the thread's stack

  // written on the thread itself, while `is_listening` is false
  bool is_prepared = false;  // code_log has begun, with all code that exists
  V8Code v8_code;
  CodeLog code_log;
  size_t max_depth = 0;
  std::vector<uint64_t> frames;   // room for a stack
  WalkMemory walk_memory;
  LeafRules leaf_rules;
  BytecodeLengths bytecode_lengths;
  std::vector<void*> v8_frames;   // and for one that V8 walks

  // Whether code_log is complete, so that the thread's ticks can be symbolized. Set by the thread itself, cleared by any;
  // release/acquire orders what stands above.
  std::atomic<bool> is_listening{false};
};

// The state of the current thread; null on threads that run no JavaScript, or that are not attached.
// Context: signal handler (async-signal-safe); written on the thread itself.
extern NATIVEPROF_SIGNAL_SAFE_TLS ThreadState* current_thread_state;

// One past the highest address of the current thread's stack; 0 if the system does not tell.
// Context: any thread; not async-signal-safe.
uintptr_t CurrentStackTop();

// The kernel's id of the current thread. One system call, which any context may make.
// Context: signal handler (async-signal-safe).
uint32_t CurrentTid();

// The kernel's name of the current thread, at most 15 bytes and a zero; empty where a handler cannot ask for it.
// Context: signal handler (async-signal-safe).
void CurrentThreadName(SignalContext, char (&name)[16]);

}  // namespace nativeprof

#endif  // NATIVEPROF_THREAD_STATE_H_
