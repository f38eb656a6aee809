// cfi_row.cc: see cfi_row.h.

#include "cfi_row.h"

namespace nativeprof {

namespace {

using Place = CfiColumn::Place;

UnwindRule::Fp HowToRestore(const CfiColumn& column) {
  switch (column.place) {
    case Place::kUnspecified:  // the calling convention: it is the callee's to save
    case Place::kSame:
      return UnwindRule::Fp::kSame;
    case Place::kSaved:
      return UnwindRule::Fp::kSaved;
    case Place::kInRegister:
      return UnwindRule::Fp::kInRegister;
    case Place::kUndefined:
    case Place::kUnknown:
      break;
  }
  return UnwindRule::Fp::kUnknown;
}

}  // namespace

UnwindRule CfiRow::Rule() const {
  UnwindRule rule;
  switch (return_address.place) {
    case Place::kUndefined:  // DWARF 4, 6.4.4: "used to mark the outermost frame"
      rule.cfa = UnwindRule::Cfa::kEnd;
      return rule;
    case Place::kUnspecified:
    case Place::kSame:
      if (!kReturnAddressIsRegister) return rule;
      rule.return_address = UnwindRule::ReturnAddress::kInRegister;
      rule.return_address_base = kDwarfReturnAddress;
      break;
    case Place::kSaved:
    case Place::kInRegister:
      rule.return_address = return_address.place == Place::kSaved ? UnwindRule::ReturnAddress::kSaved
                                                                  : UnwindRule::ReturnAddress::kInRegister;
      rule.return_address_base = return_address.base;
      rule.return_address_offset = return_address.offset;
      break;
    case Place::kUnknown:
      return rule;
  }
  if (!cfa_known) return rule;
  rule.cfa = cfa.is_dereferenced ? UnwindRule::Cfa::kDereference : UnwindRule::Cfa::kRegister;
  rule.cfa_register = cfa.base;
  rule.cfa_index_register = cfa.index;
  rule.cfa_index_scale = cfa.scale;
  rule.cfa_offset = static_cast<int32_t>(cfa.offset);
  rule.cfa_offset_after = static_cast<int32_t>(cfa.after);

  rule.fp = HowToRestore(fp);
  rule.fp_base = fp.base;
  rule.fp_offset = fp.offset;
  rule.rbx = HowToRestore(rbx);
  rule.rbx_base = rbx.base;
  rule.rbx_offset = rbx.offset;
  rule.changed_registers = changed_registers;
  return rule;
}

}  // namespace nativeprof
