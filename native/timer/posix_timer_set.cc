// posix_timer_set.cc: see posix_timer_set.h.

#include "posix_timer_set.h"

#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "tick_signal.h"

namespace nativeprof {

PosixTimerSet::PosixTimerSet(uint64_t period_ns) : period_ns_(period_ns), process_(getpid()) {}

AddResult PosixTimerSet::Add(pid_t tid, clockid_t clock, FirstExpiry kind, uint64_t first_ns, uint64_t early_ticks) {
  if (Has(tid)) return {AddOutcome::kAlreadyThere, 0};
  PosixTimerId timer;
  if (!CreatePosixTimer(clock, {tid, TickSignal(), MakeTimerValue(session_.Get(), early_ticks)}, &timer)) {
    // The rest of what the kernel is given is known to be good, so EINVAL speaks of the thread.
    return errno == EINVAL ? AddResult{AddOutcome::kThreadGone, EINVAL} : ResultOfErrno(errno);
  }
  if (!ArmPosixTimer(timer, kind, first_ns, period_ns_)) {
    const int error = errno;
    DeletePosixTimer(timer);
    return ResultOfErrno(error);
  }
  timers_.emplace(tid, timer);
  return {AddOutcome::kAdded, 0};
}

void PosixTimerSet::Remove(pid_t tid) {
  const auto found = timers_.find(tid);
  if (found == timers_.end()) return;
  // In a child of fork the number may be that of a timer of the child's own.
  if (getpid() == process_) DeletePosixTimer(found->second);
  timers_.erase(found);
}

std::vector<pid_t> PosixTimerSet::Late() const {
  std::vector<pid_t> late;
  for (const auto& [tid, timer] : timers_) {
    if (IsPosixTimerLate(timer)) late.push_back(tid);
  }
  return late;
}

void PosixTimerSet::RemoveAll() {
  while (!timers_.empty()) Remove(timers_.begin()->first);
  session_.End();
}

}  // namespace nativeprof
