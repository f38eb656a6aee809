// timer_ticks.h: the handler's side of all engines: whether a SIGPROF is one of ours, and how many ticks it stands for.

#ifndef NATIVEPROF_TIMER_TIMER_TICKS_H_
#define NATIVEPROF_TIMER_TIMER_TICKS_H_

#include <csignal>
#include <cstdint>

#include "signal_safe.h"

namespace nativeprof {

struct TimerTicks {
  bool is_ours;    // no: it belongs to whoever handled SIGPROF before
  uint64_t ticks;  // 0 also for a signal of ours that came after its timer was removed
};

// Of a timer of a thread: thread_timers.h, perf_timers.h, wall_timers.h. (ITIMER_PROF, with SI_KERNEL, is not among them.)
// To be asked once for each signal, on the thread that it came to: what it says has been credited.
// Context: signal handler (async-signal-safe).
TimerTicks TakeTicksOf(SignalContext context, const siginfo_t& info);

}  // namespace nativeprof

#endif  // NATIVEPROF_TIMER_TIMER_TICKS_H_
