// arm64_code_window.h: the instructions around an interrupted one, on arm64, and what they say of the stack frame. (On x64 that
// is CodeWindow in v8_code.h.)

#ifndef NATIVEPROF_ARM64_CODE_WINDOW_H_
#define NATIVEPROF_ARM64_CODE_WINDOW_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "arm64_instructions.h"
#include "safe_read.h"
#include "signal_safe.h"

namespace nativeprof {

// Only the interrupted instruction's page is known to be mapped: what cannot be read of the neighbouring pages is 0 (udf), which
// means nothing here, and ends every search.
// Context: signal handler (async-signal-safe).
class Arm64CodeWindow {
 public:
  static constexpr int kBefore = 32;
  static constexpr int kBehind = 16;

  Arm64CodeWindow(SignalContext context, uintptr_t pc, const SafeReader& safe_reader) {
    constexpr uintptr_t kPageBytes = SafeReader::kPageBytes;
    const uintptr_t start = pc - kBefore * arm64::kInstructionBytes;
    const uintptr_t page = pc & ~(kPageBytes - 1);
    const uintptr_t from = std::max(page, start);
    const uintptr_t to = std::min(page + kPageBytes, start + sizeof(code_));
    if (to - from != sizeof(code_) && safe_reader.Read(context, start, code_, sizeof(code_))) return;
    std::memset(code_, 0, sizeof(code_));
    std::memcpy(reinterpret_cast<char*>(code_) + (from - start), reinterpret_cast<const void*>(from), to - from);
  }

  // The instruction so many behind the interrupted one; before it if negative.
  uint32_t At(int offset) const { return code_[kBefore + offset]; }

  // Whether the frame is still to be made: the instructions from the interrupted one on make it, before anything goes elsewhere
  // but by a jump that is branched over: optimized code looks first whether it has been deoptimized, and jumps away if so.
  // At most `most` instructions ahead.
  bool IsBeforeFrame(int most) const {
    int landing = SkippedFromBehind();
    for (int i = 0; i <= std::min(most, kBehind - 1); ++i) {
      const uint32_t code = At(i);
      if (arm64::IsPushFrame(code) || arm64::IsStoreFrame(code)) return true;
      if (arm64::IsSetFp(code)) return arm64::IsPushFrame(At(i - 1)) || arm64::IsStoreFrame(At(i - 1));
      if (arm64::IsCall(code)) return false;
      landing = std::max(landing, i + arm64::SkippedAhead(code));
      if (!EndsPath(code)) continue;
      if (landing <= i) return false;
      i = landing - 1;
    }
    return false;
  }

  // Whether the caller's frame pointer and return address have been loaded, and nothing has gone elsewhere since.
  bool IsBehindFrame() const {
    for (int i = -1; i >= -kBefore; --i) {
      const uint32_t code = At(i);
      if (arm64::IsLoadFrame(code)) return true;
      if (EndsPath(code) || arm64::IsCall(code)) return false;
    }
    return false;
  }

  // Whether the link register stands on the stack, pushed for a call and not popped yet.
  bool IsLinkPushed() const {
    constexpr int kSoon = 8;
    for (int i = -1; i >= -kSoon; --i) {
      if (arm64::IsPushLink(At(i))) return true;
      if (EndsPath(At(i))) return false;
    }
    return false;
  }

  // Around a call of a C function that gets no frame, compiled code leaves its frame pointer with V8, which then takes it
  // for the caller of a leaf in C: from the instruction behind the store of the frame pointer to the one that clears it.
  bool IsAtCallOfC() const {
    constexpr int kSoon = 6;
    for (int i = -1; i >= -kSoon; --i) {
      if (arm64::IsStoreFpInIsolate(At(i))) return true;
      if (arm64::IsClearInIsolate(At(i)) || EndsPath(At(i))) return false;
    }
    return false;
  }

 private:
  // Where a branch just before the interrupted instruction would have led, had it been taken.
  int SkippedFromBehind() const {
    const int landing = std::max(arm64::SkippedAhead(At(-1)) - 1, arm64::SkippedAhead(At(-2)) - 2);
    return std::max(landing, 0);
  }

  static bool EndsPath(uint32_t code) { return code == 0 || arm64::IsReturn(code) || arm64::IsJump(code); }

  uint32_t code_[kBefore + kBehind];
};

}  // namespace nativeprof

#endif  // NATIVEPROF_ARM64_CODE_WINDOW_H_
