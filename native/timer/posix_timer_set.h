// posix_timer_set.h: the POSIX timers of one engine, at most one for each thread, all with the same period.

#ifndef NATIVEPROF_TIMER_POSIX_TIMER_SET_H_
#define NATIVEPROF_TIMER_POSIX_TIMER_SET_H_

#include <cstdint>
#include <ctime>
#include <unordered_map>
#include <vector>

#include "posix_timer.h"
#include "timer_engine.h"
#include "timer_signal.h"

namespace nativeprof {

class PosixTimerSet {
 public:
  // Context: JS thread.
  explicit PosixTimerSet(uint64_t period_ns);
  ~PosixTimerSet() { RemoveAll(); }
  PosixTimerSet(const PosixTimerSet&) = delete;
  PosixTimerSet& operator=(const PosixTimerSet&) = delete;

  // Sends the thread SIGPROF at `first_ns` and every period after it, by that clock.
  // Context: one thread at a time.
  AddResult Add(pid_t tid, clockid_t clock, FirstExpiry kind, uint64_t first_ns, uint64_t early_ticks);

  // Context: one thread at a time.
  void Remove(pid_t tid);
  void RemoveAll();
  bool Has(pid_t tid) const { return timers_.count(tid) != 0; }
  size_t size() const { return timers_.size(); }

  // Threads whose timer is late.
  // Context: one thread at a time.
  std::vector<pid_t> Late() const;

 private:
  // immutable
  const uint64_t period_ns_;
  const pid_t process_;

  // owned by whoever calls Add() and Remove()
  SessionOfEngine session_;
  std::unordered_map<pid_t, PosixTimerId> timers_;  // by thread
};

}  // namespace nativeprof

#endif  // NATIVEPROF_TIMER_POSIX_TIMER_SET_H_
