// thread_timers.h: `timer: 'thread'`: each thread has a POSIX timer on its own CPU clock. The kernel looks at it on the
// kernel's tick, 250 times per second on many machines, but what it missed it counts: 1 + si_overrun is exact at any rate
// and for any number of threads. What is not exact is the place: a signal stands for up to 4 ms of the thread's CPU time.

#ifndef NATIVEPROF_TIMER_THREAD_TIMERS_H_
#define NATIVEPROF_TIMER_THREAD_TIMERS_H_

#include <vector>

#include "posix_timer_set.h"
#include "thread_clock.h"
#include "timer_engine.h"

namespace nativeprof {

class ThreadTimers final : public TimerEngine {
 public:
  // Context: JS thread.
  explicit ThreadTimers(uint64_t period_ns);

  AddResult Add(pid_t tid, CountFrom from) override;
  void Remove(pid_t tid) override { timers_.Remove(tid); }
  void RemoveAll() override { timers_.RemoveAll(); }
  std::vector<pid_t> Late() const override { return timers_.Late(); }
  size_t size() const override { return timers_.size(); }

 private:
  const uint64_t period_ns_;

  // owned by whoever calls Add() and Remove()
  FirstTicks first_ticks_;
  PosixTimerSet timers_;
};

}  // namespace nativeprof

#endif  // NATIVEPROF_TIMER_THREAD_TIMERS_H_
