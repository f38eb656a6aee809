// ticker.h: the one source of ticks of a recording: which engine, on which threads, from when to when.

#ifndef NATIVEPROF_TIMER_TICKER_H_
#define NATIVEPROF_TIMER_TICKER_H_

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "itimer.h"
#include "thread_scanner.h"
#include "timer_engine.h"

namespace nativeprof {

enum class TimerKind : uint8_t {
  kProcess,  // itimer.h
  kThread,   // thread_timers.h
  kPerf,     // perf_timers.h
  kWall,     // wall_timers.h
};

struct TickerResult {
  enum class Outcome : uint8_t { kStarted, kTakenByOther, kNotAvailable, kRefused };
  Outcome outcome;
  std::string reason;  // why not, in words; empty if it started
};

class Ticker {
 public:
  // Whether this kind could be started, on this machine and by this user; tried on the thread `tid`. Not while one runs.
  // Context: JS thread.
  static TickerResult Probe(TimerKind kind, pid_t tid);

  // Context: JS thread.
  TickerResult Start(TimerKind kind, uint64_t period_ns);

  // From the process's timer to timers of threads. No CPU time is counted twice; at most a period is not counted. If that fails,
  // the process's timer goes on, unless it is somebody else's by now.
  // Context: JS thread.
  TickerResult MoveToThreads();

  // Whose the process's timer is; ours as long as there is no need to ask.
  // Context: JS thread.
  ItimerOwner OwnerOfProcessTimer() const {
    return is_running_ && kind_ == TimerKind::kProcess ? OwnerOfItimer(period_ns_) : ItimerOwner::kUs;
  }

  // Ticks that are on their way may still come. Returns the threads that a tick was due on and has not come.
  // Context: JS thread.
  std::vector<pid_t> Stop();

  // A thread that runs JavaScript comes or goes; only the wall clock's engine has to be told.
  // Context: any thread, not async-signal-safe.
  void AddThread(pid_t tid);
  void RemoveThread(pid_t tid);

  TimerKind kind() const { return kind_; }

  // CPU time of the thread that looks for threads; it gets no ticks.
  // Context: JS thread.
  uint64_t scanner_cpu_nanos() const { return ScannerStatsNow().cpu_nanos; }

  // Threads that could not be given a timer at the last look.
  // Context: JS thread.
  uint64_t refused_threads() const { return ScannerStatsNow().refused; }

 private:
  TickerResult StartEngine(TimerKind kind);
  ScannerStats ScannerStatsNow() const { return scanner_ == nullptr ? last_stats_ : scanner_->Stats(); }

  TimerKind kind_ = TimerKind::kProcess;
  uint64_t period_ns_ = 0;
  bool is_running_ = false;
  std::mutex mutex_;  // guards engine_ of the wall clock, which any thread may add itself to
  std::unique_ptr<TimerEngine> engine_;
  std::unique_ptr<ThreadScanner> scanner_;
  ScannerStats last_stats_ = {};  // of a scanner that has been stopped
};

}  // namespace nativeprof

#endif  // NATIVEPROF_TIMER_TICKER_H_
