// quiet_thread.h — a thread that waits for something of ours, and is never seen by the program: no signal is handled on it, and nobody
// joins it.

#ifndef NATIVEPROF_QUIET_THREAD_H_
#define NATIVEPROF_QUIET_THREAD_H_

#include <pthread.h>
#include <signal.h>

#include <cstddef>

namespace nativeprof {

// Runs `body` with a null pointer. False if the system has no thread left to give.
inline bool StartQuietThread(void* (*body)(void*), size_t stack_bytes) {
  sigset_t all;
  sigset_t saved;
  sigfillset(&all);
  pthread_attr_t attributes;
  if (pthread_attr_init(&attributes) != 0) return false;
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_attr_setstacksize(&attributes, stack_bytes);
  pthread_sigmask(SIG_SETMASK, &all, &saved);  // the thread inherits it
  pthread_t thread;
  const int failed = pthread_create(&thread, &attributes, body, nullptr);
  pthread_sigmask(SIG_SETMASK, &saved, nullptr);
  pthread_attr_destroy(&attributes);
  return failed == 0;
}

}  // namespace nativeprof

#endif  // NATIVEPROF_QUIET_THREAD_H_
