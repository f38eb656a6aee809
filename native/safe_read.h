// safe_read.h: reads memory that may not be there, by a system call that fails where a read would fault: process_vm_readv on
// the own process, or, where there is none or it is forbidden (macOS, emulators, older sandboxes), a pipe.

#ifndef NATIVEPROF_SAFE_READ_H_
#define NATIVEPROF_SAFE_READ_H_

#include <cstddef>
#include <cstdint>

#include "signal_safe.h"

namespace nativeprof {

class SafeReader {
 public:
  // Finds out whether this machine lets a process read itself: some sandboxes and emulators do not.
  // Context: JS thread, no handler running.
  void Probe();

  // Copies `bytes` from `address`. False, and nothing else, if they are not mapped or Probe() found no way.
  // One system call (1.7 us measured), or with a pipe two; of at most a page.
  // Context: signal handler (async-signal-safe).
  bool Read(SignalContext, uintptr_t address, void* out, size_t bytes) const;

  // How many of the `count` pages from `page` on can be read, up to the first that cannot; one system call for all. `count` is at
  // most kMostPages. 0 if Probe() found no way to tell.
  // Context: any thread.
  static constexpr size_t kPageBytes = 4096;
  static constexpr size_t kMostPages = 16;
  size_t CountReadablePages(uintptr_t page, size_t count) const;

  bool available() const { return way_ != Way::kNone; }

 private:
  enum class Way : uint8_t { kNone, kByKernel, kByPipe };

  // immutable while a handler can run
  Way way_ = Way::kNone;
  int pid_ = 0;
};

}  // namespace nativeprof

#endif  // NATIVEPROF_SAFE_READ_H_
