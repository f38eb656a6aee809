// leaf_rules_test.cc: for how much code a rule is said to be good, it is; and what is kept of it is found there, nowhere else.
// With: modules.cc cfi_expression.cc cfi_row.cc cfi_program.cc eh_frame.cc unwind_rules.cc

#include "leaf_rules.h"

#include "signal_context.h"
#include "tap.h"
#include "unwind_rules.h"

using namespace nativeprof;

namespace {

const SignalContext kContext = SignalContextForTests::Make();

bool IsSame(const UnwindRule& a, const UnwindRule& b) {
  return a.cfa == b.cfa && a.cfa_register == b.cfa_register && a.cfa_index_register == b.cfa_index_register &&
         a.cfa_index_scale == b.cfa_index_scale && a.fp == b.fp && a.fp_base == b.fp_base && a.rbx == b.rbx &&
         a.rbx_base == b.rbx_base && a.return_address == b.return_address &&
         a.return_address_base == b.return_address_base && a.cfa_offset == b.cfa_offset &&
         a.cfa_offset_after == b.cfa_offset_after && a.fp_offset == b.fp_offset && a.rbx_offset == b.rbx_offset &&
         a.return_address_offset == b.return_address_offset && a.changed_registers == b.changed_registers &&
         a.is_signal_frame == b.is_signal_frame;
}

UnwindRule RuleWith(int32_t cfa_offset) {
  UnwindRule rule;
  rule.cfa = UnwindRule::Cfa::kDereference;
  rule.cfa_offset = cfa_offset;
  return rule;
}

}  // namespace

#if defined(__linux__)
TEST("in all code of this process, the rule of a pc is the rule of all code that it is said to be good for") {
  ModuleList modules;
  modules.Refresh();
  const auto tables = UnwindTables::Make(modules, nullptr);
  constexpr uintptr_t kMostBytes = 300'000;  // of a module
  size_t wrong = 0;
  size_t outside = 0;
  size_t pcs = 0;
  size_t ranges = 0;
  for (const Module& module : modules.modules()) {
    RuleRange range;
    UnwindRule rule;
    for (uintptr_t pc = module.start; pc < module.end && pc - module.start < kMostBytes; ++pc) {
      RuleRange here;
      const UnwindRule at = tables->Find(kContext, pc, &here);
      if (pc - here.start >= here.bytes) ++outside;
      if (here.start < pc && !IsSame(tables->Find(kContext, here.start), at)) ++wrong;
      if (pc - range.start < range.bytes) {
        if (!IsSame(at, rule)) ++wrong;
      } else {
        range = here;
        rule = at;
        ++ranges;
      }
      ++pcs;
    }
  }
  CHECK_EQUAL(outside, 0u);
  CHECK_EQUAL(wrong, 0u);
  CHECK(ranges * 2 < pcs);
}
#endif

TEST("a rule is found in its code and nowhere else, and only with the tables that it is of") {
  LeafRules rules;
  UnwindRule found;
  CHECK(!rules.Find(0x1000, 0, &found));
  rules.Add({0x1000, 0x20}, RuleWith(8), 1);
  rules.Add({0x1020, 1}, RuleWith(16), 1);
  CHECK(rules.Find(0x1000, 1, &found) && IsSame(found, RuleWith(8)));
  CHECK(rules.Find(0x101f, 1, &found) && IsSame(found, RuleWith(8)));
  CHECK(rules.Find(0x1020, 1, &found) && IsSame(found, RuleWith(16)));
  CHECK(!rules.Find(0x0fff, 1, &found));
  CHECK(!rules.Find(0x1021, 1, &found));
  CHECK(!rules.Find(0x1000, 2, &found));
  rules.Add({0x2000, 4}, RuleWith(24), 2);
  CHECK(!rules.Find(0x1000, 2, &found));
  CHECK(rules.Find(0x2003, 2, &found) && IsSame(found, RuleWith(24)));
}

TEST("of many rules the newest are kept") {
  LeafRules rules;
  UnwindRule found;
  for (uintptr_t i = 0; i < 100; ++i) rules.Add({0x1000 + i, 1}, RuleWith(static_cast<int32_t>(i)), 1);
  CHECK(!rules.Find(0x1000, 1, &found));
  for (uintptr_t i = 96; i < 100; ++i) {
    CHECK(rules.Find(0x1000 + i, 1, &found) && found.cfa_offset == static_cast<int32_t>(i));
  }
}

int main(int argc, char** argv) { return tap::RunTests(argc, argv); }
