// call_sites.h: which addresses a call instruction ends at, remembered. The words that a walk finds where return addresses
// should be are looked at once each; from then on an answer costs a few nanoseconds.
//
// Shared by all threads without locks: an entry is one word, and whoever writes it last wins.

#ifndef NATIVEPROF_CALL_SITES_H_
#define NATIVEPROF_CALL_SITES_H_

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "call_site.h"
#include "safe_read.h"
#include "signal_safe.h"

namespace nativeprof {

// What is known of the memory in front of an address that may be a return address.
enum class Mapped : uint8_t {
  kAlways,    // it can be read, and will stay
  kProbably,  // code lies there, but may go away; taken for a call where this machine has no safe read
  kUnknown,   // taken for nothing there
};

class CallSites {
 public:
  // Context: JS thread, no handler running.
  void Reset() {
    safe_reader_.Probe();
    for (std::atomic<uintptr_t>& entry : known_) entry.store(0, std::memory_order_relaxed);
  }

  // Whether a call instruction ends at `address`, or did when it was first asked.
  // Context: signal handler (async-signal-safe).
  bool IsCallSite(SignalContext context, uintptr_t address, Mapped mapped) {
    if (address <= kMaxCallBytes) return false;
#if defined(__aarch64__)
    if (address % arm64::kInstructionBytes != 0) return false;
#endif
    std::atomic<uintptr_t>& entry = known_[address * kMultiplier >> kShift];
    if (entry.load(std::memory_order_relaxed) == address) return true;
    uint8_t before[kMaxCallBytes];
    if (mapped == Mapped::kAlways) {
      if (!EndsWithCall(reinterpret_cast<const uint8_t*>(address))) return false;
    } else if (!safe_reader_.available()) {
      return mapped == Mapped::kProbably;
    } else if (!safe_reader_.Read(context, address - kMaxCallBytes, before, kMaxCallBytes) ||
               !EndsWithCall(before + kMaxCallBytes)) {
      return false;
    }
    entry.store(address, std::memory_order_relaxed);
    return true;
  }

  // Has the processor fetch what IsCallSite() will look at.
  // Context: signal handler (async-signal-safe).
  void Prefetch(SignalContext, uintptr_t address) const { __builtin_prefetch(&known_[address * kMultiplier >> kShift]); }

  const SafeReader& safe_reader() const { return safe_reader_; }

 private:
  static constexpr int kBits = 13;  // 8,192 entries, 64 KiB: a program of some size has 2,000 distinct ones in its samples
  static constexpr int kShift = 64 - kBits;
  static constexpr uint64_t kMultiplier = 0x9e3779b97f4a7c15;  // Knuth, TAOCP 6.4: 2^64 / golden ratio

  SafeReader safe_reader_;  // immutable while a handler can run
  std::atomic<uintptr_t> known_[size_t{1} << kBits] = {};  // written by handlers
};

}  // namespace nativeprof

#endif  // NATIVEPROF_CALL_SITES_H_
