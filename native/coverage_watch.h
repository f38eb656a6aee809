// coverage_watch.h: notices when the process's one timer no longer keeps up with its threads.
//
// ITIMER_PROF sends one signal per tick of the kernel at most, whichever threads are busy. With several, ticks merge
// silently, and the ticks that do come are spread unevenly. Timers of threads have neither fault.

#ifndef NATIVEPROF_COVERAGE_WATCH_H_
#define NATIVEPROF_COVERAGE_WATCH_H_

#include <atomic>
#include <cstdint>
#include <ctime>

#include "signal_safe.h"

namespace nativeprof {

class CoverageWatch {
 public:
  // Context: JS thread, no handler running.
  void Begin(uint64_t period_ns, uint64_t now_nanos) {
    period_ns_ = period_ns;
    ticks_ = 0;
    window_start_nanos_ = now_nanos;
    window_start_cpu_nanos_ = CpuNanos();
    has_fallen_.store(false, std::memory_order_relaxed);
    is_on_.store(true, std::memory_order_release);
  }

  // Context: any thread.
  void End() { is_on_.store(false, std::memory_order_release); }

  // Counts a tick; at the end of a window, whether too few came in it while more than one thread was busy, for the first
  // time. One system call per window.
  // Context: signal handler (async-signal-safe).
  bool HasFallen(SignalContext, uint64_t now_nanos) {
    if (!is_on_.load(std::memory_order_acquire) || is_counting_.exchange(true, std::memory_order_acquire)) return false;
    bool has_fallen = false;
    if (++ticks_ == kWindowTicks) {
      const uint64_t cpu_nanos = CpuNanos();
      const double cpu = static_cast<double>(cpu_nanos - window_start_cpu_nanos_);
      const double wall = static_cast<double>(now_nanos - window_start_nanos_);
      const double counted = static_cast<double>(kWindowTicks * period_ns_);
      has_fallen = counted < kLeastCoverage * cpu && cpu > kLeastCores * wall;
      ticks_ = 0;
      window_start_nanos_ = now_nanos;
      window_start_cpu_nanos_ = cpu_nanos;
    }
    is_counting_.store(false, std::memory_order_release);
    if (!has_fallen) return false;
    has_fallen_.store(true, std::memory_order_relaxed);
    End();
    return true;
  }

  // Whether it has happened since Begin().
  // Context: any thread.
  bool has_fallen() const { return has_fallen_.load(std::memory_order_relaxed); }

 private:
  static constexpr uint64_t kWindowTicks = 64;     // two thirds of a second of CPU time at 100 Hz
  static constexpr double kLeastCoverage = 0.95;
  static constexpr double kLeastCores = 1.2;       // busy at once; with one, a loss has another cause, and no such cure

  // Context: signal handler (async-signal-safe).
  static uint64_t CpuNanos() {
    timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000u + static_cast<uint64_t>(now.tv_nsec);
  }

  // written by the JS thread while is_on_ is false
  uint64_t period_ns_ = 0;

  // written by the one handler that has is_counting_; a tick that comes to another thread at that very moment is not counted
  uint64_t ticks_ = 0;
  uint64_t window_start_nanos_ = 0;
  uint64_t window_start_cpu_nanos_ = 0;
  std::atomic<bool> is_counting_{false};

  std::atomic<bool> is_on_{false};
  std::atomic<bool> has_fallen_{false};
};

}  // namespace nativeprof

#endif  // NATIVEPROF_COVERAGE_WATCH_H_
