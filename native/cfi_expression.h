// cfi_expression.h: the expressions in call frame information, as a formula over registers.
//
// A DWARF expression (DWARF 4, 2.5) is a program for a stack machine. Run over values that are sums of registers and
// constants instead of over numbers, it gives the formula. The pc is known, so what depends on it alone is a constant:
// this is what the linker writes for the procedure linkage table. What fits no such formula is not understood, and then
// there is no rule.

#ifndef NATIVEPROF_CFI_EXPRESSION_H_
#define NATIVEPROF_CFI_EXPRESSION_H_

#include <cstdint>

#include "dwarf_reader.h"
#include "signal_safe.h"

namespace nativeprof {

// value = offset + register[base] + register[index] * scale, or what is in memory there, plus `after`.
struct CfiFormula {
  static constexpr uint8_t kNone = 0xff;

  bool is_dereferenced = false;
  uint8_t base = kNone;
  uint8_t index = 0;
  uint8_t scale = 0;  // 0: no index
  int64_t offset = 0;
  int64_t after = 0;

  bool IsConstant() const { return base == kNone && scale == 0 && !is_dereferenced; }
};

// Reads to the end of `reader`, which is the expression. False if it is malformed or has no such form.
// Bounded: an operator is at least a byte. Context: signal handler (async-signal-safe).
bool ReadCfiExpression(SignalContext, DwarfReader* reader, uintptr_t pc, CfiFormula* formula);

}  // namespace nativeprof

#endif  // NATIVEPROF_CFI_EXPRESSION_H_
