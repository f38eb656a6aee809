// call_of_c.h: whether compiled code is calling a C function for which it makes no frame. The byte patterns are those of V8's
// code generators for x64, the same from V8 11.3 (Node 20) to 14.6 (Node 26).

#ifndef NATIVEPROF_CALL_OF_C_H_
#define NATIVEPROF_CALL_OF_C_H_

#include <cstddef>
#include <cstdint>

#include "v8_code.h"

namespace nativeprof {

#if defined(__x86_64__)

inline constexpr uint8_t kStoreFp8[] = {0x49, 0x89, 0x6d};         // mov [r13 + disp8], rbp
inline constexpr uint8_t kStoreFp32[] = {0x49, 0x89, 0xad};        // mov [r13 + disp32], rbp
inline constexpr uint8_t kStoreZero8[] = {0x49, 0xc7, 0x45};       // mov qword [r13 + disp8], imm32
inline constexpr uint8_t kStoreZero32[] = {0x49, 0xc7, 0x85};      // mov qword [r13 + disp32], imm32
inline constexpr uint8_t kUnalignSp[] = {0x48, 0x8b, 0x24, 0x24};  // mov rsp, [rsp]

// Around a call of a C function that gets no frame, compiled code leaves its frame pointer with V8, which then takes it
// for the caller of a leaf in C: from the instruction behind the store of rbp to the one that clears it.
// Context: signal handler (async-signal-safe).
inline bool IsAtCallOfC(const CodeWindow& code) {
  const auto is_clear = [&code](ptrdiff_t at) { return code.Has(at, kStoreZero8) || code.Has(at, kStoreZero32); };
  if (code.IsCallRegister(0)) return code.Has(-4, kStoreFp8) || code.Has(-7, kStoreFp32);
  // Since Node 24 the alignment of the stack is undone before.
  if (code.IsCallRegister(-2)) return is_clear(0) || (code.Has(0, kUnalignSp) && is_clear(4));
  return code.IsCallRegister(-6) && code.Has(-4, kUnalignSp) && is_clear(0);
}

#endif  // defined(__x86_64__)

}  // namespace nativeprof

#endif  // NATIVEPROF_CALL_OF_C_H_
