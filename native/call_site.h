// call_site.h: does a call instruction end at this address? Every return address follows one; few other words on a stack
// that happen to look like code addresses do.

#ifndef NATIVEPROF_CALL_SITE_H_
#define NATIVEPROF_CALL_SITE_H_

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "arm64_instructions.h"

namespace nativeprof {

#if defined(__aarch64__)

constexpr size_t kMaxCallBytes = arm64::kInstructionBytes;

// `end` points behind `kMaxCallBytes` readable bytes.
// Context: signal handler (async-signal-safe).
inline bool EndsWithCall(const uint8_t* end) {
  uint32_t code;
  std::memcpy(&code, end - sizeof(code), sizeof(code));
  return reinterpret_cast<uintptr_t>(end) % sizeof(code) == 0 && arm64::IsCall(code);
}

// The return address that a word of the stack, or the link register, stands for.
// Context: signal handler (async-signal-safe).
constexpr uintptr_t AsReturnAddress(uintptr_t word) { return arm64::WithoutSignature(word); }

#else

// The longest call instruction that x64 compilers emit: FF /2 with SIB and disp32, and a REX prefix.
constexpr size_t kMaxCallBytes = 8;

// `end` points behind the last of `kMaxCallBytes` readable bytes.
// Encodings: Intel SDM volume 2, CALL: E8 cd, and FF /2 with every addressing form of ModR/M.
// Context: signal handler (async-signal-safe).
inline bool EndsWithCall(const uint8_t* end) {
  if (end[-5] == 0xe8) return true;
  for (size_t length = 2; length <= 7; ++length) {
    const uint8_t* const call = end - length;
    if (call[0] != 0xff || (call[1] >> 3 & 7) != 2) continue;
    const uint8_t mod = call[1] >> 6;
    const uint8_t rm = call[1] & 7;
    size_t expected = 2;
    if (mod != 3) {
      if (rm == 4) expected += 1;                              // SIB
      if (mod == 1) expected += 1;                             // disp8
      if (mod == 2 || (mod == 0 && rm == 5)) expected += 4;    // disp32, or relative to rip
      // SIB without a base: disp32.
      if (mod == 0 && rm == 4 && length > 2 && (call[2] & 7) == 5) expected += 4;
    }
    if (expected == length) return true;
  }
  return false;
}

// The return address that a word of the stack stands for.
// Context: signal handler (async-signal-safe).
constexpr uintptr_t AsReturnAddress(uintptr_t word) { return word; }

#endif  // defined(__aarch64__)

}  // namespace nativeprof

#endif  // NATIVEPROF_CALL_SITE_H_
