// sampler.h: start, drain and stop of the process's one sampler. Knows the order in which things must happen; the
// mechanisms are elsewhere. Errors are values; addon.cc turns them into exceptions.

#ifndef NATIVEPROF_SAMPLER_H_
#define NATIVEPROF_SAMPLER_H_

#include <sys/types.h>
#include <v8.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "counters.h"
#include "coverage_watch.h"
#include "ring_buffer.h"
#include "modules.h"
#include "thread_registry.h"
#include "timer/ticker.h"
#include "unwind_rules.h"
#include "walk_resources.h"

namespace nativeprof {

enum class StartResult {
  kStarted,
  kAlreadyRunning,
  kSigprofTaken,
  kTimerTaken,
  kTimerUnavailable,
  kOutOfMemory,
  kSystemError,
};

struct Started {
  StartResult result;
  std::string reason;  // in words; empty if it has started
};

struct SamplerSettings {
  TimerKind timer;
  bool may_move_timer;  // to timers of threads, when the process's timer does not keep up
  uint64_t period_ns;
  size_t max_depth;     // addresses kept of a stack, nearest to the leaf
  size_t buffer_bytes;  // of the ring
  void (*wake_reader)();  // called in the signal handler when the ring is half full; must be async-signal-safe
};

struct CounterValues {
  uint64_t ticks;
  uint64_t samples;
  uint64_t dropped;
  uint64_t not_walkable;
  uint64_t truncated;
  uint64_t walked_by_v8;
  uint64_t forwarded;
  uint64_t handler_nanos;
  uint64_t code_event_nanos;
  uint64_t scanner_nanos;    // CPU time of the thread that looks for threads
  uint64_t listening_nanos;  // wall time during which threads were listened to, all together
  uint64_t refused_threads;  // that could not be given a timer, at the last look
};

struct Drained {
  std::vector<uint64_t> records;     // record.h
  std::vector<ThreadNews> threads;   // code events are complete up to the sequences in the records
  TimerKind timer;                   // may have changed since the last one
  std::string why_moved;             // to timers of threads, if not because the process's did not keep up; or empty
  std::string why_not_moved;         // the timer that keeps up could not be had; empty otherwise
  std::string why_own_signal;        // ticks do not come by SIGPROF; empty if they do
  uint32_t times_taken_back;         // how often somebody else had installed a handler for SIGPROF over ours
  CounterValues counters;            // exact for the records drained so far, if `consistent`
  bool consistent;                   // the ring is empty and no handler was running
};

class Sampler {
 public:
  // Context: main JS thread.
  Started Start(v8::Isolate* isolate, const SamplerSettings& settings);

  // Takes records out of the ring, at most about `max_words`. With `to_the_end` it goes on until the counters agree with
  // what was taken; that can fail only if other threads tick faster than this one can read.
  // Context: JS thread.
  Drained Drain(v8::Isolate* isolate, size_t max_words, bool to_the_end);

  // Ends sampling; what is in the ring and in the log can still be drained.
  // Context: JS thread.
  // With an isolate, which is the current thread's, all its code has been told of by then.
  void Stop(v8::Isolate* isolate = nullptr);

  // No new ticks, and nothing else: for a process that is ending, in whatever state V8 is.
  // Context: any thread, not async-signal-safe.
  void StopTicks();

  // Gives the ring back. Call after the last Drain().
  // Context: JS thread.
  void Release();

  // Whether the signal and the timer are still ours; to be called in every turn of the event loop, for who takes them keeps the
  // ticks away that would have something drained. Looks once in 50 ms.
  // Context: JS thread.
  void LookAfterOwners();

  bool running() const { return running_; }
  bool safe_read_available() const { return resources_.call_sites.safe_reader().available(); }

  // The addon has been loaded on the current thread; and later, nobody has started yet.
  // Context: JS thread, of any isolate.
  void Prepare(v8::Isolate* isolate) { threads_.Prepare(isolate); }
  void ForgetPrepared(v8::Isolate* isolate) { threads_.ForgetPrepared(isolate); }

  // The current thread, which runs JavaScript, takes part from now on; whether it did not before.
  // Context: JS thread, of any isolate.
  bool AttachThread(v8::Isolate* isolate, int32_t worker_id, const std::string& name);

  // The isolate of the current thread is about to go.
  // Context: JS thread, of any isolate.
  void DetachThread();

  // Code of the current thread that V8 has not announced; see CodeLog::Find().
  // Context: JS thread, of any isolate.
  ByteBuffer FindCode(v8::Isolate* isolate, uintptr_t pc) { return threads_.FindCode(isolate, pc); }

  // The threads that run JavaScript. Lives as long as this.
  ThreadRegistry& threads() { return threads_; }

  // What is mapped, as of the last drain.
  const ModuleList& modules() const { return modules_; }

  // Context: any thread.
  size_t UsedWords() const { return ring_.UsedWords(); }

 private:
  CounterValues ReadCounters();
  void RefreshModules();
  // Starts the timer that was asked for, or where that cannot be and may be another, timers of threads.
  TickerResult StartTicks(TimerKind timer, uint64_t period_ns);
  void MoveTimer();
  void CheckOwners();  // of the signal and of the process's timer
  std::vector<pid_t> EndTicks();  // the threads that one was due on and has not come
  void RecordLateTicks(const std::vector<pid_t>& tids);

  // owned by the JS thread; the handler uses ring_, counters_ and resources_ between Start() and Stop()
  RingBuffer ring_;
  Counters counters_;
  WalkResources resources_;
  ThreadRegistry threads_;
  Ticker ticker_;
  CoverageWatch coverage_watch_;
  bool may_move_timer_ = false;
  pid_t process_ = 0;  // that the timers are of
  std::string why_moved_;
  std::string why_not_moved_;
  std::string why_own_signal_;
  uint32_t times_taken_back_ = 0;
  uint64_t look_again_nanos_ = 0;
  ModuleList modules_;
  std::unique_ptr<const UnwindTables> tables_;                   // what resources_.tables points to
  std::vector<std::unique_ptr<const UnwindTables>> old_tables_;  // a handler may still be using them
  size_t max_depth_ = 0;
  bool running_ = false;
};

}  // namespace nativeprof

#endif  // NATIVEPROF_SAMPLER_H_
