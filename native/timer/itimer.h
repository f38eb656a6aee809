// itimer.h: the default engine. setitimer(ITIMER_PROF) sends the process a SIGPROF per period of CPU time it uses.
//
// A process has one such timer, it passes through execve, and it does not say whose it is. The kernel checks it on its
// own tick (250 per second on many kernels): above that rate, for the whole process, expiries merge silently.

#ifndef NATIVEPROF_TIMER_ITIMER_H_
#define NATIVEPROF_TIMER_ITIMER_H_

#include <cstdint>

namespace nativeprof {

enum class ArmResult { kArmed, kTakenByOther, kRefused };

// Starts the timer. kTakenByOther if one is running already; kRefused leaves the reason in errno.
// Context: JS thread.
ArmResult ArmItimer(uint64_t period_ns);

// Whose the process's timer is, after ArmItimer() has armed it.
// Context: JS thread.
enum class ItimerOwner { kUs, kNobody, kOther };
ItimerOwner OwnerOfItimer(uint64_t period_ns);

// Context: any thread; async-signal-safe.
void DisarmItimer();

}  // namespace nativeprof

#endif  // NATIVEPROF_TIMER_ITIMER_H_
