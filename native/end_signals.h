// end_signals.h: SIGINT, SIGTERM and SIGHUP end a program without asking it. This lets JavaScript do something first, even
// while a loop blocks the event loop, and then has the process end as it would have.
//
// A handler may not run JavaScript, and nothing else comes through to a thread that never returns to its event loop. So
// the handler posts a semaphore (async-signal-safe by POSIX); a thread that waits for it asks V8 to interrupt the running
// JavaScript, and wakes the event loop in case there is none running. Whichever comes first runs the callback, on the JS
// thread. A second signal ends the process at once.
//
// A program that listens for a signal itself replaces our handler with libuv's, as it should; when it stops listening,
// libuv puts back the default, and Retake() is called.

#ifndef NATIVEPROF_END_SIGNALS_H_
#define NATIVEPROF_END_SIGNALS_H_

#include <uv.h>
#include <v8.h>

namespace nativeprof {

class EndSignals {
 public:
  // Takes over those of the signals that would end the process. `callback` runs once, on the JS thread, maybe in the midst
  // of JavaScript; if it returns true, the process then dies of the signal, else when DieIfSignalled() is called.
  // False if the system has no thread or handle left.
  // Context: JS thread, once in a process.
  static bool Watch(v8::Isolate* isolate, uv_loop_t* loop, bool (*callback)());

  // Has the process die of the signal that came, if one did.
  // Context: JS thread.
  static void DieIfSignalled();

  // Takes back signals that have fallen to the default since.
  // Context: JS thread.
  static void Retake();

  // Before the isolate goes away: from here on the signals end the process without a callback.
  // Context: JS thread.
  static void Unwatch();
};

}  // namespace nativeprof

#endif  // NATIVEPROF_END_SIGNALS_H_
