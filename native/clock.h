// clock.h: the one clock of the samples.

#ifndef NATIVEPROF_CLOCK_H_
#define NATIVEPROF_CLOCK_H_

#include <cstdint>
#include <ctime>

namespace nativeprof {

// CLOCK_MONOTONIC, the clock of process.hrtime(), in nanoseconds. clock_gettime is async-signal-safe by POSIX.
// Context: signal handler (async-signal-safe).
inline uint64_t MonotonicNanos() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000u + static_cast<uint64_t>(now.tv_nsec);
}

}  // namespace nativeprof

#endif  // NATIVEPROF_CLOCK_H_
