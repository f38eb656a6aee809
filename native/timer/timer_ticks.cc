// timer_ticks.cc: see timer_ticks.h.

#include "timer_ticks.h"

#include "perf_timers.h"
#include "timer_signal.h"

namespace nativeprof {

#if defined(__linux__)

namespace {

// written by the handler, for its own thread. A thread has early ticks at most once in its life: when it was found.
NATIVEPROF_SIGNAL_SAFE_TLS bool early_ticks_taken = false;

// Context: signal handler (async-signal-safe).
TimerTicks OfPosixTimer(const siginfo_t& info) {
  const auto value = reinterpret_cast<uint64_t>(info.si_value.sival_ptr);
  if (!IsOurTimerValue(value)) return {false, 0};
  if (SessionOf(value) != TimerSession::Current()) return {true, 0};
  uint64_t ticks = 1 + static_cast<uint64_t>(info.si_overrun > 0 ? info.si_overrun : 0);
  if (!early_ticks_taken) {
    early_ticks_taken = true;
    ticks += EarlyTicksOf(value);
  }
  return {true, ticks};
}

}  // namespace

TimerTicks TakeTicksOf(SignalContext, const siginfo_t& info) {
  if (info.si_code == SI_TIMER) return OfPosixTimer(info);
  if (info.si_code == POLL_IN) {
    uint64_t ticks;
    const PerfTick tick = TakePerfTicks(info.si_fd, &ticks);
    return {tick != PerfTick::kNotOurs, ticks};
  }
  return {false, 0};
}

#else

TimerTicks TakeTicksOf(SignalContext, const siginfo_t&) { return {false, 0}; }

#endif  // defined(__linux__)

}  // namespace nativeprof
