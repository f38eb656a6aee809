// js_linkage.h: is a builtin of V8's a function that JavaScript can call (Array.prototype.map), or a piece of code that
// compiled functions share (a property load)? V8 does not say in its events; the first instructions do.

#ifndef NATIVEPROF_JS_LINKAGE_H_
#define NATIVEPROF_JS_LINKAGE_H_

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace nativeprof {

// `code` points to the `size` bytes of the builtin. Where the architecture is not known, every builtin counts as callable.
// Context: JS thread.
inline bool HasJsLinkage([[maybe_unused]] const uint8_t* code, [[maybe_unused]] size_t size) {
#if defined(__x86_64__)
  // push rbp; mov rbp, rsp; push rsi; push rdi; push rax: a frame with context, function and argument count.
  constexpr uint8_t kJsFrame[] = {0x55, 0x48, 0x89, 0xe5, 0x56, 0x57, 0x50};
  // mov rbx, [r13 + disp32]; jmp rel32: loads the address of a C++ function and goes to the adaptor for those.
  constexpr uint8_t kLoadCppFunction[] = {0x49, 0x8b, 0x9d};
  constexpr size_t kJumpOffset = 7;
  if (size > sizeof(kJsFrame) && std::memcmp(code, kJsFrame, sizeof(kJsFrame)) == 0) return true;
  return size > kJumpOffset && std::memcmp(code, kLoadCppFunction, sizeof(kLoadCppFunction)) == 0 &&
         code[kJumpOffset] == 0xe9;
#elif defined(__aarch64__)
  // stp x29, x30, [sp, #-16]!; mov x29, sp; stp xzr, x0, [sp, #-32]!; stp x1, x27, [sp, #16]: the same.
  constexpr uint32_t kJsFrame[] = {0xa9bf7bfd, 0x910003fd, 0xa9be03ff, 0xa9016fe1};
  if (size >= sizeof(kJsFrame) && std::memcmp(code, kJsFrame, sizeof(kJsFrame)) == 0) return true;
  // ldr xN, [x26, #n]; b: the same.
  uint32_t first[2];
  if (size < sizeof(first)) return false;
  std::memcpy(first, code, sizeof(first));
  return (first[0] & 0xffc003e0) == 0xf9400340 && (first[1] & 0xfc000000) == 0x14000000;
#else
  return true;
#endif
}

}  // namespace nativeprof

#endif  // NATIVEPROF_JS_LINKAGE_H_
