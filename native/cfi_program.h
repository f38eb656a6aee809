// cfi_program.h: runs call frame instructions (DWARF 4, 6.4.2) up to a pc, for what a profiler's walk needs: the CFA, the
// frame pointer and the return address. What the instructions say of other registers is read over.

#ifndef NATIVEPROF_CFI_PROGRAM_H_
#define NATIVEPROF_CFI_PROGRAM_H_

#include <cstdint>

#include "cfi_row.h"
#include "dwarf_reader.h"
#include "signal_safe.h"
#include "unwind_rule.h"

namespace nativeprof {

class CfiProgram {
 public:
  // `pc`: run to where its row is complete. `pointer_encoding`: of DW_CFA_set_loc.
  // Context: signal handler (async-signal-safe).
  CfiProgram(uintptr_t pc, uint64_t code_alignment, int64_t data_alignment, uint8_t pointer_encoding)
      : pc_(pc), code_alignment_(code_alignment), data_alignment_(data_alignment), pointer_encoding_(pointer_encoding) {}

  // Runs the instructions of a CIE. False if they are malformed.
  // Context: signal handler (async-signal-safe).
  bool RunInitial(SignalContext context, DwarfReader* instructions);

  // Then those of an FDE, whose code begins at `start`. False if they are malformed.
  // Context: signal handler (async-signal-safe).
  bool Run(SignalContext context, DwarfReader* instructions, uintptr_t start);

  // The row at the pc. Context: signal handler (async-signal-safe).
  UnwindRule Rule() const { return row_.Rule(); }

  // The code that it is good for, in the function from `start` to `end`. Context: signal handler (async-signal-safe).
  RuleRange Range(uintptr_t start, uintptr_t end) const;

 private:
  // What an instruction did to the run.
  enum class Step : uint8_t { kNext, kArrived, kMalformed };

  bool RunAll(SignalContext context, DwarfReader* reader);
  Step RunOne(SignalContext context, DwarfReader* reader);
  Step RunExtended(SignalContext context, uint8_t instruction, DwarfReader* reader);
  Step RunCfa(SignalContext context, uint8_t instruction, DwarfReader* reader);
  Step Advance(uint64_t units);
  Step GoTo(uintptr_t location);
  DwarfReader TakeExpression(DwarfReader* reader);
  Step DefineCfa(uint64_t base, int64_t offset);
  Step Save(uint64_t column, int64_t factored_offset);
  Step Set(uint64_t column, CfiColumn::Place place, uint64_t base);
  Step Restore(uint64_t column);
  Step SetByExpression(SignalContext context, DwarfReader* reader, bool is_value);
  static CfiColumn* ColumnOf(CfiRow* row, uint64_t column);
  static uint32_t BitOf(uint64_t column);
  CfiColumn* Change(uint64_t column);

  static constexpr int kMaxRemembered = 8;

  const uintptr_t pc_;
  const uint64_t code_alignment_;
  const int64_t data_alignment_;
  const uint8_t pointer_encoding_;

  uintptr_t location_ = 0;
  uintptr_t row_start_ = 0;  // where the row at location_ begins, or, when the run has arrived, the one before
  bool has_arrived_ = false;
  bool depends_on_pc_ = false;
  bool is_initial_ = true;
  CfiRow row_;
  CfiRow initial_row_;
  CfiRow remembered_[kMaxRemembered];
  int remembered_count_ = 0;
};

}  // namespace nativeprof

#endif  // NATIVEPROF_CFI_PROGRAM_H_
