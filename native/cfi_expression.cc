// cfi_expression.cc: see cfi_expression.h.

#include "cfi_expression.h"

#include "unwind_rule.h"

namespace nativeprof {

namespace {

// DWARF 4, 7.7.1 "DWARF Expressions".
enum Operator : uint8_t {
  kDeref = 0x06,
  kConst1u = 0x08,
  kConst1s = 0x09,
  kConst2u = 0x0a,
  kConst2s = 0x0b,
  kConst4u = 0x0c,
  kConst4s = 0x0d,
  kConstu = 0x10,
  kConsts = 0x11,
  kAnd = 0x1a,
  kMinus = 0x1c,
  kMul = 0x1e,
  kPlus = 0x22,
  kPlusUconst = 0x23,
  kShl = 0x24,
  kEq = 0x29,
  kGe = 0x2a,
  kGt = 0x2b,
  kLe = 0x2c,
  kLt = 0x2d,
  kNe = 0x2e,
  kLit0 = 0x30,
  kLit31 = 0x4f,
  kBreg0 = 0x70,
  kBreg31 = 0x8f,
};

// Numbers are added as unsigned ones: what overflows is malformed, but no reason for undefined behaviour.
int64_t Sum(int64_t a, int64_t b) { return static_cast<int64_t>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b)); }

int64_t Product(int64_t a, int64_t b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) * static_cast<uint64_t>(b));
}

CfiFormula Constant(int64_t value) {
  CfiFormula formula;
  formula.offset = value;
  return formula;
}

CfiFormula Register(uint8_t number, int64_t offset, uintptr_t pc) {
  CfiFormula formula = Constant(offset);
  if (number == kDwarfReturnAddress && !kReturnAddressIsRegister) {
    formula.offset = Sum(offset, static_cast<int64_t>(pc));
  } else {
    formula.base = number;
  }
  return formula;
}

void Add(CfiFormula* formula, int64_t number) {
  int64_t& offset = formula->is_dereferenced ? formula->after : formula->offset;
  offset = Sum(offset, number);
}

bool Plus(const CfiFormula& a, const CfiFormula& b, CfiFormula* sum) {
  *sum = a;
  if (b.IsConstant()) {
    Add(sum, b.offset);
    return true;
  }
  if (a.IsConstant()) {
    *sum = b;
    Add(sum, a.offset);
    return true;
  }
  if (a.is_dereferenced || b.is_dereferenced) return false;
  if (a.base != CfiFormula::kNone && b.base != CfiFormula::kNone) return false;
  if (a.scale != 0 && b.scale != 0) return false;
  if (b.base != CfiFormula::kNone) sum->base = b.base;
  if (b.scale != 0) {
    sum->index = b.index;
    sum->scale = b.scale;
  }
  sum->offset = Sum(a.offset, b.offset);
  return true;
}

// Only a register times a number; and numbers.
bool Times(const CfiFormula& a, const CfiFormula& b, CfiFormula* product) {
  if (a.IsConstant() && !b.IsConstant()) return Times(b, a, product);
  if (!b.IsConstant() || a.is_dereferenced || a.scale != 0) return false;
  *product = Constant(Product(a.offset, b.offset));
  if (a.base == CfiFormula::kNone) return true;
  if (b.offset < 1 || b.offset > 0xff) return false;
  product->index = a.base;
  product->scale = static_cast<uint8_t>(b.offset);
  return true;
}

bool Combine(uint8_t op, const CfiFormula& a, const CfiFormula& b, CfiFormula* result) {
  if (op == kPlus) return Plus(a, b, result);
  if (op == kMul) return Times(a, b, result);
  if (op == kMinus && b.IsConstant()) return Plus(a, Constant(Product(b.offset, -1)), result);
  if (!a.IsConstant() || !b.IsConstant()) return false;
  const int64_t x = a.offset;
  const int64_t y = b.offset;
  const auto shifted = [&] { return static_cast<int64_t>(static_cast<uint64_t>(x) << y); };
  switch (op) {
    case kAnd:
      return *result = Constant(x & y), true;
    case kShl:
      return *result = Constant(y < 0 || y > 63 ? 0 : shifted()), true;
    case kEq:
      return *result = Constant(x == y), true;
    case kGe:
      return *result = Constant(x >= y), true;
    case kGt:
      return *result = Constant(x > y), true;
    case kLe:
      return *result = Constant(x <= y), true;
    case kLt:
      return *result = Constant(x < y), true;
    case kNe:
      return *result = Constant(x != y), true;
    default:
      return false;
  }
}

// The operators that put a value on the stack. False if `op` is none of them.
bool Push(uint8_t op, DwarfReader* reader, uintptr_t pc, CfiFormula* value) {
  if (op >= kLit0 && op <= kLit31) return *value = Constant(op - kLit0), true;
  if (op >= kBreg0 && op <= kBreg31) {
    *value = Register(static_cast<uint8_t>(op - kBreg0), reader->Sleb(), pc);
    return true;
  }
  switch (op) {
    case kConst1u:
      return *value = Constant(reader->U8()), true;
    case kConst1s:
      return *value = Constant(reader->S8()), true;
    case kConst2u:
      return *value = Constant(reader->U16()), true;
    case kConst2s:
      return *value = Constant(reader->S16()), true;
    case kConst4u:
      return *value = Constant(reader->U32()), true;
    case kConst4s:
      return *value = Constant(reader->S32()), true;
    case kConstu:
      return *value = Constant(static_cast<int64_t>(reader->Uleb())), true;
    case kConsts:
      return *value = Constant(reader->Sleb()), true;
    default:
      return false;
  }
}

}  // namespace

bool ReadCfiExpression(SignalContext, DwarfReader* reader, uintptr_t pc, CfiFormula* formula) {
  constexpr int kMaxDepth = 8;
  CfiFormula stack[kMaxDepth];
  int depth = 0;
  while (!reader->AtEnd()) {
    const uint8_t op = reader->U8();
    CfiFormula value;
    if (Push(op, reader, pc, &value)) {
      if (depth == kMaxDepth) return false;
      stack[depth++] = value;
    } else if (op == kDeref) {
      if (depth < 1 || stack[depth - 1].is_dereferenced || stack[depth - 1].base == CfiFormula::kNone) return false;
      stack[depth - 1].is_dereferenced = true;
    } else if (op == kPlusUconst) {
      if (depth < 1) return false;
      Add(&stack[depth - 1], static_cast<int64_t>(reader->Uleb()));
    } else {
      if (depth < 2 || !Combine(op, stack[depth - 2], stack[depth - 1], &value)) return false;
      stack[--depth - 1] = value;
    }
  }
  if (!reader->ok() || depth < 1) return false;
  *formula = stack[depth - 1];
  return true;
}

}  // namespace nativeprof
