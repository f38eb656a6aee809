// cycles.h: the processor's own clock, for measuring what costs a microsecond. Only builds that measure use it.

#ifndef NATIVEPROF_CYCLES_H_
#define NATIVEPROF_CYCLES_H_

#include <cstdint>

namespace nativeprof {

// x64: the time stamp counter, which runs at the processor's nominal frequency. arm64: the virtual counter, which is coarser.
// Context: signal handler (async-signal-safe).
inline uint64_t ReadCycles() {
#if defined(__x86_64__)
  return __builtin_ia32_rdtsc();
#else
  uint64_t now;
  asm volatile("mrs %0, cntvct_el0" : "=r"(now));
  return now;
#endif
}

}  // namespace nativeprof

#endif  // NATIVEPROF_CYCLES_H_
