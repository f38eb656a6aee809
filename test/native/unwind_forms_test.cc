// unwind_forms_test.cc: what each call frame instruction and each form of expression comes to. The tables are the assembler's, from directives that stand beside labels.
// With: modules.cc cfi_expression.cc cfi_row.cc cfi_program.cc eh_frame.cc unwind_rules.cc

#include "unwind_rules.h"

#include "signal_context.h"
#include "tap.h"

#if defined(__linux__) && defined(__x86_64__)

#include <memory>

using nativeprof::ModuleList;
using nativeprof::UnwindRule;
using nativeprof::UnwindTables;

// Never run. Each Form* label stands at an instruction whose rule a test knows.
// Bytes of .cfi_escape: DWARF 4, 7.23 and 7.7.1; 0x0f def_cfa_expression, 0x10 expression, 0x16 val_expression.
asm(R"(
    .text
    .type Forms, @function
Forms:
    .cfi_startproc
FormEntry:
    nop
    .cfi_def_cfa_offset 16
    .cfi_offset %rbp, -16
FormPushed:
    nop
    .cfi_def_cfa_register %rbp
FormFramed:
    nop
    .cfi_remember_state
    .cfi_def_cfa %rsp, 8
    .cfi_restore %rbp
FormLeft:
    nop
    .cfi_restore_state
FormRestored:
    nop
    # OpenSSL: breg7 40; deref; plus_uconst 8
    .cfi_escape 0x0f, 0x05, 0x77, 0x28, 0x06, 0x23, 0x08
FormDereferenced:
    nop
    # bn_mul_mont: breg7 8; breg9 0; lit8; mul; plus; deref; plus_uconst 8
    .cfi_escape 0x0f, 0x0a, 0x77, 0x08, 0x79, 0x00, 0x38, 0x1e, 0x22, 0x06, 0x23, 0x08
FormIndexed:
    nop
    # a realigned stack: breg6 -40; deref; and rbp at breg6 0, rbx at breg6 -48
    .cfi_escape 0x0f, 0x03, 0x76, 0x58, 0x06
    .cfi_escape 0x10, 0x06, 0x02, 0x76, 0x00
    .cfi_escape 0x10, 0x03, 0x02, 0x76, 0x50
FormRealigned:
    nop
    # without a dereference: breg6 16
    .cfi_escape 0x0f, 0x02, 0x76, 0x10
FormPlain:
    nop
    .cfi_def_cfa %r11, 24
    .cfi_same_value %rbp
    .cfi_offset %r12, -32
    .cfi_offset %r11, -40
    .cfi_same_value %r11
FormOtherRegister:
    nop
    .cfi_restore %r12
    .cfi_undefined %rbp
    .cfi_register %rip, %rdi
FormInRegister:
    nop
    .cfi_escape 0x2e, 0x20
    .cfi_escape 0x2f, 0x06, 0x03
    .cfi_escape 0x05, 0x10, 0x01
FormGnu:
    nop
    .cfi_escape 0x14, 0x06, 0x02
    .cfi_escape 0x11, 0x10, 0x02
    .cfi_escape 0x12, 0x07, 0x7e
FormSigned:
    nop
    .cfi_escape 0x13, 0x7c
    .cfi_escape 0x16, 0x06, 0x02, 0x77, 0x08
FormValue:
    nop
    # not an expression with a formula: breg7 0; breg6 0; plus
    .cfi_escape 0x0f, 0x05, 0x77, 0x00, 0x76, 0x00, 0x22
FormNoFormula:
    nop
    .cfi_def_cfa %rsp, 8
    .cfi_offset %rip, -8
    .skip 300, 0x90
    .cfi_def_cfa_offset 24
FormFar:
    nop
    .skip 70000, 0x90
    .cfi_def_cfa_offset 32
FormFarther:
    nop
    .cfi_undefined %rip
FormFirst:
    nop
    .cfi_endproc
FormsEnd:
    .size Forms, .-Forms

    # A procedure linkage table: breg7 8; breg16 0; lit15; and; lit11; ge; lit3; shl; plus
    .balign 16
FormPlt:
    .cfi_startproc
    .cfi_escape 0x0f, 0x0b, 0x77, 0x08, 0x80, 0x00, 0x3f, 0x1a, 0x3b, 0x2a, 0x33, 0x24, 0x22
    .skip 16, 0x90
    .cfi_endproc

    .cfi_startproc
    .cfi_signal_frame
FormSignal:
    nop
    .cfi_endproc

    # More states than anybody remembers, and then one that nobody has remembered. (The linker reads these as well.)
    .cfi_startproc
FormTooMany:
    .rept 9
    .cfi_remember_state
    .endr
    nop
    .cfi_endproc
    .cfi_startproc
    .cfi_escape 0x0b
FormMalformed:
    nop
    .cfi_endproc
)");

#define FORM(name)      \
  extern "C" char name; \
  asm(".globl " #name)
FORM(FormEntry);
FORM(FormPushed);
FORM(FormFramed);
FORM(FormLeft);
FORM(FormRestored);
FORM(FormDereferenced);
FORM(FormIndexed);
FORM(FormRealigned);
FORM(FormPlain);
FORM(FormOtherRegister);
FORM(FormInRegister);
FORM(FormGnu);
FORM(FormSigned);
FORM(FormValue);
FORM(FormNoFormula);
FORM(FormFar);
FORM(FormFarther);
FORM(FormFirst);
FORM(FormPlt);
FORM(FormSignal);
FORM(FormTooMany);
FORM(FormMalformed);

namespace {

constexpr int kRbp = 6;
constexpr int kRsp = 7;

UnwindRule RuleAt(const char& label, uintptr_t offset = 0) {
  static const std::unique_ptr<const UnwindTables> tables = [] {
    ModuleList modules;
    modules.Refresh();
    return UnwindTables::Make(modules, nullptr);
  }();
  return tables->Find(nativeprof::SignalContextForTests::Make(), reinterpret_cast<uintptr_t>(&label) + offset);
}

bool IsAt(const UnwindRule& rule, int cfa_register, int cfa_offset) {
  return rule.cfa == UnwindRule::Cfa::kRegister && rule.cfa_register == cfa_register && rule.cfa_offset == cfa_offset &&
         rule.cfa_index_scale == 0;
}

bool IsDereferenced(const UnwindRule& rule, int cfa_register, int cfa_offset, int cfa_offset_after) {
  return rule.cfa == UnwindRule::Cfa::kDereference && rule.cfa_register == cfa_register &&
         rule.cfa_offset == cfa_offset && rule.cfa_offset_after == cfa_offset_after;
}

bool IsSaved(UnwindRule::Fp how, int base, int offset, int wanted_base, int wanted_offset) {
  return how == UnwindRule::Fp::kSaved && base == wanted_base && offset == wanted_offset;
}

bool HasUsualReturn(const UnwindRule& rule) {
  return rule.return_address == UnwindRule::ReturnAddress::kSaved &&
         rule.return_address_base == UnwindRule::kFromCfa && rule.return_address_offset == -8;
}

}  // namespace

TEST("the CFA follows register and offset, and comes back with a remembered state") {
  CHECK(IsAt(RuleAt(FormEntry), kRsp, 8));
  CHECK(RuleAt(FormEntry).fp == UnwindRule::Fp::kSame && RuleAt(FormEntry).rbx == UnwindRule::Fp::kSame);
  CHECK(HasUsualReturn(RuleAt(FormEntry)));
  CHECK(!RuleAt(FormEntry).is_signal_frame);
  CHECK(IsAt(RuleAt(FormPushed), kRsp, 16));
  CHECK(IsAt(RuleAt(FormFramed), kRbp, 16));
  const UnwindRule framed = RuleAt(FormFramed);
  CHECK(IsSaved(framed.fp, framed.fp_base, framed.fp_offset, UnwindRule::kFromCfa, -16));
  CHECK(IsAt(RuleAt(FormLeft), kRsp, 8));
  CHECK(RuleAt(FormLeft).fp == UnwindRule::Fp::kSame);
  CHECK(IsAt(RuleAt(FormRestored), kRbp, 16));
  CHECK(RuleAt(FormRestored).fp == UnwindRule::Fp::kSaved);
  CHECK(IsAt(RuleAt(FormFar), kRsp, 24));
  CHECK(IsAt(RuleAt(FormFar, static_cast<uintptr_t>(-1)), kRsp, 8));
  CHECK(IsAt(RuleAt(FormFarther), kRsp, 32));
  CHECK(IsAt(RuleAt(FormFarther, static_cast<uintptr_t>(-1)), kRsp, 24));
}

TEST("expressions for the CFA become formulas") {
  CHECK(IsDereferenced(RuleAt(FormDereferenced), kRsp, 40, 8));
  CHECK_EQUAL(RuleAt(FormDereferenced).cfa_index_scale, 0);
  const UnwindRule indexed = RuleAt(FormIndexed);
  CHECK(IsDereferenced(indexed, kRsp, 8, 8));
  CHECK_EQUAL(indexed.cfa_index_register, 9);
  CHECK_EQUAL(indexed.cfa_index_scale, 8);
  CHECK(IsAt(RuleAt(FormPlain), kRbp, 16));
  CHECK(RuleAt(FormNoFormula).cfa == UnwindRule::Cfa::kUnknown);
  for (uintptr_t i = 0; i < 16; ++i) CHECK(IsAt(RuleAt(FormPlt, i), kRsp, i < 11 ? 8 : 16));
}

TEST("registers are found where a realigned stack keeps them") {
  const UnwindRule rule = RuleAt(FormRealigned);
  CHECK(IsDereferenced(rule, kRbp, -40, 0));
  CHECK(IsSaved(rule.fp, rule.fp_base, rule.fp_offset, kRbp, 0));
  CHECK(IsSaved(rule.rbx, rule.rbx_base, rule.rbx_offset, kRbp, -48));
}

TEST("other registers count as changed until they are the same again") {
  const UnwindRule rule = RuleAt(FormOtherRegister);
  CHECK(IsAt(rule, 11, 24));
  CHECK(rule.fp == UnwindRule::Fp::kSame);
  CHECK_EQUAL(rule.changed_registers, 1u << 12);
  CHECK_EQUAL(RuleAt(FormInRegister).changed_registers, 0);
}

TEST("a return address and a frame pointer may be in a register, or nowhere") {
  const UnwindRule rule = RuleAt(FormInRegister);
  CHECK(rule.return_address == UnwindRule::ReturnAddress::kInRegister);
  CHECK_EQUAL(rule.return_address_base, 5);
  CHECK(rule.fp == UnwindRule::Fp::kUnknown);
  CHECK(RuleAt(FormFirst).cfa == UnwindRule::Cfa::kEnd);
}

TEST("signed, negative and GNU's own offsets are factored") {
  const UnwindRule gnu = RuleAt(FormGnu);
  CHECK(IsSaved(gnu.fp, gnu.fp_base, gnu.fp_offset, UnwindRule::kFromCfa, 24));  // -3 * -8
  CHECK(HasUsualReturn(gnu));
  const UnwindRule with_sign = RuleAt(FormSigned);
  CHECK(IsAt(with_sign, kRsp, 16));  // -2 * -8
  CHECK(with_sign.fp == UnwindRule::Fp::kUnknown);
  CHECK_EQUAL(static_cast<uint64_t>(-with_sign.return_address_offset), 16);
  CHECK(IsAt(RuleAt(FormValue), kRsp, 32));
  CHECK(RuleAt(FormValue).fp == UnwindRule::Fp::kUnknown);
}

TEST("a signal frame says so; what is malformed, too long or nobody's has no rule") {
  CHECK(RuleAt(FormSignal).is_signal_frame);
  CHECK(IsAt(RuleAt(FormSignal), kRsp, 8));
  CHECK(RuleAt(FormSignal, 1).cfa == UnwindRule::Cfa::kUnknown || !RuleAt(FormSignal, 1).is_signal_frame);
  CHECK(RuleAt(FormTooMany).cfa == UnwindRule::Cfa::kUnknown);
  CHECK(RuleAt(FormMalformed).cfa == UnwindRule::Cfa::kUnknown);
}

#else

TEST("nothing to test here") { CHECK(true); }

#endif

int main(int argc, char** argv) { return tap::RunTests(argc, argv); }
