// handler_pace.h: whether a handler leaves its thread time to run. Pure.
//
// At 10,000 Hz, on a slow machine, to take a stack down can take longer than until the next tick, above all where several threads ask
// the kernel for the same memory. The thread would be in its handler for ever. So ticks are only counted while the handlers before
// them have used more than half of the time, and that by more than ticks which come in a row by chance.

#ifndef NATIVEPROF_HANDLER_PACE_H_
#define NATIVEPROF_HANDLER_PACE_H_

#include <algorithm>
#include <cstdint>

namespace nativeprof {

// One per thread. Zero-initialized it knows of no handler.
class HandlerPace {
 public:
  // Context: signal handler (async-signal-safe).
  bool LeavesTime(uint64_t now_nanos) {
    owed_nanos_ -= std::min(owed_nanos_, now_nanos - paid_nanos_);
    paid_nanos_ = now_nanos;
    return owed_nanos_ < kMostOwedNanos;
  }

  // Context: signal handler (async-signal-safe).
  void Took(uint64_t nanos) {
    // Of the last two the shorter one: a handler may be long because its thread had to wait in the midst of it.
    owed_nanos_ += 2 * std::min(nanos, last_nanos_);
    last_nanos_ = nanos;
  }

 private:
  static constexpr uint64_t kMostOwedNanos = 20'000'000;

  uint64_t owed_nanos_;  // as much time as the handlers took, for the thread, and that time itself
  uint64_t paid_nanos_;  // until when the thread has had its time
  uint64_t last_nanos_;
};

}  // namespace nativeprof

#endif  // NATIVEPROF_HANDLER_PACE_H_
