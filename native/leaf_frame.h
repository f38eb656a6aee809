// leaf_frame.h: the caller of a leaf that has no stack frame of its own, or not yet, or no longer.
//
// A stack is walked along saved frame pointers. If the interrupted function has no frame, the frame pointer is still its
// caller's, a walk starts one function too high, and the caller is missing: a function that costs nothing then looks
// as if it were what its own caller does. That is no rarity. Many of V8's builtins take their fast paths without a
// frame (property loads, string joins), and every function has none for some instructions at its two ends.
//
// The cure is to return from such a leaf by hand: take the return address from where it is, and go on as if the tick had
// come just after the return. Where it is, is read off the instructions around the interrupted one and V8's list of
// builtins (v8_code.h).
//
// V8's walk leaves out the function that the frame pointer belongs to: it expects it to be the one that was interrupted.
// If that is an interpreted function, or a baseline one whose prologue or epilogue is shared code, no address of its own
// is at hand; the bytecode array in its frame stands for it.

#ifndef NATIVEPROF_LEAF_FRAME_H_
#define NATIVEPROF_LEAF_FRAME_H_

#include <cstddef>
#include <cstdint>

#include "bytecode_lengths.h"
#include "call_sites.h"
#include "registers.h"
#include "signal_safe.h"
#include "v8_code.h"

namespace nativeprof {

constexpr size_t kMaxLeafAddresses = 3;

struct Leaf {
  // What the walk should start from: the registers as they would be after the leaf has returned, or unchanged.
  Registers registers;
  // The interrupted instruction and the return addresses that were used up, leaf first, as a record has them (record.h).
  uintptr_t addresses[kMaxLeafAddresses];
  size_t count;
  // V8 has been told of the leaf, and its own walk puts it first.
  bool announced;
  // The leaf has no frame and its return address could not be found. The caller would be wrong, so there is no sample.
  bool caller_unknown;
};

// `registers.pc` must lie in V8's code, and [registers.sp, stack_top) on the stack of the interrupted thread.
// Reads that stack and code that is being executed, nothing else.
// Context: signal handler (async-signal-safe).
Leaf UnwindLeaf(SignalContext, const Registers& registers, uintptr_t stack_top, const V8Code& v8_code,
                CallSites& call_sites, BytecodeLengths& lengths);

}  // namespace nativeprof

#endif  // NATIVEPROF_LEAF_FRAME_H_
