// thread_timers.cc: see thread_timers.h.

#include "thread_timers.h"

#include <cerrno>

namespace nativeprof {

ThreadTimers::ThreadTimers(uint64_t period_ns)
    : period_ns_(period_ns), first_ticks_(period_ns), timers_(period_ns) {}

AddResult ThreadTimers::Add(pid_t tid, CountFrom from) {
  if (timers_.Has(tid)) return {AddOutcome::kAlreadyThere, 0};
  clockid_t clock;
  if (!GetThreadCpuClock(tid, &clock)) return {AddOutcome::kNotAvailable, errno};
  uint64_t now_ns;
  if (!ReadCpuClock(clock, &now_ns)) return {AddOutcome::kThreadGone, errno};

  // Ticks are due at first_ns, first_ns + period, ...; the timer begins with the first that is not yet past.
  uint64_t first_ns = first_ticks_.NextNanos() + (from == CountFrom::kNow ? now_ns : 0);
  const uint64_t early_ticks = now_ns < first_ns ? 0 : (now_ns - first_ns) / period_ns_ + 1;
  first_ns += early_ticks * period_ns_;
  return timers_.Add(tid, clock, FirstExpiry::kAt, first_ns, early_ticks);
}

}  // namespace nativeprof
