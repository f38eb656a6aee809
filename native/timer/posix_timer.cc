// posix_timer.cc: see posix_timer.h.

#include "posix_timer.h"

#include <cerrno>

#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>

// glibc has no name for the member that its own documentation names; musl has.
#if !defined(sigev_notify_thread_id)
#define sigev_notify_thread_id _sigev_un._tid
#endif
#endif  // defined(__linux__)

namespace nativeprof {

#if defined(__linux__)

namespace {

timespec ToTimespec(uint64_t nanos) {
  timespec time;
  time.tv_sec = static_cast<time_t>(nanos / 1'000'000'000u);
  time.tv_nsec = static_cast<long>(nanos % 1'000'000'000u);
  return time;
}

}  // namespace

bool CreatePosixTimer(clockid_t clock, const PosixTimerTarget& target, PosixTimerId* timer) {
  sigevent event = {};
  event.sigev_notify = SIGEV_THREAD_ID;
  event.sigev_signo = target.signal;
  event.sigev_notify_thread_id = target.tid;
  event.sigev_value.sival_ptr = reinterpret_cast<void*>(target.value);
  return syscall(SYS_timer_create, clock, &event, timer) == 0;
}

bool ArmPosixTimer(PosixTimerId timer, FirstExpiry kind, uint64_t first_ns, uint64_t period_ns) {
  const itimerspec times = {ToTimespec(period_ns), ToTimespec(first_ns)};
  const int flags = kind == FirstExpiry::kAt ? TIMER_ABSTIME : 0;
  return syscall(SYS_timer_settime, timer, flags, &times, nullptr) == 0;
}

// The kernel calls the time that remains a nanosecond when none does (kernel/time/posix-cpu-timers.c).
bool IsPosixTimerLate(PosixTimerId timer) {
  itimerspec times = {};
  if (syscall(SYS_timer_gettime, timer, &times) != 0) return false;
  return times.it_value.tv_sec == 0 && times.it_value.tv_nsec == 1;
}

void DeletePosixTimer(PosixTimerId timer) { syscall(SYS_timer_delete, timer); }

#else

namespace {

bool NotAvailable() {
  errno = ENOSYS;
  return false;
}

}  // namespace

bool CreatePosixTimer(clockid_t, const PosixTimerTarget&, PosixTimerId*) { return NotAvailable(); }
bool ArmPosixTimer(PosixTimerId, FirstExpiry, uint64_t, uint64_t) { return NotAvailable(); }
bool IsPosixTimerLate(PosixTimerId) { return false; }
void DeletePosixTimer(PosixTimerId) {}

#endif  // defined(__linux__)

}  // namespace nativeprof
