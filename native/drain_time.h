// drain_time.h: when the event loop drains, once there is enough to drain. Pure.
//
// It is a tick that makes it enough. To drain at once would be to drain between two ticks, each time, and no sample would ever show it:
// what it costs would be laid upon the rest of the program. So it waits for a random part of a period.

#ifndef NATIVEPROF_DRAIN_TIME_H_
#define NATIVEPROF_DRAIN_TIME_H_

#include <cstdint>
#include <random>

namespace nativeprof {

class DrainTime {
 public:
  // Asked in every turn of the loop in which there is enough.
  bool IsDue(uint64_t now_nanos, uint64_t period_nanos) {
    if (due_nanos_ == 0) due_nanos_ = now_nanos + random_() % period_nanos;
    return now_nanos >= due_nanos_;
  }

  // There is not enough.
  void Forget() { due_nanos_ = 0; }

 private:
  std::minstd_rand random_;
  uint64_t due_nanos_ = 0;  // 0: there has not been enough so far
};

}  // namespace nativeprof

#endif  // NATIVEPROF_DRAIN_TIME_H_
