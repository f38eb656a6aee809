// perf_timers.h: `timer: 'perf'`: each thread has a perf event on its task clock, which sends SIGPROF by a high resolution
// timer: 10,000 per second and more, at the very instruction. Often forbidden: PerfTimers::Probe() says why.
//
// Such signals merge while one is pending, and say nothing of it. So a tick is not a signal: the handler reads the thread's
// CPU clock and credits the periods that have passed since its last one.

#ifndef NATIVEPROF_TIMER_PERF_TIMERS_H_
#define NATIVEPROF_TIMER_PERF_TIMERS_H_

#include <string>
#include <unordered_map>

#include "timer_engine.h"
#include "timer_signal.h"

namespace nativeprof {

// Whether perf events can be had.
struct PerfProbe {
  AddResult result;
  bool excludes_kernel;  // ticks come in user mode only; CPU time in the kernel is credited to the next of those
  bool knows_paranoid;
  int paranoid;  // /proc/sys/kernel/perf_event_paranoid; above 2 is forbidden on the systems that have it

  // A sentence for a message: why not.
  std::string Reason() const;
};

class PerfTimers final : public TimerEngine {
 public:
  // `probe` is from Probe().
  // Context: JS thread.
  PerfTimers(uint64_t period_ns, const PerfProbe& probe);
  ~PerfTimers() override;

  // Opens an event on this thread and closes it again.
  // Context: any thread, not async-signal-safe.
  static PerfProbe Probe();

  AddResult Add(pid_t tid, CountFrom from) override;
  void Remove(pid_t tid) override;
  void RemoveAll() override;
  size_t size() const override { return events_.size(); }

 private:
  // immutable
  [[maybe_unused]] const uint64_t period_ns_;  // unused where there are no such events
  [[maybe_unused]] const pid_t process_;
  [[maybe_unused]] const bool excludes_kernel_;

  // owned by whoever calls Add() and Remove()
  SessionOfEngine session_;
  std::unordered_map<pid_t, int> events_;  // file descriptors by thread
};

// What the handler knows of the event with this file descriptor.
enum class PerfTick { kNotOurs, kPast, kCurrent };

// Ticks that the calling thread has been owed since its last signal of this session, if the signal is one of ours. Can be
// 0: two ticks' worth may have come with the one before.
// Context: signal handler (async-signal-safe).
PerfTick TakePerfTicks(int fd, uint64_t* ticks);

}  // namespace nativeprof

#endif  // NATIVEPROF_TIMER_PERF_TIMERS_H_
