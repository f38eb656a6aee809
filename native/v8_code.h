// v8_code.h: where V8's machine code lies in this process, which builtin is where (builtin_kinds.h), and what the instructions
// around an interrupted one mean. Filled before the sampler is armed; from then on immutable, so that a
// handler may read it.

#ifndef NATIVEPROF_V8_CODE_H_
#define NATIVEPROF_V8_CODE_H_

#include <v8.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

#include "builtin_kinds.h"
#include "call_sites.h"
#include "safe_read.h"
#include "signal_safe.h"

namespace nativeprof {

// Where the frame of an interpreted function keeps what identifies it; the same in baseline code, but for the offset.
struct UnoptimizedFrame {
  intptr_t bytecode_array;   // bytes from the frame pointer to the BytecodeArray, a tagged pointer
  intptr_t bytecode_offset;  // and to the offset in it, counted from the tagged pointer, as a Smi
  uint32_t first_bytecode;   // the least such offset
};

// V8 may map its builtins a second time, into the range of compiled code, so that short calls reach them; both copies run.
// Which one its code events tell of differs by version. An address of either is made one of the copy they tell of.
class V8Code {
 public:
  // Context: JS thread, no handler running.
  void Clear(v8::Isolate* isolate);

  // Whether it is that of `isolate` as well: isolates share the range that compiled code lies in.
  // Context: JS thread.
  bool IsOf(v8::Isolate* isolate) const;

  // Takes note of a builtin, by V8's own name for it (`Builtin:…`, `BytecodeHandler:…`); ignores any other code.
  // Context: JS thread, no handler running.
  void Add(uintptr_t start, size_t size, std::string_view name);

  // Call once after the last Add().
  // Context: JS thread, no handler running.
  void Sort();

  // Whether `address` lies in memory that V8 uses for code. Parts of it may not be mapped.
  // Context: signal handler (async-signal-safe).
  bool Contains(SignalContext, uintptr_t address) const {
    return address - jit_start_ < jit_size_ || address - embedded_start_ < embedded_size_;
  }

  // The same address in the copy of the builtins that code events tell of; any other address as it is.
  // Context: signal handler (async-signal-safe).
  uintptr_t Canonical(SignalContext, uintptr_t address) const {
    const uintptr_t offset = address - other_copy_start_;
    return offset < embedded_size_ ? announced_copy_start_ + offset : address;
  }

  // The builtin that `address` lies in, in either copy, or null. Memory of builtins is always mapped.
  // Context: signal handler (async-signal-safe).
  const Builtin* FindBuiltin(SignalContext context, uintptr_t address) const;

  // Whether `address` is a return address into V8's code. Where this machine has no safe read, any in the range of
  // compiled code is taken for one.
  // Context: signal handler (async-signal-safe).
  bool IsReturnAddress(SignalContext context, uintptr_t address, CallSites& call_sites) const;

  // Whether `address` lies in one of the copies of the builtins.
  // Context: signal handler (async-signal-safe).
  bool IsInBuiltins(SignalContext context, uintptr_t address) const {
    return Canonical(context, address) - announced_copy_start_ < embedded_size_;
  }

  // The address that stands for an interpreted or baseline function: in its bytecode, at the one being executed if that is
  // known. By the two words that its frame has for it; 0 if they are none.
  // Context: signal handler (async-signal-safe).
  uint64_t UnoptimizedFunction(SignalContext, uintptr_t bytecode_array, uintptr_t bytecode_offset) const {
    if ((bytecode_array & 1) == 0 || bytecode_array == 1) return 0;
    // A Smi has its value in the upper half. Baseline code has something else there, and so has a frame in the making.
    // (V8's stack check on entry leaves half of the array's own address.)
    const uint32_t first = unoptimized_frame_.first_bytecode;
    const bool is_offset = static_cast<uint32_t>(bytecode_offset) == 0 && bytecode_offset >> 32 >= first &&
                           bytecode_offset >> 32 != static_cast<uint32_t>(bytecode_array);
    return bytecode_array + (is_offset ? bytecode_offset >> 32 : first);
  }

  // Why this V8's frames cannot be read by us; null if they can. They are those of V8 11.3 to 14.6, said the table.
  // Context: any thread.
  const char* unknown_layout() const { return unknown_layout_; }

  // Context: signal handler (async-signal-safe).
  const UnoptimizedFrame& unoptimized_frame(SignalContext) const { return unoptimized_frame_; }

  struct Range {
    uintptr_t start;
    size_t bytes;
  };
  Range jit_range() const { return {jit_start_, jit_size_}; }
  Range embedded_range() const { return {embedded_start_, embedded_size_}; }

 private:
  void IndexBuiltins();

  // immutable while a handler can run
  uintptr_t jit_start_ = 0;
  size_t jit_size_ = 0;
  uintptr_t embedded_start_ = 0;
  size_t embedded_size_ = 0;
  uintptr_t announced_copy_start_ = 0;
  uintptr_t other_copy_start_ = UINTPTR_MAX;  // UINTPTR_MAX: there is one copy only
  UnoptimizedFrame unoptimized_frame_ = {};
  const char* unknown_layout_ = nullptr;
  std::vector<Builtin> builtins_;  // sorted by start
  // Of each piece of 2^piece_shift_ bytes from the first builtin on: the first builtin that does not end before it. A binary
  // search would touch a dozen places, none of which a handler finds in the processor's cache.
  std::vector<uint16_t> first_builtin_;
  int piece_shift_ = 0;
};

#if defined(__x86_64__)

// The code around an interrupted instruction, by bytes at an offset from that instruction. Only its page is known to be
// mapped: what cannot be read of the neighbouring pages is 0xcc (int3), which is in no pattern.
// Context: signal handler (async-signal-safe).
class CodeWindow {
 public:
  static constexpr uint8_t kRestoreFp[] = {0x48, 0x8b, 0x6d, 0x00};  // mov rbp, [rbp]
  static constexpr ptrdiff_t kBefore = 80;
  static constexpr ptrdiff_t kBehind = 80;

  CodeWindow(SignalContext context, uintptr_t pc, const SafeReader& safe_reader) {
    constexpr uintptr_t kPageBytes = 4096;
    const uintptr_t page = pc & ~(kPageBytes - 1);
    const uintptr_t from = std::max(page, pc - kBefore);
    const uintptr_t to = std::min(page + kPageBytes, pc + kBehind);
    const bool is_on_one_page = to - from == sizeof(bytes_);
    if (!is_on_one_page && safe_reader.Read(context, pc - kBefore, bytes_, sizeof(bytes_))) return;
    std::memset(bytes_, 0xcc, sizeof(bytes_));
    std::memcpy(bytes_ + (from - (pc - kBefore)), reinterpret_cast<const void*>(from), to - from);
  }

  uint8_t At(ptrdiff_t offset) const { return bytes_[kBefore + offset]; }

  template <size_t N>
  bool Has(ptrdiff_t offset, const uint8_t (&pattern)[N]) const {
    return std::memcmp(bytes_ + kBefore + offset, pattern, N) == 0;
  }

  // pop of any register, ending at `end`.
  bool EndsWithPop(ptrdiff_t end) const { return (At(end - 1) & 0xf8) == 0x58; }

  // push of any register: how many bytes, 0 if it is something else.
  ptrdiff_t PushBytes(ptrdiff_t at) const {
    const ptrdiff_t prefix = At(at) == 0x41 ? 1 : 0;
    return (At(at + prefix) & 0xf8) == 0x50 ? prefix + 1 : 0;
  }

  // cmp of any register with an immediate, ending at `end`: how many bytes, 0 if it is something else.
  ptrdiff_t CompareBytes(ptrdiff_t end) const {
    if ((At(end - 4) & 0xfe) == 0x48 && At(end - 3) == 0x83 && (At(end - 2) & 0xf8) == 0xf8) return 4;
    if ((At(end - 7) & 0xfe) == 0x48 && At(end - 6) == 0x81 && (At(end - 5) & 0xf8) == 0xf8) return 7;
    return 0;
  }

  // lea rsp, […]
  bool IsLeaSp(ptrdiff_t at) const {
    return (At(at) & 0xfc) == 0x48 && At(at + 1) == 0x8d && (At(at + 2) & 0x38) == 0x20;
  }

  // call register, by number
  bool IsCallRegister(ptrdiff_t at) const { return At(at) == 0xff && (At(at + 1) & 0xf8) == 0xd0; }

  // jmp rel32 or jmp register
  bool IsJump(ptrdiff_t at) const { return At(at) == 0xe9 || (At(at) == 0xff && (At(at + 1) & 0xf8) == 0xe0); }

  // The caller's frame pointer has been restored (mov rbp, [rbp]) and the frame is about to be given up (add rsp,
  // immediate), as before a jump to other code. The immediate; 0 if this is not so.
  uint32_t BytesToGiveUp() const {
    constexpr ptrdiff_t kAddSpBytes = 7;
    ptrdiff_t behind = -static_cast<ptrdiff_t>(sizeof(kRestoreFp));
    while (behind >= -kBefore && !Has(behind, kRestoreFp)) --behind;
    if (behind < -kBefore) return 0;
    for (ptrdiff_t ahead = 0; ahead + kAddSpBytes <= kBehind; ++ahead) {
      if (At(ahead) != 0x48 || (At(ahead + 1) & 0xfd) != 0x81 || At(ahead + 2) != 0xc4) continue;
      uint32_t bytes = At(ahead + 3);
      if (At(ahead + 1) == 0x81) std::memcpy(&bytes, bytes_ + kBefore + ahead + 3, sizeof(bytes));
      return bytes;
    }
    return 0;
  }

 private:
  uint8_t bytes_[kBefore + kBehind];
};

#endif  // defined(__x86_64__)

}  // namespace nativeprof

#endif  // NATIVEPROF_V8_CODE_H_
