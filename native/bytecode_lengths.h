// bytecode_lengths.h: how long the bytecode arrays are that a thread was last interrupted in. Asking the kernel for the word costs
// as much as the rest of a walk, and a busy function is interrupted many times.

#ifndef NATIVEPROF_BYTECODE_LENGTHS_H_
#define NATIVEPROF_BYTECODE_LENGTHS_H_

#include <cstddef>
#include <cstdint>

#include "safe_read.h"
#include "signal_safe.h"

namespace nativeprof {

// Belongs to one thread.
// Context: signal handler (async-signal-safe), on its thread.
class BytecodeLengths {
 public:
  // Bytes of bytecode in the array that the tagged pointer `array` leads to; 0 if that cannot be read. Another array may have come
  // to lie there since it was asked: what is remembered serves a few times only.
  uint32_t Find(SignalContext context, uintptr_t array, const SafeReader& safe_reader) {
    Entry& entry = entries_[array * kMultiplier >> kShift];
    if (entry.array != array || entry.uses_left == 0) {
      constexpr uintptr_t kArrayLength = 8;  // a Smi, the same on all versions that are known
      uint64_t length = 0;
      if (!safe_reader.Read(context, array - 1 + kArrayLength, &length, sizeof(length))) return 0;
      entry = {array, static_cast<uint32_t>(length >> 32), kMostUses};
    }
    --entry.uses_left;
    return entry.length;
  }

 private:
  static constexpr int kBits = 6;
  static constexpr int kShift = 64 - kBits;
  static constexpr uint64_t kMultiplier = 0x9e3779b97f4a7c15;  // Knuth, TAOCP 6.4: 2^64 / golden ratio
  static constexpr uint32_t kMostUses = 32;

  struct Entry {
    uintptr_t array;
    uint32_t length;
    uint32_t uses_left;
  };
  Entry entries_[size_t{1} << kBits] = {};
};

}  // namespace nativeprof

#endif  // NATIVEPROF_BYTECODE_LENGTHS_H_
