// leaf_rules.h: the unwind rules of the native functions that a thread was last interrupted in. A busy loop is interrupted at
// any of its instructions, and most of them share a rule: it is kept for as much code as it is good for, whatever its form.

#ifndef NATIVEPROF_LEAF_RULES_H_
#define NATIVEPROF_LEAF_RULES_H_

#include <cstddef>
#include <cstdint>

#include "unwind_rule.h"

namespace nativeprof {

// Belongs to one thread.
// Context: signal handler (async-signal-safe), on its thread.
class LeafRules {
 public:
  // The rule at `pc`, by tables of that version (WalkResources::tables_version). False if it is not kept.
  bool Find(uintptr_t pc, uint32_t tables_version, UnwindRule* rule) const {
    if (tables_version != tables_version_) return false;
    for (size_t i = 0; i < kMostRules; ++i) {
      if (pc - code_[i].start >= code_[i].bytes) continue;
      *rule = rules_[i];
      return true;
    }
    return false;
  }

  // Keeps the rule of `code`, in place of the one that has been kept for the longest time.
  void Add(const RuleRange& code, const UnwindRule& rule, uint32_t tables_version) {
    if (tables_version != tables_version_) {
      for (RuleRange& range : code_) range = {};
      tables_version_ = tables_version;
    }
    code_[next_] = code;
    rules_[next_] = rule;
    next_ = (next_ + 1) % kMostRules;
  }

 private:
  static constexpr size_t kMostRules = 8;

  uint32_t tables_version_ = 0;
  size_t next_ = 0;
  RuleRange code_[kMostRules] = {};  // apart from the rules: a search reads little
  UnwindRule rules_[kMostRules] = {};
};

}  // namespace nativeprof

#endif  // NATIVEPROF_LEAF_RULES_H_
