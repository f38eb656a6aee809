// cpu_credit.h: how many ticks a thread has earned by its own CPU clock, for a timer whose signals are not to be believed.
//
// macOS sends a signal of ITIMER_PROF to any thread, an idle one too, and more often to one that makes system calls. So there a
// signal is only an occasion to look: the thread is credited with the periods of CPU time that have passed on its own clock
// since its last ones, which may be none.

#ifndef NATIVEPROF_TIMER_CPU_CREDIT_H_
#define NATIVEPROF_TIMER_CPU_CREDIT_H_

#include <cstdint>

namespace nativeprof {

// One per thread; begins as zeroes.
// Context: signal handler (async-signal-safe), on its thread.
struct CpuCredit {
  uint32_t recording;       // in which the two others count; 0: none
  uint64_t start_nanos;     // of the thread's CPU clock
  uint64_t credited_ticks;  // since then

  // The ticks that a signal stands for: the periods since the last one, to the nearest. A thread's first signal of a recording, which
  // nothing came before, stands for one period at most. `recordings` count from 1.
  uint64_t Take(uint32_t current_recording, uint64_t cpu_nanos, uint64_t period_nanos) {
    if (recording != current_recording) {
      recording = current_recording;
      start_nanos = cpu_nanos > period_nanos ? cpu_nanos - period_nanos : 0;
      credited_ticks = 0;
    }
    if (cpu_nanos < start_nanos) return 0;
    const uint64_t owed_ticks = (cpu_nanos - start_nanos + period_nanos / 2) / period_nanos;
    if (owed_ticks <= credited_ticks) return 0;
    const uint64_t ticks = owed_ticks - credited_ticks;
    credited_ticks = owed_ticks;
    return ticks;
  }
};

}  // namespace nativeprof

#endif  // NATIVEPROF_TIMER_CPU_CREDIT_H_
