// itimer.cc: see itimer.h.

#include "itimer.h"

#include <sys/time.h>

namespace nativeprof {

namespace {

timeval ToTimeval(uint64_t nanos) {
  timeval time;
  time.tv_sec = static_cast<time_t>(nanos / 1'000'000'000u);
  time.tv_usec = static_cast<suseconds_t>(nanos % 1'000'000'000u / 1000u);
  return time;
}

bool IsZero(const timeval& time) { return time.tv_sec == 0 && time.tv_usec == 0; }

}  // namespace

ArmResult ArmItimer(uint64_t period_ns) {
  itimerval running;
  if (getitimer(ITIMER_PROF, &running) != 0) return ArmResult::kRefused;
  if (!IsZero(running.it_value)) return ArmResult::kTakenByOther;
  const timeval period = ToTimeval(period_ns);
  // The kernel adds one of its own ticks to the first expiry, and looks at the timer on the next one. With the shortest
  // first expiry, what is lost at the start is about what rounding down loses at the end, and ticks x period is unbiased.
  const itimerval timer = {period, {0, 1}};
  return setitimer(ITIMER_PROF, &timer, nullptr) == 0 ? ArmResult::kArmed : ArmResult::kRefused;
}

ItimerOwner OwnerOfItimer(uint64_t period_ns) {
  itimerval running;
  // Whoever cannot ask could not have armed it.
  if (getitimer(ITIMER_PROF, &running) != 0) return ItimerOwner::kUs;
  if (IsZero(running.it_value) && IsZero(running.it_interval)) return ItimerOwner::kNobody;
  const timeval period = ToTimeval(period_ns);
  const bool is_ours = running.it_interval.tv_sec == period.tv_sec && running.it_interval.tv_usec == period.tv_usec;
  return is_ours ? ItimerOwner::kUs : ItimerOwner::kOther;
}

void DisarmItimer() {
  const itimerval off = {};
  setitimer(ITIMER_PROF, &off, nullptr);
}

}  // namespace nativeprof
