// itimer.cc: see itimer.h.

#include "itimer.h"

#include <sys/time.h>

namespace nativeprof {

ArmResult ArmItimer(uint64_t period_ns) {
  itimerval running;
  if (getitimer(ITIMER_PROF, &running) != 0) return ArmResult::kRefused;
  if (running.it_value.tv_sec != 0 || running.it_value.tv_usec != 0) return ArmResult::kTakenByOther;
  timeval period;
  period.tv_sec = static_cast<time_t>(period_ns / 1'000'000'000u);
  period.tv_usec = static_cast<suseconds_t>(period_ns % 1'000'000'000u / 1000u);
  // The kernel adds one of its own ticks to the first expiry, and looks at the timer on the next one. With the shortest
  // first expiry, what is lost at the start is about what rounding down loses at the end, and ticks x period is unbiased.
  const itimerval timer = {period, {0, 1}};
  return setitimer(ITIMER_PROF, &timer, nullptr) == 0 ? ArmResult::kArmed : ArmResult::kRefused;
}

void DisarmItimer() {
  const itimerval off = {};
  setitimer(ITIMER_PROF, &off, nullptr);
}

}  // namespace nativeprof
