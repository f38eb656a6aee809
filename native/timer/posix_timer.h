// posix_timer.h: POSIX timers whose signal goes to one thread, by the bare system calls: libc's have had several symbol
// versions. Elsewhere than on Linux there are none: ENOSYS.
//
// The signal of a POSIX timer is set aside when the timer is made (which RLIMIT_SIGPENDING bounds), so it is never lost;
// while it is pending, further expiries count as overruns, up to the moment it is delivered.

#ifndef NATIVEPROF_TIMER_POSIX_TIMER_H_
#define NATIVEPROF_TIMER_POSIX_TIMER_H_

#include <sys/types.h>

#include <cstdint>
#include <ctime>

namespace nativeprof {

using PosixTimerId = int;  // the kernel's timer_t; not libc's, which may be a pointer

struct PosixTimerTarget {
  pid_t tid;
  int signal;
  uint64_t value;  // what the handler sees as si_value
};

enum class FirstExpiry { kAfter, kAt };  // a time from now on; a time of the clock

// Makes a timer that is not armed. False with errno: EINVAL if the thread has ended.
// Context: any thread, not async-signal-safe.
bool CreatePosixTimer(clockid_t clock, const PosixTimerTarget& target, PosixTimerId* timer);

// Arms it. `first_ns` must not be 0. False with errno: ESRCH if the thread has ended.
// Context: any thread.
bool ArmPosixTimer(PosixTimerId timer, FirstExpiry kind, uint64_t first_ns, uint64_t period_ns);

// Whether it should have sent a signal that the kernel has not got to: it looks at timers of CPU clocks on its own tick.
// Context: any thread.
bool IsPosixTimerLate(PosixTimerId timer);

// Context: any thread.
void DeletePosixTimer(PosixTimerId timer);

}  // namespace nativeprof

#endif  // NATIVEPROF_TIMER_POSIX_TIMER_H_
