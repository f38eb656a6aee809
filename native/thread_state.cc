// thread_state.cc: see thread_state.h.

#include "thread_state.h"

#include <pthread.h>
#if defined(__linux__)
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace nativeprof {

NATIVEPROF_SIGNAL_SAFE_TLS ThreadState* current_thread_state = nullptr;

uintptr_t CurrentStackTop() {
#if defined(__APPLE__)
  return reinterpret_cast<uintptr_t>(pthread_get_stackaddr_np(pthread_self()));
#else
  pthread_attr_t attributes;
  if (pthread_getattr_np(pthread_self(), &attributes) != 0) return 0;
  void* lowest = nullptr;
  size_t bytes = 0;
  const bool known = pthread_attr_getstack(&attributes, &lowest, &bytes) == 0;
  pthread_attr_destroy(&attributes);
  return known ? reinterpret_cast<uintptr_t>(lowest) + bytes : 0;
#endif
}

uint32_t CurrentTid() {
#if defined(__APPLE__)
  uint64_t tid = 0;
  pthread_threadid_np(nullptr, &tid);
  return static_cast<uint32_t>(tid);
#else
  return static_cast<uint32_t>(syscall(SYS_gettid));
#endif
}

void CurrentThreadName(SignalContext, char (&name)[16]) {
  name[0] = '\0';
#if defined(__linux__)
  prctl(PR_GET_NAME, name);
#endif
}

}  // namespace nativeprof
