// cfi_program.cc: see cfi_program.h.

#include "cfi_program.h"

#include <algorithm>

namespace nativeprof {

namespace {

using Place = CfiColumn::Place;

// DWARF 4, 7.23 "Call Frame Information"; the GNU ones: LSB 5.0 Core, 10.6 "Exception Frames".
enum Instruction : uint8_t {
  // in the upper two bits, with an operand in the lower six
  kAdvanceLoc = 0x40,
  kOffset = 0x80,
  kRestore = 0xc0,

  kNop = 0x00,
  kSetLoc = 0x01,
  kAdvanceLoc1 = 0x02,
  kAdvanceLoc2 = 0x03,
  kAdvanceLoc4 = 0x04,
  kOffsetExtended = 0x05,
  kRestoreExtended = 0x06,
  kUndefined = 0x07,
  kSameValue = 0x08,
  kRegister = 0x09,
  kRememberState = 0x0a,
  kRestoreState = 0x0b,
  kDefCfa = 0x0c,
  kDefCfaRegister = 0x0d,
  kDefCfaOffset = 0x0e,
  kDefCfaExpression = 0x0f,
  kExpression = 0x10,
  kOffsetExtendedSf = 0x11,
  kDefCfaSf = 0x12,
  kDefCfaOffsetSf = 0x13,
  kValOffset = 0x14,
  kValOffsetSf = 0x15,
  kValExpression = 0x16,
  kGnuWindowSave = 0x2d,  // on arm64 DW_CFA_AARCH64_negate_ra_state: the return address is signed, but where it was
  kGnuArgsSize = 0x2e,
  kGnuNegativeOffsetExtended = 0x2f,
};

bool IsInt32(int64_t value) { return value == static_cast<int32_t>(value); }

int64_t Negated(uint64_t value) { return static_cast<int64_t>(~value + 1); }

}  // namespace

bool CfiProgram::RunInitial(SignalContext context, DwarfReader* instructions) {
  if (!RunAll(context, instructions)) return false;
  initial_row_ = row_;
  is_initial_ = false;
  return true;
}

bool CfiProgram::Run(SignalContext context, DwarfReader* instructions, uintptr_t start) {
  location_ = row_start_ = start;
  return RunAll(context, instructions);
}

bool CfiProgram::RunAll(SignalContext context, DwarfReader* reader) {
  while (!reader->AtEnd()) {
    const Step step = RunOne(context, reader);
    if (step == Step::kMalformed || !reader->ok()) return false;
    if (step == Step::kArrived) return true;
  }
  return reader->ok();
}

CfiProgram::Step CfiProgram::RunOne(SignalContext context, DwarfReader* reader) {
  const uint8_t instruction = reader->U8();
  const uint8_t operand = instruction & 0x3f;
  switch (instruction & 0xc0) {
    case kAdvanceLoc:
      return Advance(operand);
    case kOffset:
      return Save(operand, static_cast<int64_t>(reader->Uleb()));
    case kRestore:
      return Restore(operand);
    default:
      return RunExtended(context, instruction, reader);
  }
}

CfiProgram::Step CfiProgram::RunExtended(SignalContext context, uint8_t instruction, DwarfReader* reader) {
  switch (instruction) {
    case kNop:
    case kGnuWindowSave:
      return Step::kNext;
    case kGnuArgsSize:
      reader->Uleb();
      return Step::kNext;
    case kSetLoc:
      return GoTo(reader->Pointer(pointer_encoding_, 0));
    case kAdvanceLoc1:
      return Advance(reader->U8());
    case kAdvanceLoc2:
      return Advance(reader->U16());
    case kAdvanceLoc4:
      return Advance(reader->U32());
    case kRememberState:
      if (remembered_count_ == kMaxRemembered) return Step::kMalformed;
      remembered_[remembered_count_++] = row_;
      return Step::kNext;
    case kRestoreState:
      if (remembered_count_ == 0) return Step::kMalformed;
      row_ = remembered_[--remembered_count_];
      return Step::kNext;
    case kRestoreExtended:
      return Restore(reader->Uleb());
    case kUndefined:
      return Set(reader->Uleb(), Place::kUndefined, 0);
    case kSameValue:
      return Set(reader->Uleb(), Place::kSame, 0);
    case kOffsetExtended: {
      const uint64_t column = reader->Uleb();
      return Save(column, static_cast<int64_t>(reader->Uleb()));
    }
    case kOffsetExtendedSf: {
      const uint64_t column = reader->Uleb();
      return Save(column, reader->Sleb());
    }
    case kGnuNegativeOffsetExtended: {
      const uint64_t column = reader->Uleb();
      return Save(column, Negated(reader->Uleb()));
    }
    case kRegister: {
      const uint64_t column = reader->Uleb();
      return Set(column, Place::kInRegister, reader->Uleb());
    }
    case kValOffset:
    case kValOffsetSf: {
      const uint64_t column = reader->Uleb();
      reader->Uleb();
      return Set(column, Place::kUnknown, 0);
    }
    case kExpression:
    case kValExpression:
      return SetByExpression(context, reader, instruction == kValExpression);
    default:
      return RunCfa(context, instruction, reader);
  }
}

CfiProgram::Step CfiProgram::RunCfa(SignalContext context, uint8_t instruction, DwarfReader* reader) {
  const auto factored = [this](int64_t offset) {
    return static_cast<int64_t>(static_cast<uint64_t>(offset) * static_cast<uint64_t>(data_alignment_));
  };
  // The instructions that change one part of "register and offset" need both.
  const bool is_register = row_.cfa_known && !row_.cfa.is_dereferenced && row_.cfa.scale == 0;
  switch (instruction) {
    case kDefCfa: {
      const uint64_t base = reader->Uleb();
      return DefineCfa(base, static_cast<int64_t>(reader->Uleb()));
    }
    case kDefCfaSf: {
      const uint64_t base = reader->Uleb();
      return DefineCfa(base, factored(reader->Sleb()));
    }
    case kDefCfaRegister:
      return is_register ? DefineCfa(reader->Uleb(), row_.cfa.offset) : Step::kMalformed;
    case kDefCfaOffset:
      return is_register ? DefineCfa(row_.cfa.base, static_cast<int64_t>(reader->Uleb())) : Step::kMalformed;
    case kDefCfaOffsetSf:
      return is_register ? DefineCfa(row_.cfa.base, factored(reader->Sleb())) : Step::kMalformed;
    case kDefCfaExpression: {
      DwarfReader expression = TakeExpression(reader);
      row_.cfa = CfiFormula();
      row_.cfa_known = ReadCfiExpression(context, &expression, pc_, &row_.cfa) && row_.cfa.base != CfiFormula::kNone &&
                       IsInt32(row_.cfa.offset) && IsInt32(row_.cfa.after);
      return Step::kNext;
    }
    default:
      return Step::kMalformed;
  }
}

// A reader of the expression that begins here with its length; `reader` goes on behind it.
DwarfReader CfiProgram::TakeExpression(DwarfReader* reader) {
  constexpr uint8_t kBreg16 = 0x80;  // DW_OP_breg16: the pc. As part of a number it is taken for the same.
  const uint64_t bytes = reader->Uleb();
  DwarfReader expression = *reader;
  expression.Limit(bytes);
  reader->Skip(bytes);
  for (DwarfReader rest = expression; rest.ok() && !rest.AtEnd();) depends_on_pc_ |= rest.U8() == kBreg16;
  return expression;
}

RuleRange CfiProgram::Range(uintptr_t start, uintptr_t end) const {
  const uintptr_t from = std::max(start, row_start_);
  const uintptr_t to = has_arrived_ ? std::min(end, location_) : end;
  if (depends_on_pc_ || from > pc_ || to <= pc_) return {pc_, 1};
  return {from, to - from};
}

CfiProgram::Step CfiProgram::Advance(uint64_t units) {
  if (is_initial_) return Step::kMalformed;  // a CIE has no code of its own
  return GoTo(location_ + static_cast<uintptr_t>(units * code_alignment_));
}

CfiProgram::Step CfiProgram::GoTo(uintptr_t location) {
  row_start_ = location_;
  location_ = location;
  has_arrived_ = location_ > pc_;
  if (!has_arrived_) row_start_ = location_;
  return has_arrived_ ? Step::kArrived : Step::kNext;
}

CfiProgram::Step CfiProgram::DefineCfa(uint64_t base, int64_t offset) {
  if (base >= CfiFormula::kNone || !IsInt32(offset)) return Step::kMalformed;
  row_.cfa = CfiFormula();
  row_.cfa.base = static_cast<uint8_t>(base);
  row_.cfa.offset = offset;
  row_.cfa_known = true;
  return Step::kNext;
}

CfiProgram::Step CfiProgram::Save(uint64_t column, int64_t factored_offset) {
  CfiColumn* const saved = Change(column);
  if (saved == nullptr) return Step::kNext;
  const uint64_t offset = static_cast<uint64_t>(factored_offset) * static_cast<uint64_t>(data_alignment_);
  if (!IsInt32(static_cast<int64_t>(offset))) return Step::kMalformed;
  saved->place = Place::kSaved;
  saved->offset = static_cast<int32_t>(offset);
  return Step::kNext;
}

CfiProgram::Step CfiProgram::Set(uint64_t column, CfiColumn::Place place, uint64_t base) {
  CfiColumn* const set = Change(column);
  if (set == nullptr) {
    if (place == Place::kSame) row_.changed_registers &= ~BitOf(column);
    return Step::kNext;
  }
  if (base >= UnwindRule::kFromCfa) return Step::kMalformed;
  set->place = place;
  set->base = static_cast<uint8_t>(base);
  return Step::kNext;
}

CfiProgram::Step CfiProgram::Restore(uint64_t column) {
  if (is_initial_) return Step::kMalformed;
  CfiColumn* const restored = ColumnOf(&row_, column);
  if (restored != nullptr) {
    *restored = *ColumnOf(&initial_row_, column);
  } else {
    const uint32_t bit = BitOf(column);
    row_.changed_registers = (row_.changed_registers & ~bit) | (initial_row_.changed_registers & bit);
  }
  return Step::kNext;
}

CfiProgram::Step CfiProgram::SetByExpression(SignalContext context, DwarfReader* reader, bool is_value) {
  const uint64_t column = reader->Uleb();
  DwarfReader expression = TakeExpression(reader);
  CfiColumn* const set = Change(column);
  if (set == nullptr) return Step::kNext;
  set->place = Place::kUnknown;
  CfiFormula formula;
  // Realigned stacks and signal frames: saved relative to a register. (The CFA, which the expression begins with on its
  // stack, is used by no tool that we know of: without it an expression that needs it is not understood.)
  const bool is_understood = !is_value && ReadCfiExpression(context, &expression, pc_, &formula) &&
                             !formula.is_dereferenced && formula.scale == 0 && formula.base != CfiFormula::kNone &&
                             IsInt32(formula.offset);
  if (!is_understood) return Step::kNext;
  set->place = Place::kSaved;
  set->base = formula.base;
  set->offset = static_cast<int32_t>(formula.offset);
  return Step::kNext;
}

// The column, emptied, if it is one of those that count; otherwise null, and it is noted that it has changed.
CfiColumn* CfiProgram::Change(uint64_t column) {
  CfiColumn* const changed = ColumnOf(&row_, column);
  if (changed != nullptr) *changed = CfiColumn();
  if (changed == nullptr) row_.changed_registers |= BitOf(column);
  return changed;
}

CfiColumn* CfiProgram::ColumnOf(CfiRow* row, uint64_t column) {
  if (column == kDwarfFramePointer) return &row->fp;
  if (column == kDwarfBase) return &row->rbx;
  if (column == kDwarfReturnAddress) return &row->return_address;
  return nullptr;
}

uint32_t CfiProgram::BitOf(uint64_t column) { return column < 32 ? uint32_t{1} << column : 0; }

}  // namespace nativeprof
