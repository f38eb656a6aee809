// tick_counter.h: what the tests of the timers share: a SIGPROF handler that asks TakeTicksOf() and counts for each thread,
// and threads that use a known amount of CPU time.

#ifndef NATIVEPROF_TEST_NATIVE_TICK_COUNTER_H_
#define NATIVEPROF_TEST_NATIVE_TICK_COUNTER_H_

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cmath>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "signal_context.h"
#include "timer/thread_clock.h"
#include "timer/timer_engine.h"
#include "timer/timer_ticks.h"

namespace ticks {

constexpr uint64_t kMilli = 1'000'000;  // nanoseconds
constexpr auto relaxed = std::memory_order_relaxed;

struct Count {
  std::atomic<uint64_t> ticks{0};
  std::atomic<uint64_t> signals{0};         // of ours
  std::atomic<uint64_t> last_cpu_nanos{0};  // the thread's CPU clock at the last of them
};

inline Count of_all;
inline std::atomic<uint64_t> process_ticks{0};  // SI_KERNEL: of setitimer
inline std::atomic<uint64_t> foreign{0};
inline thread_local Count* of_this_thread = nullptr;

inline uint64_t CpuNanos(clockid_t clock = CLOCK_THREAD_CPUTIME_ID) {
  uint64_t nanos = 0;
  nativeprof::ReadCpuClock(clock, &nanos);
  return nanos;
}

inline void Handle(int, siginfo_t* info, void*) {
  const nativeprof::ErrnoGuard errno_guard;
  const auto [is_ours, ticks] = nativeprof::TakeTicksOf(nativeprof::SignalContextForTests::Make(), *info);
  if (!is_ours) {
    (info->si_code == SI_KERNEL ? process_ticks : foreign).fetch_add(1, relaxed);
    return;
  }
  for (Count* const count : {&of_all, of_this_thread}) {
    if (count == nullptr) continue;
    count->ticks.fetch_add(ticks, relaxed);
    count->signals.fetch_add(1, relaxed);
    count->last_cpu_nanos.store(CpuNanos(), relaxed);
  }
}

inline void Install() {
  struct sigaction action = {};
  action.sa_sigaction = Handle;
  action.sa_flags = SA_SIGINFO | SA_RESTART;
  sigfillset(&action.sa_mask);
  sigaction(SIGPROF, &action, nullptr);
}

inline void Reset() {
  of_all.ticks = of_all.signals = process_ticks = foreign = 0;
}

inline pid_t OwnTid() { return static_cast<pid_t>(syscall(SYS_gettid)); }

// Uses CPU time of this thread, nearly all of it in user mode.
inline void Burn(uint64_t nanos) {
  const uint64_t end = CpuNanos() + nanos;
  static std::atomic<uint64_t> sink{0};
  while (CpuNanos() < end) {
    uint64_t x = end;
    for (int i = 0; i < 10'000; ++i) x = x * 6364136223846793005u + 1442695040888963407u;
    sink.store(x, relaxed);
  }
}

// Whether the call slept through, uninterrupted.
inline bool Sleep(uint64_t nanos) {
  timespec time = {static_cast<time_t>(nanos / 1'000'000'000u), static_cast<long>(nanos % 1'000'000'000u)};
  return nanosleep(&time, nullptr) == 0;
}

inline bool SetSigprofBlocked(bool blocked) {
  sigset_t sigprof;
  sigemptyset(&sigprof);
  sigaddset(&sigprof, SIGPROF);
  return pthread_sigmask(blocked ? SIG_BLOCK : SIG_UNBLOCK, &sigprof, nullptr) == 0;
}

inline double Ratio(uint64_t found, uint64_t wanted) {
  return static_cast<double>(found) / static_cast<double>(wanted);
}

// Lines of /proc/self/timers that tell of a POSIX timer; -1 where the kernel has no such file.
inline int CountTimers() {
  std::ifstream file("/proc/self/timers");
  if (!file) return -1;
  int count = 0;
  for (std::string line; std::getline(file, line);) count += line.rfind("ID:", 0) == 0 ? 1 : 0;
  return count;
}

inline int CountDescriptors() {
  int count = 0;
  for (int fd = 0; fd < 4096; ++fd) count += fcntl(fd, F_GETFD) != -1 ? 1 : 0;
  return count;
}

// A busy machine may spoil one try.
template <typename Attempt>
bool OneOfThree(Attempt attempt) {
  for (int i = 0; i < 3; ++i) {
    if (attempt()) return true;
  }
  return false;
}

}  // namespace ticks

#endif  // NATIVEPROF_TEST_NATIVE_TICK_COUNTER_H_
