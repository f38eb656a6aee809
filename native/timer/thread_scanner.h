// thread_scanner.h: tells a TimerEngine of the process's threads: those that are there when it starts, and from then on
// those that begin and end. Linux only.
//
// A thread of our own, "nativeprof", lists /proc/self/task once per 20 ms of the process's CPU time. So it never wakes a
// process that sleeps. What wakes it is a POSIX timer on the process's CPU clock, whose signal goes to this thread alone;
// the thread has all signals blocked, and takes this one out of the queue: no handler runs, no other thread is disturbed.
//
// A thread that begins and ends between two looks is never seen. Its CPU time shows as missing coverage, and nowhere else.
// Nor is one seen that begins under the id of a thread that has ended since the last look; ids go round once per pid_max
// (32,768 and more) new threads. The scanner's own thread gets no timer: its CPU time is in Stats().

#ifndef NATIVEPROF_TIMER_THREAD_SCANNER_H_
#define NATIVEPROF_TIMER_THREAD_SCANNER_H_

#include <pthread.h>

#include <atomic>
#include <condition_variable>
#include <csignal>
#include <cstdint>
#include <mutex>
#include <vector>

#include "posix_timer.h"
#include "thread_list.h"
#include "timer_engine.h"

namespace nativeprof {

enum class ScannerStart {
  kStarted,
  kNoThreadList,  // /proc/self/task cannot be read
  kNoSignal,      // every signal that it could be woken by has a handler
  kNoTimer,
  kNoThread,
};

// What became of it so far.
struct ScannerStats {
  uint64_t scans;
  uint64_t failed_scans;  // /proc/self/task could not be read
  uint64_t added;         // threads that got a timer, ever
  uint64_t timed;         // threads that had one after the last scan
  uint64_t refused;       // threads without a timer in the last scan, although they were there
  int refusal_error;      // errno of the last such refusal; 0: none yet
  uint64_t cpu_nanos;     // of the scanner's thread, up to its last scan
};

class ThreadScanner {
 public:
  // Between Start() and Stop() the engine belongs to the scanner.
  // Context: JS thread.
  explicit ThreadScanner(TimerEngine* engine) : engine_(engine) {}
  ~ThreadScanner() { Stop(); }
  ThreadScanner(const ThreadScanner&) = delete;
  ThreadScanner& operator=(const ThreadScanner&) = delete;

  // When it returns, the threads that are there have their timers; their CPU time counts from now on, that of threads
  // which begin later from their beginning. All but kStarted leave the reason in errno, and no timers.
  // Context: JS thread.
  ScannerStart Start();

  // Ends the scanner's thread. The engine keeps its timers: RemoveAll() is up to its owner.
  // Context: JS thread.
  void Stop();

  // Context: any thread.
  ScannerStats Stats() const;

 private:
  static void* RunThread(void* self);
  void Run();
  ScannerStart Begin();
  void Report(ScannerStart result, int error);
  bool Scan(CountFrom from);
  bool TakeCandidate(int first);
  bool ArmWakeUp();
  void AfterSignal(int signal, siginfo_t* info);
  bool IsStopping();

  // owned by the JS thread
  bool running_ = false;
  pid_t process_ = 0;
  pthread_t thread_{};

  // owned by the scanner's thread
  TimerEngine* const engine_;
  ThreadList list_;
  std::vector<pid_t> known_;    // have a timer; sorted
  std::vector<pid_t> present_;  // scratch
  std::vector<pid_t> kept_;     // scratch
  PosixTimerId wake_up_ = 0;
  pid_t own_tid_ = 0;

  // guarded by mutex_
  std::mutex mutex_;
  std::condition_variable changed_;
  bool has_reported_ = false;
  ScannerStart start_ = ScannerStart::kStarted;
  int start_error_ = 0;
  bool stopping_ = false;
  int candidate_ = 0;
  int signal_ = 0;  // that wakes the scanner's thread: the candidate_th of those that could

  // written by the scanner's thread
  std::atomic<uint64_t> scans_{0};
  std::atomic<uint64_t> failed_scans_{0};
  std::atomic<uint64_t> added_{0};
  std::atomic<uint64_t> timed_{0};
  std::atomic<uint64_t> refused_{0};
  std::atomic<int> refusal_error_{0};
  std::atomic<uint64_t> cpu_nanos_{0};
};

}  // namespace nativeprof

#endif  // NATIVEPROF_TIMER_THREAD_SCANNER_H_
