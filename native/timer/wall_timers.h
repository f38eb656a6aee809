// wall_timers.h: `timer: 'wall'`: a thread is sent a signal per period of wall clock time, whether it runs or waits. For
// threads that run JavaScript, added one by one: it wakes whoever sleeps, with EINTR for calls that do not restart.

#ifndef NATIVEPROF_TIMER_WALL_TIMERS_H_
#define NATIVEPROF_TIMER_WALL_TIMERS_H_

#include "posix_timer_set.h"
#include "thread_clock.h"
#include "timer_engine.h"

namespace nativeprof {

class WallTimers final : public TimerEngine {
 public:
  // Context: JS thread.
  explicit WallTimers(uint64_t period_ns);

  // Time counts from now on, whatever `from` says: when a thread began is unknown.
  AddResult Add(pid_t tid, CountFrom from) override;
  void Remove(pid_t tid) override { timers_.Remove(tid); }
  void RemoveAll() override { timers_.RemoveAll(); }
  size_t size() const override { return timers_.size(); }

 private:
  // owned by whoever calls Add() and Remove()
  FirstTicks first_ticks_;
  PosixTimerSet timers_;
};

}  // namespace nativeprof

#endif  // NATIVEPROF_TIMER_WALL_TIMERS_H_
