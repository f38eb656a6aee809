// timer_engine.h: what the timers that belong to single threads have in common. An engine sends a thread SIGPROF; which
// threads it is told from outside: by thread_scanner.h, or by hand. timer_ticks.h is the handler's side.
//
// One engine at a time may have timers: the handler believes only what the newest engine sends. All of them need Linux;
// elsewhere Add() says kNotAvailable. After a fork the child has no timers, and an engine there forgets them.

#ifndef NATIVEPROF_TIMER_TIMER_ENGINE_H_
#define NATIVEPROF_TIMER_TIMER_ENGINE_H_

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace nativeprof {

enum class AddOutcome {
  kAdded,
  kAlreadyThere,
  kThreadGone,    // it ended before it got a timer: nothing to worry about
  kLimit,         // EAGAIN: RLIMIT_SIGPENDING; EMFILE, ENFILE: RLIMIT_NOFILE or the system's files
  kForbidden,     // EPERM, EACCES: by a setting or a sandbox
  kNotAvailable,  // ENOSYS, ENOENT, EOPNOTSUPP: not on this system
  kRefused,       // anything else
};

// An error is a value: what it means, and the errno it came from (0 if it is none).
struct AddResult {
  AddOutcome outcome;
  int error;

  bool ok() const { return outcome == AddOutcome::kAdded || outcome == AddOutcome::kAlreadyThere; }
};

// From when on a thread's CPU time counts.
enum class CountFrom { kNow, kThreadStart };

// What an errno of timer_create or perf_event_open means.
// Context: any thread.
AddResult ResultOfErrno(int error);

// A few words for a message, as "forbidden".
// Context: any thread.
const char* NameOf(AddOutcome outcome);

class TimerEngine {
 public:
  TimerEngine() = default;
  virtual ~TimerEngine() = default;
  TimerEngine(const TimerEngine&) = delete;
  TimerEngine& operator=(const TimerEngine&) = delete;

  // Starts a timer for a thread of this process.
  // Context: one thread at a time, not async-signal-safe.
  virtual AddResult Add(pid_t tid, CountFrom from) = 0;

  // Ends its timer. A thread that has ended keeps its timer until this is called.
  // Context: one thread at a time, not async-signal-safe.
  virtual void Remove(pid_t tid) = 0;

  // Ends all timers. A tick that comes afterwards stands for nothing.
  // Context: one thread at a time, not async-signal-safe.
  virtual void RemoveAll() = 0;

  // Threads that have used up a period of CPU time without a tick for it so far: the kernel looks now and then only, and at
  // threads that sleep not at all. To be asked before RemoveAll(), or that time would be in no tick.
  // Context: one thread at a time.
  virtual std::vector<pid_t> Late() const { return {}; }

  // How many threads have a timer.
  // Context: one thread at a time.
  virtual size_t size() const = 0;
};

}  // namespace nativeprof

#endif  // NATIVEPROF_TIMER_TIMER_ENGINE_H_
