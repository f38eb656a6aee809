// cfi_row.h: the state of a run of call frame instructions: what they have said so far of the registers that count.

#ifndef NATIVEPROF_CFI_ROW_H_
#define NATIVEPROF_CFI_ROW_H_

#include <cstdint>

#include "cfi_expression.h"
#include "unwind_rule.h"

namespace nativeprof {

// How to find a register of the caller.
struct CfiColumn {
  enum class Place : uint8_t { kUnspecified, kSame, kSaved, kInRegister, kUndefined, kUnknown };
  Place place = Place::kUnspecified;
  uint8_t base = UnwindRule::kFromCfa;  // as UnwindRule::fp_base
  int32_t offset = 0;
};

// One row of the table that the instructions describe: the rules at one pc. DWARF 4, 6.4.1.
struct CfiRow {
  CfiFormula cfa;
  bool cfa_known = false;
  CfiColumn fp;
  CfiColumn rbx;
  CfiColumn return_address;
  uint32_t changed_registers = 0;  // as in UnwindRule

  // Context: signal handler (async-signal-safe).
  UnwindRule Rule() const;
};

}  // namespace nativeprof

#endif  // NATIVEPROF_CFI_ROW_H_
