// wall_timers.cc: see wall_timers.h.

#include "wall_timers.h"

namespace nativeprof {

WallTimers::WallTimers(uint64_t period_ns) : first_ticks_(period_ns), timers_(period_ns) {}

AddResult WallTimers::Add(pid_t tid, CountFrom) {
  return timers_.Add(tid, CLOCK_MONOTONIC, FirstExpiry::kAfter, first_ticks_.NextNanos(), 0);
}

}  // namespace nativeprof
