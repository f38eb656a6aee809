// signal_calls.h: has a signal call JavaScript, as often as it comes, even while a loop blocks the event loop.
//
// As in end_signals.h, the handler only posts a semaphore; a thread that waits for it asks V8 to interrupt the running
// JavaScript, and wakes the event loop in case there is none running. Whichever comes first makes the call.

#ifndef NATIVEPROF_SIGNAL_CALLS_H_
#define NATIVEPROF_SIGNAL_CALLS_H_

#include <uv.h>
#include <v8.h>

namespace nativeprof {

class SignalCalls {
 public:
  // Takes the signal over. `callback` runs on the JS thread, maybe in the midst of JavaScript, once for each signal.
  // False if the system has no thread or handle left, or if somebody handles the signal already.
  // Context: JS thread, once in a process.
  static bool Watch(int signal, v8::Isolate* isolate, uv_loop_t* loop, void (*callback)());

  // Before the isolate goes away: from here on the signal does nothing.
  // Context: JS thread.
  static void Unwatch();
};

}  // namespace nativeprof

#endif  // NATIVEPROF_SIGNAL_CALLS_H_
