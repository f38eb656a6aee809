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

  // Whether the page at `page`, a multiple of kPageBytes, can be read. One system call, the cheapest there is that says it
  // (0.1 us measured, where process_vm_readv takes 1 us). False if Probe()
  // found no way to tell.
  // Context: any thread.
  static constexpr size_t kPageBytes = 4096;
  bool IsPageReadable(uintptr_t page) const;

  bool available() const { return way_ != Way::kNone; }

 private:
  enum class Way : uint8_t { kNone, kByKernel, kByPipe };

  // immutable while a handler can run
  Way way_ = Way::kNone;
  bool is_told_by_mask_ = false;  // whether TouchByMask() in safe_read.cc tells the truth here
  int pid_ = 0;
};

}  // namespace nativeprof

#endif  // NATIVEPROF_SAFE_READ_H_
