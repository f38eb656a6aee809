// walk_comparison.h: in builds with NATIVEPROF_COMPARE_WALKS, every tick is walked by us and by V8, and both are recorded
// with what they cost (record.h, kComparison). In any other build nothing of this exists.
//
// The one that goes second finds the stack in the processor's cache, so they take turns at going first.

#ifndef NATIVEPROF_WALK_COMPARISON_H_
#define NATIVEPROF_WALK_COMPARISON_H_

#if defined(NATIVEPROF_COMPARE_WALKS)

#include <cstddef>
#include <cstdint>

#include "cycles.h"
#include "frame_list.h"
#include "ring_buffer.h"
#include "stack_walker.h"

namespace nativeprof {

// Lives in the handler's frame for as long as a tick is handled; its end writes the record.
// Context: signal handler (async-signal-safe).
class WalkComparison {
 public:
  WalkComparison(RingBuffer& ring, uint64_t now_nanos) : ring_(ring), now_nanos_(now_nanos) {}
  ~WalkComparison();
  WalkComparison(const WalkComparison&) = delete;
  WalkComparison& operator=(const WalkComparison&) = delete;

  // In place of WalkStack().
  Walk WalkBoth(SignalContext context, WalkResources& resources, ThreadState& thread, const Registers& registers,
                FrameList& frames);

 private:
  static constexpr size_t kRoom = 1024;  // addresses by V8, for the depths that are compared

  RingBuffer& ring_;
  const uint64_t now_nanos_;
  const uint64_t begin_cycles_ = ReadCycles();
  uint64_t own_cycles_ = 0;
  uint64_t comparison_cycles_ = 0;
  bool v8_first_ = false;
  uint32_t tid_ = 0;  // 0: nothing was compared
  Walk own_ = {};
  V8Walk v8_ = {};
  uint64_t storage_[kRoom];
  FrameList frames_{storage_, kRoom};
};

}  // namespace nativeprof

#endif  // defined(NATIVEPROF_COMPARE_WALKS)

#endif  // NATIVEPROF_WALK_COMPARISON_H_
