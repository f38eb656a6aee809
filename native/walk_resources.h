// walk_resources.h: what the walks of all threads share: which code is where, how to leave it, and what was found out
// about it before.

#ifndef NATIVEPROF_WALK_RESOURCES_H_
#define NATIVEPROF_WALK_RESOURCES_H_

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "call_sites.h"
#include "signal_safe.h"
#include "unwind_rules.h"

namespace nativeprof {

// Unwind rules by pc, apart for interrupted instructions and for calls: where a call has a rule here, what stands behind it
// has been found to be a return address. Finding one in the tables costs a microsecond; stacks ask for the same ones again and again.
//
// Shared by all threads without locks. An entry is two words, and two writers may mix theirs; so the first word is the key
// mixed with the second, and an entry that is not of one piece is none (after Hyatt & Mann, A lockless transposition table).
class UnwindCache {
 public:
  // Context: signal handler (async-signal-safe).
  bool Find(SignalContext, uintptr_t pc, UnwindRule* rule) const {
    for (const Entry& entry : sets_[IndexOf(pc)].entries) {
      const uint64_t value = entry.value.load(std::memory_order_relaxed);
      if ((entry.key.load(std::memory_order_relaxed) ^ value) != pc) continue;
      *rule = Unpack(value);
      return true;
    }
    return false;
  }

  // Has the processor fetch what Find() will look at.
  // Context: signal handler (async-signal-safe).
  void Prefetch(SignalContext, uintptr_t pc) const { __builtin_prefetch(&sets_[IndexOf(pc)]); }

  // Keeps a rule that fits into a word; nearly all do.
  // Context: signal handler (async-signal-safe).
  void Add(SignalContext, uintptr_t pc, const UnwindRule& rule) {
    const uint64_t value = Pack(rule);
    if (value == kDoesNotFit) return;
    Set& set = sets_[IndexOf(pc)];
    Entry* entry = &set.entries[pc % kWays];  // a full set loses one of its own, and not always the same
    for (Entry& other : set.entries) {
      if (other.key.load(std::memory_order_relaxed) == 0) entry = &other;
    }
    entry->value.store(value, std::memory_order_relaxed);
    entry->key.store(pc ^ value, std::memory_order_relaxed);
  }

  // Forgets all. A handler that runs meanwhile may still add what it just looked up.
  // Context: JS thread.
  void Clear() {
    for (Set& set : sets_) {
      for (Entry& entry : set.entries) {
        entry.key.store(0, std::memory_order_relaxed);
        entry.value.store(0, std::memory_order_relaxed);
      }
    }
  }

 private:
  struct Entry {
    std::atomic<uint64_t> key;
    std::atomic<uint64_t> value;
  };
  // What the processor's cache fetches in one go. With one entry to a set, two frames of the same stack often share it, and
  // are looked up in the tables at every tick.
  static constexpr size_t kWays = 4;
  struct alignas(kWays * sizeof(Entry)) Set {
    Entry entries[kWays];
  };
  static constexpr int kBits = 10;  // 1,024 sets, 64 KiB
  static constexpr int32_t kWordBytes = 8;
  // A value that no rule packs into: its `cfa` would be kDereference.
  static constexpr uint64_t kDoesNotFit = ~uint64_t{0};
  static_assert(static_cast<int>(UnwindRule::Cfa::kDereference) == 3, "or it is one of a rule that fits");

  static size_t IndexOf(uintptr_t pc) { return pc * 0x9e3779b97f4a7c15 >> (64 - kBits); }

#if defined(__aarch64__)

  // bits 0..1 cfa, 2..3 fp, 4 whether the return address is in the link register, 5 whether the CFA counts from the frame pointer
  // or from the stack pointer, 6 whether any other register has changed (then all count as changed), 8..23 CFA offset, 24..39 where
  // below the CFA the frame pointer is saved, 40..55 where the return address is; offsets in words.
  static uint64_t Pack(const UnwindRule& rule) {
    // These two say nothing else.
    if (rule.cfa == UnwindRule::Cfa::kUnknown || rule.cfa == UnwindRule::Cfa::kEnd) return static_cast<uint64_t>(rule.cfa);
    const auto fits_below = [](uint8_t base, int32_t offset) {
      return base == UnwindRule::kFromCfa && offset % kWordBytes == 0 && offset <= 0 && -offset / kWordBytes < 1 << 16;
    };
    const bool is_in_link = rule.return_address == UnwindRule::ReturnAddress::kInRegister;
    const bool is_fp_saved = rule.fp == UnwindRule::Fp::kSaved;
    const bool fits = rule.cfa != UnwindRule::Cfa::kDereference && rule.cfa_index_scale == 0 && !rule.is_signal_frame &&
                      (rule.cfa_register == kDwarfStackPointer || rule.cfa_register == kDwarfFramePointer) &&
                      rule.cfa_offset >= 0 && rule.cfa_offset % kWordBytes == 0 &&
                      rule.cfa_offset / kWordBytes < 1 << 16 && rule.fp != UnwindRule::Fp::kInRegister &&
                      (!is_fp_saved || fits_below(rule.fp_base, rule.fp_offset)) &&
                      (is_in_link ? rule.return_address_base == kDwarfReturnAddress
                                  : fits_below(rule.return_address_base, rule.return_address_offset));
    if (!fits) return kDoesNotFit;
    const auto words_below = [](bool is_saved, int32_t offset) {
      return is_saved ? static_cast<uint64_t>(-offset / kWordBytes) : 0;
    };
    return static_cast<uint64_t>(rule.cfa) | static_cast<uint64_t>(rule.fp) << 2 | uint64_t{is_in_link} << 4 |
           uint64_t{rule.cfa_register == kDwarfFramePointer} << 5 | uint64_t{rule.changed_registers != 0} << 6 |
           static_cast<uint64_t>(rule.cfa_offset / kWordBytes) << 8 | words_below(is_fp_saved, rule.fp_offset) << 24 |
           words_below(!is_in_link, rule.return_address_offset) << 40;
  }
  static UnwindRule Unpack(uint64_t value) {
    const auto bits = [value](int first, int count) {
      return static_cast<int32_t>(value >> first & ((uint64_t{1} << count) - 1));
    };
    UnwindRule rule = {};
    rule.cfa = static_cast<UnwindRule::Cfa>(bits(0, 2));
    rule.fp = static_cast<UnwindRule::Fp>(bits(2, 2));
    const bool is_in_link = bits(4, 1) != 0;
    if (is_in_link) rule.return_address = UnwindRule::ReturnAddress::kInRegister;
    if (is_in_link) rule.return_address_base = kDwarfReturnAddress;
    rule.cfa_register = bits(5, 1) != 0 ? kDwarfFramePointer : kDwarfStackPointer;
    if (bits(6, 1) != 0) rule.changed_registers = UINT32_MAX;
    rule.cfa_offset = bits(8, 16) * kWordBytes;
    rule.fp_offset = -bits(24, 16) * kWordBytes;
    rule.return_address_offset = -bits(40, 16) * kWordBytes;
    return rule;
  }

#else

  // bits 0..1 cfa, 2..3 fp, 4..5 rbx, 6..9 register, 10..25 changed registers, 26..40 CFA offset, 41..51 where below the CFA
  // rbx is saved, 52..63 where the frame pointer is; offsets in words. A CFA is above its register, or just at it.
  static uint64_t Pack(const UnwindRule& rule) {
    // These two say nothing else.
    if (rule.cfa == UnwindRule::Cfa::kUnknown || rule.cfa == UnwindRule::Cfa::kEnd) return static_cast<uint64_t>(rule.cfa);
    const auto fits_below = [](UnwindRule::Fp how, uint8_t base, int32_t offset, int bits) {
      if (how != UnwindRule::Fp::kSaved) return how != UnwindRule::Fp::kInRegister;
      return base == UnwindRule::kFromCfa && offset % kWordBytes == 0 && offset <= 0 && -offset / kWordBytes < 1 << bits;
    };
    const bool fits = rule.cfa != UnwindRule::Cfa::kDereference && rule.cfa_index_scale == 0 &&
                      rule.return_address == UnwindRule::ReturnAddress::kSaved &&
                      rule.return_address_base == UnwindRule::kFromCfa && rule.return_address_offset == -kWordBytes &&
                      !rule.is_signal_frame && rule.cfa_register < 1 << 4 && rule.changed_registers < 1 << 16 &&
                      rule.cfa_offset >= 0 && rule.cfa_offset % kWordBytes == 0 &&
                      rule.cfa_offset / kWordBytes < 1 << 15 &&
                      fits_below(rule.rbx, rule.rbx_base, rule.rbx_offset, 11) &&
                      fits_below(rule.fp, rule.fp_base, rule.fp_offset, 12);
    if (!fits) return kDoesNotFit;
    const auto words_below = [](UnwindRule::Fp how, int32_t offset) {
      return how == UnwindRule::Fp::kSaved ? static_cast<uint64_t>(-offset / kWordBytes) : 0;
    };
    return static_cast<uint64_t>(rule.cfa) | static_cast<uint64_t>(rule.fp) << 2 | static_cast<uint64_t>(rule.rbx) << 4 |
           static_cast<uint64_t>(rule.cfa_register) << 6 | static_cast<uint64_t>(rule.changed_registers) << 10 |
           static_cast<uint64_t>(rule.cfa_offset / kWordBytes) << 26 | words_below(rule.rbx, rule.rbx_offset) << 41 |
           words_below(rule.fp, rule.fp_offset) << 52;
  }
  static UnwindRule Unpack(uint64_t value) {
    const auto bits = [value](int first, int count) {
      return static_cast<int32_t>(value >> first & ((uint64_t{1} << count) - 1));
    };
    UnwindRule rule = {};
    rule.cfa = static_cast<UnwindRule::Cfa>(bits(0, 2));
    rule.fp = static_cast<UnwindRule::Fp>(bits(2, 2));
    rule.rbx = static_cast<UnwindRule::Fp>(bits(4, 2));
    rule.cfa_register = static_cast<uint8_t>(bits(6, 4));
    rule.changed_registers = static_cast<uint32_t>(bits(10, 16));
    rule.cfa_offset = bits(26, 15) * kWordBytes;
    rule.rbx_offset = -bits(41, 11) * kWordBytes;
    rule.fp_offset = -bits(52, 12) * kWordBytes;
    rule.return_address_offset = -kWordBytes;
    return rule;
  }

#endif  // defined(__aarch64__)

  Set sets_[size_t{1} << kBits] = {};  // written by handlers
};

struct WalkResources {
  CallSites call_sites;
  UnwindCache unwind_cache;
  // What it points to lives until no handler can be using it any more. release/acquire: the JS thread publishes it.
  std::atomic<const UnwindTables*> tables{nullptr};
  // Grows after each change of `tables`. release/acquire: who sees a version sees its tables, or newer ones.
  std::atomic<uint32_t> tables_version{0};
  // The executable segments of the program itself, which are never unmapped. Immutable while a handler can run.
  uintptr_t program_start = 0;
  uintptr_t program_end = 0;
};

}  // namespace nativeprof

#endif  // NATIVEPROF_WALK_RESOURCES_H_
