// protection_keys.h: lets a handler read memory that V8 has put under a protection key. Node 20 does so with the code of WebAssembly.
//
// On x64 with such keys (PKU) every thread has a register that says what it may do with which key. The kernel sets it to "nothing, but
// for key 0" before it calls a signal handler, and back when the handler returns. So code that the thread was just running
// cannot be read there, although it is mapped: to read it would be a fault inside of the handler.

#ifndef NATIVEPROF_PROTECTION_KEYS_H_
#define NATIVEPROF_PROTECTION_KEYS_H_

#include <cstdint>

#include "signal_safe.h"

#if defined(__linux__) && defined(__x86_64__)
#include <cpuid.h>
#define NATIVEPROF_HAS_PROTECTION_KEYS 1
#endif

namespace nativeprof {

#if defined(NATIVEPROF_HAS_PROTECTION_KEYS)

// While it is in scope, memory under any key can be read; what could not be written still cannot.
// Context: signal handler (async-signal-safe).
class ReadsAllKeys {
 public:
  explicit ReadsAllKeys(SignalContext) : before_(kAreThere ? Read() : 0) {
    if (kAreThere) Write(before_ & ~kNoAccess);
  }
  ~ReadsAllKeys() {
    if (kAreThere) Write(before_);
  }
  ReadsAllKeys(const ReadsAllKeys&) = delete;
  ReadsAllKeys& operator=(const ReadsAllKeys&) = delete;

 private:
  // Two bits for each of 16 keys: the lower one forbids all access, the upper one writing. Intel SDM, volume 3, 4.6.2.
  static constexpr uint32_t kNoAccess = 0x55555555;

  // Whether the system has turned them on; without that the instructions are illegal.
  static bool AreThere() {
    unsigned int eax = 0, ebx = 0, ecx = 0, edx = 0;
    constexpr unsigned int kFeatures = 7;
    constexpr unsigned int kOspke = 1u << 4;
    return __get_cpuid_count(kFeatures, 0, &eax, &ebx, &ecx, &edx) != 0 && (ecx & kOspke) != 0;
  }
  static inline const bool kAreThere = AreThere();

  // By their bytes, for older assemblers: rdpkru and wrpkru. The latter is ordered with reads and writes around it.
  static uint32_t Read() {
    uint32_t value = 0;
    uint32_t zero = 0;
    __asm__ volatile(".byte 0x0f, 0x01, 0xee" : "=a"(value), "=d"(zero) : "c"(0));
    return value;
  }
  static void Write(uint32_t value) {
    __asm__ volatile(".byte 0x0f, 0x01, 0xef" : : "a"(value), "c"(0), "d"(0) : "memory");
  }

  const uint32_t before_;
};

#else

class ReadsAllKeys {
 public:
  explicit ReadsAllKeys(SignalContext) {}
};

#endif

}  // namespace nativeprof

#endif  // NATIVEPROF_PROTECTION_KEYS_H_
