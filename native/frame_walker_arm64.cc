// frame_walker_arm64.cc: on arm64, where a native function that was interrupted and has no unwind tables keeps its return
// address: OpenSSL's assembly, WebAssembly, the compiled code of other engines. The rest is in frame_walker.cc.
//
// The link register has it until the function calls something. Whether a frame was made before the interrupted instruction is read
// off the instructions in front of it. What they do not show counts as a frame, which compilers make.

#include "frame_walker.h"

#if defined(__aarch64__)

#include "arm64_code_window.h"

namespace nativeprof {

namespace {

// How far a function's beginning is searched: twice the unrolled loops of OpenSSL's SHA-512.
constexpr size_t kMostChunks = 16;
constexpr size_t kChunk = 128;  // instructions, 512 bytes of the handler's stack

// What the instructions before an interrupted one say, nearest first.
enum class Verdict : uint8_t { kFrame, kNoFrame, kReadOn };

Verdict Judge(const uint32_t* code, size_t count, bool* is_after_return) {
  for (size_t i = count; i > 0; --i) {
    const uint32_t instruction = code[i - 1];
    if (*is_after_return) {
      // What returns by a frame may go on behind it; what returns without one has ended there.
      constexpr size_t kSoon = 4;
      for (size_t k = i; k > 0 && k + kSoon > i; --k) {
        if (arm64::IsLoadFrame(code[k - 1])) return Verdict::kFrame;
      }
      return Verdict::kNoFrame;
    }
    if (arm64::IsPushFrame(instruction) || arm64::IsStoreFrame(instruction)) return Verdict::kFrame;
    if (instruction == 0) return Verdict::kNoFrame;  // between two functions
    *is_after_return = arm64::IsReturn(instruction);
  }
  return Verdict::kReadOn;
}

// The instructions before `end`; false if they cannot be read.
template <size_t N>
bool ReadCodeBefore(SignalContext context, const WalkResources& resources, uintptr_t end, uint32_t (&code)[N]) {
  const uintptr_t start = end - sizeof(code);
  if (start < resources.program_start || end > resources.program_end) {
    return resources.call_sites.safe_reader().Read(context, start, code, sizeof(code));
  }
  std::memcpy(code, reinterpret_cast<const void*>(start), sizeof(code));
  return true;
}

}  // namespace

// What lies between the saved frame pointer and return address of the function at now_ and its caller's frame. Only its caller's
// unwind tables ask for that, by the stack pointer: V8's entry from C++, and functions without tables, say it by their beginning.
uintptr_t FrameWalker::BytesAboveFrame(uintptr_t return_address) {
  if (now_.pc == 0 || IsV8(return_address)) return 0;
  uintptr_t bytes = 0;
  if (IsV8(now_.pc)) {
    const Builtin* const builtin = FindBuiltin(now_.pc - 1);
    bytes = builtin == nullptr ? 0 : builtin->bytes_above_frame;
  } else if (uint32_t code[kChunk]; ReadCodeBefore(context_, resources_, now_.pc, code)) {
    size_t i = kChunk;
    while (i > 0 && !arm64::IsPushFrame(code[i - 1])) --i;
    if (i == 0) return 0;
    bytes = arm64::PushedBytes(code[i - 1]) - 2 * sizeof(uintptr_t);
    for (--i; i > 0 && arm64::PushedBytes(code[i - 1]) > 0; --i) bytes += arm64::PushedBytes(code[i - 1]);
  }
  if (bytes > 0) is_by_two_words_ = false;
  return bytes;
}

bool FrameWalker::IsReturnAddressInLink() {
  const SafeReader& safe_reader = resources_.call_sites.safe_reader();
  const uintptr_t link = AsReturnAddress(general_[kDwarfReturnAddress]);
  constexpr int kMostBeforeFrame = 8;
  const Arm64CodeWindow near(context_, now_.pc, safe_reader);
  if (near.IsBeforeFrame(kMostBeforeFrame) || near.IsBehindFrame()) return true;
  if (AsReturnAddress(stack_.Word(now_.fp + sizeof(uintptr_t))) == link || !IsCallSite(link)) return false;

  // A frame that is there has been made by now.
  has_next_rule_ = false;
  uint32_t code[kChunk];
  bool is_after_return = false;
  uintptr_t end = now_.pc;
  for (size_t chunk = 0; chunk < kMostChunks; ++chunk) {
    const uintptr_t start = end - sizeof(code);
    // The link register leads back into what was read: the function has called something, so it has a frame.
    if (link > start && link <= now_.pc) return false;
    if (!ReadCodeBefore(context_, resources_, end, code)) return false;
    const Verdict verdict = Judge(code, kChunk, &is_after_return);
    if (verdict != Verdict::kReadOn) return verdict == Verdict::kNoFrame;
    end = start;
  }
  return false;
}

}  // namespace nativeprof

#endif  // defined(__aarch64__)
