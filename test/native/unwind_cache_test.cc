// unwind_cache_test.cc: what the cache gives back is what it was given, whole, or nothing.
// With: cfi_expression.cc cfi_program.cc cfi_row.cc eh_frame.cc modules.cc unwind_rules.cc safe_read.cc mapped_file.cc

#include "walk_resources.h"

#include <memory>

#include "native_walk.h"
#include "tap.h"

using nativeprof::SignalContextForTests;
using nativeprof::UnwindCache;
using nativeprof::UnwindRule;

namespace {

bool IsEqual(const UnwindRule& a, const UnwindRule& b) {
  if (a.cfa != b.cfa) return false;
  if (a.cfa == UnwindRule::Cfa::kUnknown || a.cfa == UnwindRule::Cfa::kEnd) return true;
  const auto is_same = [](UnwindRule::Fp a_how, UnwindRule::Fp b_how, uint8_t a_base, uint8_t b_base, int32_t a_offset,
                          int32_t b_offset) {
    return a_how == b_how && (a_how != UnwindRule::Fp::kSaved || (a_base == b_base && a_offset == b_offset));
  };
  return a.cfa_register == b.cfa_register && a.cfa_index_scale == b.cfa_index_scale && a.cfa_offset == b.cfa_offset &&
         is_same(a.fp, b.fp, a.fp_base, b.fp_base, a.fp_offset, b.fp_offset) &&
         is_same(a.rbx, b.rbx, a.rbx_base, b.rbx_base, a.rbx_offset, b.rbx_offset) &&
         a.return_address == b.return_address && a.return_address_base == b.return_address_base &&
         a.return_address_offset == b.return_address_offset && a.changed_registers == b.changed_registers &&
         a.is_signal_frame == b.is_signal_frame;
}

// A function that compilers make: of what it says, everything counts.
UnwindRule OrdinaryRule() {
  UnwindRule rule;
  rule.cfa = UnwindRule::Cfa::kRegister;
  rule.cfa_register = nativeprof::kDwarfStackPointer;
  rule.cfa_offset = 64;
  rule.fp = UnwindRule::Fp::kSaved;
  rule.fp_offset = -16;
  rule.rbx = UnwindRule::Fp::kSaved;
  rule.rbx_offset = -56;
  rule.return_address_offset = -8;
  rule.changed_registers = 0xf000;
  return rule;
}

constexpr uintptr_t kPc = 0x7f0012345678;

// What comes back of a rule, which may be nothing, is the rule.
bool Comes(const UnwindRule& rule) {
  const auto cache = std::make_unique<UnwindCache>();
  UnwindRule found;
  cache->Add(SignalContextForTests::Make(), kPc, rule);
  const bool comes = cache->Find(SignalContextForTests::Make(), kPc, &found);
  CHECK(!comes || IsEqual(found, rule));
  return comes;
}

}  // namespace

TEST("an ordinary rule, the end of a stack and the lack of a rule are kept") {
  CHECK(Comes(OrdinaryRule()));
  CHECK(Comes(UnwindRule()));
  UnwindRule end;
  end.cfa = UnwindRule::Cfa::kEnd;
  CHECK(Comes(end));
}

TEST("a rule is kept up to the largest offsets that fit, and whole; one beyond is not") {
  UnwindRule rule = OrdinaryRule();
  rule.cfa_offset = ((1 << 15) - 1) * 8;
  rule.fp_offset = -((1 << 12) - 1) * 8;
  rule.rbx_offset = -((1 << 11) - 1) * 8;
  rule.changed_registers = 0xffff;
  CHECK(Comes(rule));
  for (int32_t UnwindRule::*const offset : {&UnwindRule::fp_offset, &UnwindRule::rbx_offset}) {
    UnwindRule larger = rule;
    larger.*offset -= 8;
    CHECK(!Comes(larger));
  }
  rule.cfa_offset += 8;
  CHECK(!Comes(rule));
}

TEST("what does not fit is not kept") {
  const auto without = [](auto change) {
    UnwindRule rule = OrdinaryRule();
    change(&rule);
    return !Comes(rule);
  };
  CHECK(without([](UnwindRule* rule) { rule->cfa = UnwindRule::Cfa::kDereference; }));
  CHECK(without([](UnwindRule* rule) { rule->cfa_index_scale = 8; }));
  CHECK(without([](UnwindRule* rule) { rule->cfa_offset = -8; }));
  CHECK(without([](UnwindRule* rule) { rule->cfa_offset = 12; }));
  CHECK(without([](UnwindRule* rule) { rule->cfa_register = 16; }));
  CHECK(without([](UnwindRule* rule) { rule->fp_offset = 8; }));
  CHECK(without([](UnwindRule* rule) { rule->fp_base = 7; }));
  CHECK(without([](UnwindRule* rule) { rule->rbx = UnwindRule::Fp::kInRegister; }));
  CHECK(without([](UnwindRule* rule) { rule->return_address_offset = -16; }));
  CHECK(without([](UnwindRule* rule) { rule->changed_registers = 1u << 17; }));
  CHECK(without([](UnwindRule* rule) { rule->is_signal_frame = true; }));
}

TEST("a full set keeps what was added last, and never mistakes one pc for another") {
  const auto cache = std::make_unique<UnwindCache>();
  for (uintptr_t i = 0; i < 100'000; ++i) {
    UnwindRule rule = OrdinaryRule();
    rule.cfa_offset = static_cast<int32_t>(i % 1000 * 8);
    cache->Add(SignalContextForTests::Make(), kPc + i, rule);
    UnwindRule found;
    CHECK(cache->Find(SignalContextForTests::Make(), kPc + i, &found));
    CHECK(IsEqual(found, rule));
  }
  size_t kept = 0;
  for (uintptr_t i = 0; i < 100'000; ++i) {
    UnwindRule found;
    if (!cache->Find(SignalContextForTests::Make(), kPc + i, &found)) continue;
    ++kept;
    CHECK_EQUAL(found.cfa_offset, static_cast<int32_t>(i % 1000 * 8));
  }
  CHECK_EQUAL(kept, size_t{4096});
  cache->Clear();
  UnwindRule found;
  CHECK(!cache->Find(SignalContextForTests::Make(), kPc + 99'999, &found));
}

int main(int argc, char** argv) { return tap::RunTests(argc, argv); }
