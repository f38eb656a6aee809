// stack_memory.h: reads words of the interrupted thread's stack, and nothing else.

#ifndef NATIVEPROF_STACK_MEMORY_H_
#define NATIVEPROF_STACK_MEMORY_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "safe_read.h"
#include "signal_safe.h"

namespace nativeprof {

// Lives in the handler's frame. Of a thread whose stack's bounds are known, every word between the stack pointer's red zone
// and the top is mapped and read as it is. Of any other thread a piece of at most kWindowBytes is copied by the safe reader.
// Context: signal handler (async-signal-safe).
class StackMemory {
 public:
  // `top` is one past the stack's highest address, 0 if it is not known.
  StackMemory(SignalContext context, uintptr_t sp, uintptr_t top, const SafeReader& safe_reader)
      : context_(context), safe_reader_(safe_reader), low_(sp - kRedZoneBytes), top_(top != 0 ? top : sp + kMostStackBytes),
        is_known_(top != 0) {}

  // Whether a word can be at `address` at all.
  bool Has(uintptr_t address) const {
    return address >= low_ && address < top_ && top_ - address >= sizeof(uintptr_t) && address % sizeof(uintptr_t) == 0;
  }

  // The word at `address`; 0 outside of the stack, and where it cannot be read.
  uintptr_t Word(uintptr_t address) {
    if (!Has(address)) return 0;
    if (is_known_) return StackWordAt(address);
    if (address - window_start_ >= window_bytes_ && !MoveWindow(address)) return 0;
    uintptr_t word;
    std::memcpy(&word, window_ + (address - window_start_), sizeof(word));
    return word;
  }

  // Whether Word() costs a load and no more.
  bool is_known() const { return is_known_; }

  uintptr_t top() const { return top_; }

 private:
  static constexpr size_t kWindowBytes = 1024;  // some ten frames
  static constexpr uintptr_t kPageBytes = 4096;
  // What a function may use below its stack pointer, and signal handlers leave alone (System V ABI for x86-64, 3.2.2);
  // OpenSSL's assembly does.
  static constexpr uintptr_t kRedZoneBytes = 128;
  static constexpr uintptr_t kMostStackBytes = uintptr_t{8} << 20;

  // Never across the end of a page, for the next one may not be there.
  bool MoveWindow(uintptr_t address) {
    const size_t bytes = std::min<uintptr_t>(kWindowBytes, kPageBytes - address % kPageBytes);
    window_bytes_ = 0;
    if (!safe_reader_.Read(context_, address, window_, bytes)) return false;
    window_start_ = address;
    window_bytes_ = bytes;
    return true;
  }

  const SignalContext context_;
  const SafeReader& safe_reader_;
  const uintptr_t low_;
  const uintptr_t top_;
  const bool is_known_;
  uintptr_t window_start_ = 0;
  size_t window_bytes_ = 0;
  uint8_t window_[kWindowBytes];
};

}  // namespace nativeprof

#endif  // NATIVEPROF_STACK_MEMORY_H_
