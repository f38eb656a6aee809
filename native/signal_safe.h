// signal_safe.h: what every function that a signal handler can reach has in common.
//
// A SIGPROF handler runs between any two instructions of the program: in the middle of malloc, with V8's locks held,
// on any thread. So nothing below it may allocate, lock, make handles or leave errno changed. A function that is safe
// there takes a SignalContext as its first parameter; only a handler body can make one, and stack_here.cc,
// which does what a handler does, to itself.
//
// What it calls outside is listed, with reasons, in scripts/check-signal-safety.mjs. What it reads is: memory of ours that
// outlives it; the interrupted thread's stack, within its bounds; code, where it is known to be mapped; and of V8's heap the one
// Map that has the labels (heap/context_frame.h), for there is no other way to learn them that costs the program nothing. That
// search is bounded, is not made while a collection runs, reads only pages that are mapped, and believes nothing that was not
// checked. Whatever else is read goes through SafeReader, a system call that fails where a read would fault.

#ifndef NATIVEPROF_SIGNAL_SAFE_H_
#define NATIVEPROF_SIGNAL_SAFE_H_

#include <cerrno>
#include <cstdint>

namespace nativeprof {

// A token: "the caller may be a signal handler". Costs nothing.
// Context: signal handler (async-signal-safe).
class SignalContext {
 private:
  friend class SigprofHandler;
  friend class StackHere;
  friend struct SignalContextForTests;
  SignalContext() = default;
};

// Restores errno when it goes out of scope: the interrupted code may be about to read it.
// Context: signal handler (async-signal-safe).
class ErrnoGuard {
 public:
  ErrnoGuard() : saved_(errno) {}
  ~ErrnoGuard() { errno = saved_; }
  ErrnoGuard(const ErrnoGuard&) = delete;
  ErrnoGuard& operator=(const ErrnoGuard&) = delete;

 private:
  const int saved_;
};

// A thread_local that a handler can read. The default model of a shared library may call malloc at the first access on
// a thread (__tls_get_addr); initial-exec is a plain load. musl and macOS have no such trap, and macOS no such model.
#if defined(__GLIBC__)
#define NATIVEPROF_SIGNAL_SAFE_TLS thread_local __attribute__((tls_model("initial-exec")))
#else
#define NATIVEPROF_SIGNAL_SAFE_TLS thread_local
#endif

// In builds with a sanitizer, frames of ours lie between spaces that nobody may read; whoever walks a stack comes across them.
#if defined(NATIVEPROF_SANITIZED)
#define NATIVEPROF_READS_ANY_STACK __attribute__((no_sanitize("address"), noinline))
#else
#define NATIVEPROF_READS_ANY_STACK
#endif

// A word of a stack, which the caller knows to be there.
// Context: signal handler (async-signal-safe).
NATIVEPROF_READS_ANY_STACK inline uintptr_t StackWordAt(uintptr_t address) {
  return *reinterpret_cast<const uintptr_t*>(address);
}

}  // namespace nativeprof

#endif  // NATIVEPROF_SIGNAL_SAFE_H_
