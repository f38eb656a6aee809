// eh_frame.h: the unwind rules of one module, from its sections .eh_frame_hdr and .eh_frame.
//
// .eh_frame_hdr is a sorted table of function start → frame description entry (FDE) in .eh_frame. An FDE points back to
// the common information entry (CIE) that it shares with others, and both end in call frame instructions (cfi_program.h).
// Formats: LSB 5.0 Core, 10.6 "Exception Frames" and 10.6.2 ".eh_frame_hdr"; DWARF 4, 6.4.
//
// Nothing is remembered between two calls, and nothing is believed: whatever is malformed has no rule.

#ifndef NATIVEPROF_EH_FRAME_H_
#define NATIVEPROF_EH_FRAME_H_

#include <cstddef>
#include <cstdint>

#include "dwarf_reader.h"
#include "signal_safe.h"
#include "unwind_rule.h"

namespace nativeprof {

// What .eh_frame_hdr says: where .eh_frame begins, and the table.
struct EhFrameIndex {
  uintptr_t frames = 0;  // address of .eh_frame
  uintptr_t table = 0;   // address of the first entry
  size_t count = 0;      // entries; 0 also if there is no table, or one that nothing known to us writes
  // An entry is two numbers of 4 bytes, both relative to the start of .eh_frame_hdr: function, FDE.
  static constexpr size_t kEntryBytes = 8;

  // Context: any thread.
  static EhFrameIndex Read(const Section& header);
};

class EhFrame {
 public:
  EhFrame() = default;  // of a module without rules

  // The bytes must stay for as long as this is used. `frames` must contain the FDEs that the table points to, and their
  // CIEs; it may be longer than .eh_frame. Context: any thread.
  EhFrame(const Section& header, const Section& frames);

  // The rule at `pc`, which is in this module. Its work is bounded by kMaxProgramBytes and the table's logarithm.
  // With `range`: if there is one, also for how much code around pc it is good.
  // Context: signal handler (async-signal-safe).
  UnwindRule Find(SignalContext context, uintptr_t pc, RuleRange* range = nullptr) const;

  // One past the last byte of the entry that starts at `address`, which its length says; 0 if it is not in the section.
  // Context: signal handler (async-signal-safe).
  static uintptr_t EndOfEntry(const Section& frames, uintptr_t address);

  // Of the instructions of one CIE, and of one FDE. The longest FDE in the official binaries of Node has 5,796 bytes (26).
  static constexpr size_t kMaxProgramBytes = 16384;

 private:
  // What the FDEs of a CIE share.
  struct Common {
    uint64_t code_alignment = 0;
    int64_t data_alignment = 0;
    uint8_t pointer_encoding = kPointerAbsolute;
    bool has_augmentation_data = false;
    bool is_signal_frame = false;
  };

  uintptr_t FindEntry(uintptr_t pc) const;
  static bool ReadCommon(DwarfReader* reader, Common* common);

  Section header_;
  Section frames_;
  EhFrameIndex index_;
};

}  // namespace nativeprof

#endif  // NATIVEPROF_EH_FRAME_H_
