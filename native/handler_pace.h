// handler_pace.h: whether a handler leaves its thread time to run. Pure.
//
// At 10,000 Hz, on a slow machine, to take a stack down can take longer than until the next tick, above all where several threads ask
// the kernel for the same memory. The thread would be in its handler for ever. So a tick is only counted if the handlers before it have
// used half of the time.

#ifndef NATIVEPROF_HANDLER_PACE_H_
#define NATIVEPROF_HANDLER_PACE_H_

#include <algorithm>
#include <cstdint>

namespace nativeprof {

// One per thread. Zero-initialized it knows of no handler.
class HandlerPace {
 public:
  // Context: signal handler (async-signal-safe).
  bool LeavesTime(uint64_t now_nanos) const {
    // Of the last two the shorter one: a handler may be long because its thread had to wait in the midst of it.
    return now_nanos - began_nanos_ >= 2 * std::min(last_nanos_, before_nanos_);
  }

  // Context: signal handler (async-signal-safe).
  void Took(uint64_t began_nanos, uint64_t nanos) {
    began_nanos_ = began_nanos;
    before_nanos_ = last_nanos_;
    last_nanos_ = nanos;
  }

 private:
  uint64_t began_nanos_;
  uint64_t last_nanos_;
  uint64_t before_nanos_;
};

}  // namespace nativeprof

#endif  // NATIVEPROF_HANDLER_PACE_H_
