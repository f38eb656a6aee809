// thread_clock.h: the CPU clocks of this process's threads, and where between two ticks a thread begins.

#ifndef NATIVEPROF_TIMER_THREAD_CLOCK_H_
#define NATIVEPROF_TIMER_THREAD_CLOCK_H_

#include <sys/types.h>

#include <cerrno>
#include <cstdint>
#include <ctime>

namespace nativeprof {

// The clock id by which Linux knows the CPU time of a thread: the complement of its id, then three bits for the kind of
// clock, of which bit 2 says "of a thread" and 2 says "scheduler time" (MAKE_THREAD_CPUCLOCK in linux/posix-timers.h).
// False with ENOSYS elsewhere.
// Context: any thread; async-signal-safe.
inline bool GetThreadCpuClock(pid_t tid, clockid_t* clock) {
#if defined(__linux__)
  *clock = static_cast<clockid_t>(~static_cast<unsigned>(tid) << 3 | 6u);
  return true;
#else
  static_cast<void>(tid);
  static_cast<void>(clock);
  errno = ENOSYS;
  return false;
#endif
}

// CPU time that the clock's thread or process has used. False with errno if the thread has ended.
// Context: any thread; async-signal-safe.
inline bool ReadCpuClock(clockid_t clock, uint64_t* nanos) {
  timespec now;
  if (clock_gettime(clock, &now) != 0) return false;
  *nanos = static_cast<uint64_t>(now.tv_sec) * 1'000'000'000u + static_cast<uint64_t>(now.tv_nsec);
  return true;
}

// How long after its beginning each thread has its first tick: in (0, period], spread as evenly as can be over any number
// of threads. With a whole period for all of them, every thread would end half a period short on average, and
// a program whose threads live for less than one would have no ticks at all.
class FirstTicks {
 public:
  explicit FirstTicks(uint64_t period_ns) : period_ns_(period_ns) {}

  // Context: one thread at a time.
  uint64_t NextNanos() {
    // Multiples of the golden ratio, modulo 1, in units of 2^-32: no others fill the circle more evenly (Weyl, Knuth).
    position_ += 0x9e3779b9u;
    const auto nanos = static_cast<uint64_t>(static_cast<double>(period_ns_) * (position_ / 4294967296.0));
    return nanos < period_ns_ ? nanos + 1 : period_ns_;
  }

 private:
  const uint64_t period_ns_;
  uint32_t position_ = 0;
};

}  // namespace nativeprof

#endif  // NATIVEPROF_TIMER_THREAD_CLOCK_H_
