// arm64_instructions.h: the few instructions of arm64 that make, leave or use a stack frame. (Arm Architecture Reference
// Manual, DDI 0487, C6.2; all are 4 bytes.) Plain functions of numbers, so that any machine can test them.
//
// A frame begins with the caller's frame pointer (x29) and, above it, the return address, which a call leaves in the link
// register (x30). So in a function that has called nothing yet, and behind the load of the two at its end, the return address
// is in the register; in between it is where the frame pointer leads.

#ifndef NATIVEPROF_ARM64_INSTRUCTIONS_H_
#define NATIVEPROF_ARM64_INSTRUCTIONS_H_

#include <cstddef>
#include <cstdint>

namespace nativeprof {
namespace arm64 {

constexpr size_t kInstructionBytes = 4;

// bl; blr; blraaz, blrabz, blraa, blrab, which authenticate the address first
constexpr bool IsCall(uint32_t code) {
  return (code & 0xfc000000) == 0x94000000 || (code & 0xfffffc1f) == 0xd63f0000 || (code & 0xfefff800) == 0xd63f0800;
}

// ret, to x30; retaa, retab
constexpr bool IsReturn(uint32_t code) { return code == 0xd65f03c0 || code == 0xd65f0bff || code == 0xd65f0fff; }

// b; br; braaz, brabz, braa, brab
constexpr bool IsJump(uint32_t code) {
  return (code & 0xfc000000) == 0x14000000 || (code & 0xfffffc1f) == 0xd61f0000 || (code & 0xfefff800) == 0xd61f0800;
}

// stp x29, x30, [sp, #n]!
constexpr bool IsPushFrame(uint32_t code) { return (code & 0xffc07fff) == 0xa9807bfd; }

// How far stp of any two registers, [sp, #-n]!, lowers the stack pointer; 0 if it is something else.
constexpr uintptr_t PushedBytes(uint32_t code) {
  const bool is_push = (code & 0xffc003e0) == 0xa98003e0 || (code & 0xffc003e0) == 0x6d8003e0;
  const int32_t words = static_cast<int32_t>(code << 10) >> 25;
  return is_push && words < 0 ? static_cast<uintptr_t>(-words) * 8 : 0;
}

// stp x29, x30, [sp, #n]: into room that has been made before
constexpr bool IsStoreFrame(uint32_t code) { return (code & 0xffc07fff) == 0xa9007bfd; }

// add x29, sp, #n: mov x29, sp is n = 0
constexpr bool IsSetFp(uint32_t code) { return (code & 0xffc003ff) == 0x910003fd; }

// ldp x29, x30, [sp], #n; ldp x29, x30, [sp, #n]; ldp x29, x30, [x29]
constexpr bool IsLoadFrame(uint32_t code) {
  return (code & 0xffc07fff) == 0xa8c07bfd || (code & 0xffc07fff) == 0xa9407bfd || code == 0xa9407bbd;
}

// stp xN, x30, [sp, #-16]!, and stp x30, xN: what V8 does about a call in code without a frame
constexpr bool IsPushLink(uint32_t code) {
  return !IsPushFrame(code) && ((code & 0xffff7fe0) == 0xa9bf7be0 || (code & 0xffff83ff) == 0xa9bf03fe);
}

// str x29, [x26, #n], stur; and the same of xzr: V8 leaves its frame pointer with the isolate, whose data x26 points to
constexpr bool IsStoreFpInIsolate(uint32_t code) {
  return (code & 0xffc003ff) == 0xf900035d || (code & 0xffe00fff) == 0xf800035d;
}
constexpr bool IsClearInIsolate(uint32_t code) {
  return (code & 0xffc003ff) == 0xf900035f || (code & 0xffe00fff) == 0xf800035f;
}

// Where a bl at `address` leads; 0 if it is something else.
constexpr uintptr_t CallTarget(uintptr_t address, uint32_t code) {
  if ((code & 0xfc000000) != 0x94000000) return 0;
  const int32_t words = static_cast<int32_t>(code << 6) >> 6;
  return address + static_cast<uintptr_t>(static_cast<intptr_t>(words) * 4);
}

// mov xN, #n (movz without a shift), with n in *value
constexpr bool IsMoveImmediate(uint32_t code, uint32_t register_number, uint32_t* value) {
  if ((code & 0xffe0001f) != (0xd2800000 | register_number)) return false;
  *value = code >> 5 & 0xffff;
  return true;
}

// How many instructions on a branch leads that may also not be taken (b.cond, cbz, cbnz, tbz, tbnz); 0 if it is something else,
// or leads back.
constexpr int SkippedAhead(uint32_t code) {
  int32_t words = 0;
  if ((code & 0xff000010) == 0x54000000 || (code & 0x7e000000) == 0x34000000) {
    words = static_cast<int32_t>(code << 8) >> 13;
  } else if ((code & 0x7e000000) == 0x36000000) {
    words = static_cast<int32_t>(code << 13) >> 18;
  }
  return words > 0 ? words : 0;
}

// Without the bits that say by whom it was signed, where return addresses are (Arm's pointer authentication). User space has
// 48 bits unless a program asks for more, and code has no tag.
constexpr uintptr_t WithoutSignature(uintptr_t address) { return address & ((uintptr_t{1} << 48) - 1); }

}  // namespace arm64
}  // namespace nativeprof

#endif  // NATIVEPROF_ARM64_INSTRUCTIONS_H_
