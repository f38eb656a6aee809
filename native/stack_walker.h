// stack_walker.h: the stack of the interrupted thread, leaf first: which walk is tried, and what is done when it fails.
//
// Our own walk (frame_walker.h) sees the whole stack. Where it does not come to the thread's first frame, it went wrong
// somewhere; then V8 walks what is JavaScript (Isolate::GetStackSample, from the exit frame that it keeps), and of the
// native part the frames up to the first break are kept.

#ifndef NATIVEPROF_STACK_WALKER_H_
#define NATIVEPROF_STACK_WALKER_H_

#include <cstddef>
#include <cstdint>

#include "frame_list.h"
#include "frame_walker.h"
#include "registers.h"
#include "signal_safe.h"
#include "thread_state.h"
#include "walk_resources.h"

namespace nativeprof {

enum class WalkOutcome : uint8_t {
  kWhole,         // from the leaf to the thread's first frame
  kByV8,          // the JavaScript part, and the native part above it as far as it went
  kNotWalkable,   // V8 stopped at a frame in a state that it does not understand, or the leaf's caller could not be found
};

struct Walk {
  WalkOutcome outcome;
  bool is_cut;        // frames were left out
  uint16_t vm_state;  // v8::StateTag
#if defined(NATIVEPROF_COMPARE_WALKS)
  uint64_t vm_state_cycles = 0;  // what it cost to learn vm_state
  FrameWalker::Break broken = {};  // where our own walk came to no end
#endif
};

// Fills `frames`, whose storage is thread.frames.
// Context: signal handler (async-signal-safe).
Walk WalkStack(SignalContext context, WalkResources& resources, ThreadState& thread, const Registers& registers,
               FrameList& frames);

#if defined(NATIVEPROF_COMPARE_WALKS)
struct V8Walk {
  uint64_t cycles;          // of Isolate::GetStackSample alone
  bool caller_unknown;      // the leaf has no frame, and its return address could not be found: V8 was not asked
};

// As WalkStack() does where our own walk comes to no end: the leaf by us, its callers by V8.
// Context: signal handler (async-signal-safe).
V8Walk WalkStackByV8(SignalContext context, WalkResources& resources, ThreadState& thread, const Registers& registers,
                     FrameList& frames);
#endif

// The stack of a thread that runs no JavaScript, as far as it goes.
// Context: signal handler (async-signal-safe).
void WalkNativeStack(SignalContext context, WalkResources& resources, const Registers& registers, FrameList& frames);

}  // namespace nativeprof

#endif  // NATIVEPROF_STACK_WALKER_H_
