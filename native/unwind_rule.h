// unwind_rule.h: how to get from a frame of native code to its caller, as the compiler has written it down.
//
// Registers have the numbers of DWARF (x86-64: System V psABI, figure 3.36; arm64: "DWARF for the Arm 64-bit
// Architecture"). The CFA, canonical frame address, is where the stack pointer of the caller was before its call (arm64:
// at the call): so after the step it is the caller's stack pointer, signal frames included.

#ifndef NATIVEPROF_UNWIND_RULE_H_
#define NATIVEPROF_UNWIND_RULE_H_

#include <cstddef>
#include <cstdint>

namespace nativeprof {

#if defined(__aarch64__)
constexpr uint8_t kDwarfStackPointer = 31;
constexpr uint8_t kDwarfFramePointer = 29;
constexpr uint8_t kDwarfBase = 0xfe;         // none
constexpr uint8_t kDwarfReturnAddress = 30;  // the link register, where no rule says otherwise
constexpr bool kReturnAddressIsRegister = true;
#else
constexpr uint8_t kDwarfStackPointer = 7;
constexpr uint8_t kDwarfFramePointer = 6;
constexpr uint8_t kDwarfBase = 3;             // rbx, by which glibc finds its frame while it binds a symbol lazily
constexpr uint8_t kDwarfReturnAddress = 16;  // no register, but a column of the tables
constexpr bool kReturnAddressIsRegister = false;
#endif

struct UnwindRule {
  enum class Cfa : uint8_t {
    kUnknown,      // no information for this pc
    kEnd,          // the thread's first frame: the return address is undefined
    kRegister,     // CFA = sum, where sum = register[cfa_register] + register[cfa_index_register] * cfa_index_scale +
                   // cfa_offset, and the product counts only if cfa_index_scale is not 0
    kDereference,  // CFA = *sum + cfa_offset_after
  };
  // Where the caller's frame pointer is; and likewise its rbx, with rbx_base and rbx_offset.
  enum class Fp : uint8_t {
    kSame,        // in the frame pointer
    kSaved,       // in memory, at fp_base + fp_offset
    kInRegister,  // in the register fp_base
    kUnknown,
  };
  // Where the return address is.
  enum class ReturnAddress : uint8_t {
    kSaved,       // in memory, at return_address_base + return_address_offset
    kInRegister,  // in the register return_address_base
  };
  // As fp_base, rbx_base and return_address_base: the CFA. Otherwise they are registers, as they are in this frame.
  static constexpr uint8_t kFromCfa = 0xff;

  Cfa cfa = Cfa::kUnknown;
  uint8_t cfa_register = 0;
  uint8_t cfa_index_register = 0;
  uint8_t cfa_index_scale = 0;
  Fp fp = Fp::kUnknown;
  uint8_t fp_base = kFromCfa;
  Fp rbx = Fp::kUnknown;
  uint8_t rbx_base = kFromCfa;
  ReturnAddress return_address = ReturnAddress::kSaved;
  uint8_t return_address_base = kFromCfa;
  int32_t cfa_offset = 0;
  int32_t cfa_offset_after = 0;
  int32_t fp_offset = 0;
  int32_t rbx_offset = 0;
  int32_t return_address_offset = 0;
  // Of the other registers, those that this frame has changed: bit n is register n. The caller has what is in the rest.
  // That is meant for assembly, whose parts call each other with the CFA in any register; a compiler says nothing of
  // registers that a call may change, and never needs them.
  uint32_t changed_registers = 0;
  // A signal came between two instructions: the caller's pc is the one that comes next, and not that of a return, so it
  // is looked up as it is and not minus 1.
  bool is_signal_frame = false;
};

// The code around a pc that a rule is good for, the pc included.
struct RuleRange {
  uintptr_t start = 0;
  size_t bytes = 0;
};

}  // namespace nativeprof

#endif  // NATIVEPROF_UNWIND_RULE_H_
