// unwind_rules.h: how to get from any frame of native code in the process to its caller, in a signal handler.
//
// Much native code keeps no frame pointer: libc, libm, libstdc++, OpenSSL's assembly inside node, addons. But compilers
// write down for every instruction where the caller's frame is, in .eh_frame, for exceptions. The tables of all modules
// together are one immutable snapshot; when a library comes or goes, the JS thread makes the next one.
//
// A library may be unloaded while a snapshot is in use, so its tables are copies, which snapshots share. Those of the
// program and of the vdso, which nobody can unload, are read where they are mapped.

#ifndef NATIVEPROF_UNWIND_RULES_H_
#define NATIVEPROF_UNWIND_RULES_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "eh_frame.h"
#include "modules.h"
#include "signal_safe.h"
#include "unwind_rule.h"

namespace nativeprof {

class UnwindTables {
 public:
  // Builds the tables anew from the list; what `before` (may be null) has copied already is shared with it. A module that
  // was unloaded since the list was made, or has no tables in the usual form, is known but has no rules.
  // Context: JS thread; may allocate.
  static std::unique_ptr<const UnwindTables> Make(const ModuleList& modules, const UnwindTables* before);

  // `pc` is the interrupted instruction, or a return address minus 1: the call may be the last instruction of a function
  // or of a region with rules of its own. Bounded work, no allocation, no lock; reads the tables and nothing else.
  // With `range`: also tells for how much code around pc the rule is good; for pc alone if that is not known.
  // Context: signal handler (async-signal-safe).
  UnwindRule Find(SignalContext context, uintptr_t pc, RuleRange* range = nullptr) const;

  // Whether pc lies in the executable segments of a known module.
  // Context: signal handler (async-signal-safe).
  bool Contains(SignalContext context, uintptr_t pc) const;

  // What the copies take. Context: any thread.
  size_t CopiedBytes() const;

 private:
  struct Copy;
  struct Entry {
    uintptr_t start;
    uintptr_t end;
    EhFrame rules;
    std::shared_ptr<const Copy> copy;  // what `rules` reads, if that is not the module itself
  };

  UnwindTables() = default;
  static void AddRules(const Module& module, const UnwindTables* before, Entry* entry);
  const Entry* FindEntry(uintptr_t pc) const;

  // immutable after Make()
  std::vector<Entry> entries_;  // sorted by start
};

}  // namespace nativeprof

#endif  // NATIVEPROF_UNWIND_RULES_H_
