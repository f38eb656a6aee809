// stack_answers.h: the thread that answers who asks where this process is (stack_requests.h). It sleeps until then. JavaScript has
// no part in it, for its threads may be busy for ever: what V8 has told of code is kept for this, beside what is handed over
// to JavaScript, some megabytes.
//
// The answer is a file in memory, nativeprof:<number>, which the one who asked finds among the descriptors of this process in
// /proc and reads there; it is gone some seconds later. Of several who ask at once, all take the same, whatever its number: one
// that has come since they asked. lib/attach/stack-answer.ts is its reader:
//
//   0   8 bytes "npstacks", written last
//   8   u32 bytes of a text in JSON, u32 bytes of all that is behind it
//   16  the text: { pid, isSampling, tables, recordBytes, threads: [{ number, tid, workerId, name, codeRanges, codeBytes }],
//       all: [{ tid, name, answer }], symbols: { <address>: [module, name] } }
//       `threads` are those that run JavaScript; `answer` of a thread is 'came', 'blocked' (it takes no such signal), or 'none'
//       `symbols` are the native functions at the addresses of the records; of a caller the address is that before it
//   …   samples as in record.h, one of each thread; without addresses if its stack could not be walked
//   …   the code events of each of `threads`, as in code_events.cc

#ifndef NATIVEPROF_STACK_ANSWERS_H_
#define NATIVEPROF_STACK_ANSWERS_H_

#include "thread_registry.h"

namespace nativeprof {

class StackAnswers {
 public:
  // Starts the thread. It is called nativeprof:<signal>, so that who wants to ask knows that he may, and by which signal.
  // `registry` lives as long as the process. False if the system has no room for it.
  // Context: JS thread, once in a process, before sampling starts.
  static bool Start(ThreadRegistry& registry);
};

}  // namespace nativeprof

#endif  // NATIVEPROF_STACK_ANSWERS_H_
