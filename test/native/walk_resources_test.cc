// walk_resources_test.cc: the cache of unwind rules gives a rule as it was, or none; never another's, whoever writes.

#include "walk_resources.h"

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "signal_context.h"
#include "tap.h"

using namespace nativeprof;

namespace {

const SignalContext kContext = SignalContextForTests::Make();
// The largest offsets that fit, in bytes.
constexpr int32_t kMostCfaOffset = ((1 << 15) - 1) * 8;
constexpr int32_t kMostFpOffset = -((1 << 12) - 1) * 8;

// As nearly all rules of compiled code are.
UnwindRule UsualRule(int32_t cfa_offset, int32_t fp_offset) {
  UnwindRule rule;
  rule.cfa = UnwindRule::Cfa::kRegister;
  rule.cfa_register = kDwarfStackPointer;
  rule.cfa_offset = cfa_offset;
  rule.fp = UnwindRule::Fp::kSaved;
  rule.fp_offset = fp_offset;
  rule.return_address_offset = -8;
  return rule;
}

// In all that a walk of frames goes by.
bool IsSame(const UnwindRule& a, const UnwindRule& b) {
  if (b.cfa == UnwindRule::Cfa::kUnknown || b.cfa == UnwindRule::Cfa::kEnd) return a.cfa == b.cfa;
  const bool is_saved = b.fp == UnwindRule::Fp::kSaved;
  return a.cfa == b.cfa && a.cfa_register == b.cfa_register && a.cfa_index_scale == b.cfa_index_scale &&
         (a.cfa_index_scale == 0 || a.cfa_index_register == b.cfa_index_register) && a.fp == b.fp &&
         (!is_saved || (a.fp_base == b.fp_base && a.fp_offset == b.fp_offset)) && a.return_address == b.return_address &&
         a.return_address_base == b.return_address_base && a.cfa_offset == b.cfa_offset &&
         (b.cfa != UnwindRule::Cfa::kDereference || a.cfa_offset_after == b.cfa_offset_after) &&
         a.return_address_offset == b.return_address_offset && a.is_signal_frame == b.is_signal_frame;
}

enum class Kept { kYes, kNo, kChanged };

Kept Keep(const UnwindRule& rule) {
  const auto cache = std::make_unique<UnwindCache>();
  const uintptr_t pc = 0x55550000'1234;
  cache->Add(kContext, pc, rule);
  UnwindRule found;
  if (!cache->Find(kContext, pc, &found)) return Kept::kNo;
  return IsSame(found, rule) ? Kept::kYes : Kept::kChanged;
}

// Addresses that share an entry, found by trying: what is added to it drives the others out.
std::vector<uintptr_t> Colliding(size_t count) {
  const auto cache = std::make_unique<UnwindCache>();
  std::vector<uintptr_t> pcs = {0x7f0000001000};
  const UnwindRule rule = UsualRule(16, -16);
  UnwindRule found;
  for (uintptr_t pc = pcs[0] + 1; pcs.size() < count; ++pc) {
    cache->Add(kContext, pcs[0], rule);
    cache->Add(kContext, pc, rule);
    if (!cache->Find(kContext, pcs[0], &found)) pcs.push_back(pc);
  }
  return pcs;
}

}  // namespace

TEST("an empty cache knows nothing") {
  const auto cache = std::make_unique<UnwindCache>();
  UnwindRule rule;
  for (uintptr_t pc = 1; pc < 100'000; ++pc) CHECK(!cache->Find(kContext, pc, &rule));
}

TEST("a rule comes back as it was, at its pc and nowhere else") {
  const auto cache = std::make_unique<UnwindCache>();
  cache->Add(kContext, 0x1000, UsualRule(160, -24));
  UnwindRule rule;
  CHECK(cache->Find(kContext, 0x1000, &rule) && IsSame(rule, UsualRule(160, -24)));
  CHECK(!cache->Find(kContext, 0x1001, &rule));
  cache->Add(kContext, 0x1000, UsualRule(8, -16));
  CHECK(cache->Find(kContext, 0x1000, &rule) && IsSame(rule, UsualRule(8, -16)));
}

TEST("offsets come back up to the largest that fit; odd ones and those of the wrong sign are not kept") {
  for (const int32_t cfa : {0, 8, 16, 4096, kMostCfaOffset}) {
    for (const int32_t fp : {0, -8, -16, -4096, kMostFpOffset}) {
      CHECK(Keep(UsualRule(cfa, fp)) == Kept::kYes);
    }
  }
  for (const int32_t cfa : {1, -8, 12, kMostCfaOffset + 8, INT32_MAX, INT32_MIN}) {
    CHECK(Keep(UsualRule(cfa, -16)) == Kept::kNo);
  }
  for (const int32_t fp : {-1, 8, -12, kMostFpOffset - 8, INT32_MAX, INT32_MIN}) {
    CHECK(Keep(UsualRule(16, fp)) == Kept::kNo);
  }
}

TEST("a rule of any form comes back as it was, or not at all") {
  int kept = 0;
  for (int cfa = 0; cfa <= 3; ++cfa) {
    for (int fp = 0; fp <= 3; ++fp) {
      for (int change = 0; change < 12; ++change) {
        UnwindRule rule = UsualRule(16, -16);
        rule.cfa = static_cast<UnwindRule::Cfa>(cfa);
        rule.fp = static_cast<UnwindRule::Fp>(fp);
        if (change == 1) rule.cfa_register = 31;
        if (change == 2) rule.cfa_register = 32;
        if (change == 3) rule.cfa_register = UnwindRule::kFromCfa;
        if (change == 4) rule.cfa_index_register = rule.cfa_index_scale = 8;
        if (change == 5) rule.fp_base = kDwarfStackPointer;
        if (change == 6) rule.return_address = UnwindRule::ReturnAddress::kInRegister;
        if (change == 7) rule.return_address_base = kDwarfFramePointer;
        if (change == 8) rule.return_address_offset = -16;
        if (change == 9) rule.is_signal_frame = true;
        if (change == 10) rule.return_address_offset = 0;
        if (change == 11) rule.cfa_offset_after = rule.cfa == UnwindRule::Cfa::kDereference ? 24 : 0;
        const Kept outcome = Keep(rule);
        CHECK(outcome != Kept::kChanged);
        if (outcome == Kept::kYes) ++kept;
      }
    }
  }
  // Of the two kinds that say nothing else, all; of kRegister those with nothing changed, or nothing that counts (change
  // 11), and 3 kinds of frame pointer; another base for it (change 5) counts for one of the 3.
  CHECK_EQUAL(static_cast<uint64_t>(kept), 2u * 4u * 12u + 3u + 3u + 2u);
}

TEST("a cleared cache knows nothing, and learns anew") {
  const auto cache = std::make_unique<UnwindCache>();
  UnwindRule rule;
  for (uintptr_t pc = 0x400000; pc < 0x404000; ++pc) cache->Add(kContext, pc, UsualRule(16, -16));
  CHECK(cache->Find(kContext, 0x403fff, &rule));
  cache->Clear();
  for (uintptr_t pc = 0x400000; pc < 0x404000; ++pc) CHECK(!cache->Find(kContext, pc, &rule));
  cache->Add(kContext, 0x400000, UsualRule(32, -16));
  CHECK(cache->Find(kContext, 0x400000, &rule) && IsSame(rule, UsualRule(32, -16)));
}

TEST("an entry of which two writers have each written a half is none") {
  const std::vector<uintptr_t> pcs = Colliding(2);
  std::unique_ptr<UnwindCache> caches[2];
  for (int i = 0; i < 2; ++i) {
    caches[i] = std::make_unique<UnwindCache>();
    caches[i]->Add(kContext, pcs[i], UsualRule(16 + 8 * i, -16));
  }
  constexpr size_t kWords = sizeof(UnwindCache) / sizeof(uint64_t);
  static_assert(sizeof(std::atomic<uint64_t>) == sizeof(uint64_t), "an entry is two words");
  for (int half = 0; half < 2; ++half) {
    const auto mixed = std::make_unique<UnwindCache>();
    auto* const to = reinterpret_cast<std::atomic<uint64_t>*>(mixed.get());
    for (size_t word = 0; word < kWords; ++word) {
      const auto* const from = reinterpret_cast<std::atomic<uint64_t>*>(caches[(word + half) % 2].get());
      to[word].store(from[word].load());
    }
    UnwindRule rule;
    for (const uintptr_t pc : pcs) CHECK(!mixed->Find(kContext, pc, &rule));
  }
}

TEST("threads that fight for an entry find their own rules in it, or none") {
  constexpr int kThreads = 4;
#if defined(NATIVEPROF_SANITIZED)
  constexpr int kRounds = 40'000;
#else
  constexpr int kRounds = 400'000;
#endif
  const auto cache = std::make_unique<UnwindCache>();
  const std::vector<uintptr_t> pcs = Colliding(kThreads);
  std::atomic<uint64_t> found{0};
  std::atomic<uint64_t> wrong{0};
  std::vector<std::thread> threads;
  for (int id = 0; id < kThreads; ++id) {
    threads.emplace_back([&, id] {
      for (int round = 0; round < kRounds; ++round) {
        cache->Add(kContext, pcs[id], UsualRule(8 * (id + 1), -16 * (id + 1)));
        const int other = (id + round) % kThreads;
        UnwindRule rule;
        if (!cache->Find(kContext, pcs[other], &rule)) continue;
        found.fetch_add(1, std::memory_order_relaxed);
        if (!IsSame(rule, UsualRule(8 * (other + 1), -16 * (other + 1)))) wrong.fetch_add(1, std::memory_order_relaxed);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK_EQUAL(wrong.load(), 0u);
  CHECK(found.load() > kRounds / 100);
}

int main(int argc, char** argv) { return tap::RunTests(argc, argv); }
