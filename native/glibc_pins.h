// glibc_pins.h: included before everything else on Linux (binding.gyp): it asks for the oldest versions of glibc's symbols. The
// machine that builds has newer ones, which the systems that the official Node runs on (glibc 2.28, libstdc++ 3.4.25) may lack.
// glibc_compat.cc has what has no older version.

#ifndef NATIVEPROF_GLIBC_PINS_H_
#define NATIVEPROF_GLIBC_PINS_H_

#include <features.h>

#if defined(__GLIBC__)

// The first version of glibc for the architecture.
#if defined(__x86_64__)
#define NATIVEPROF_OLDEST_GLIBC "GLIBC_2.2.5"
#define NATIVEPROF_OLDEST_DLADDR1 "GLIBC_2.3.3"
#elif defined(__aarch64__)
#define NATIVEPROF_OLDEST_GLIBC "GLIBC_2.17"
#define NATIVEPROF_OLDEST_DLADDR1 "GLIBC_2.17"
#endif

#define NATIVEPROF_PIN(symbol, version) __asm__(".symver " symbol "," symbol "@" version)

NATIVEPROF_PIN("dladdr", NATIVEPROF_OLDEST_GLIBC);
NATIVEPROF_PIN("dladdr1", NATIVEPROF_OLDEST_DLADDR1);
NATIVEPROF_PIN("dlclose", NATIVEPROF_OLDEST_GLIBC);
NATIVEPROF_PIN("dlopen", NATIVEPROF_OLDEST_GLIBC);
NATIVEPROF_PIN("dlsym", NATIVEPROF_OLDEST_GLIBC);
NATIVEPROF_PIN("pthread_attr_getstack", NATIVEPROF_OLDEST_GLIBC);
NATIVEPROF_PIN("pthread_attr_setstacksize", NATIVEPROF_OLDEST_GLIBC);
NATIVEPROF_PIN("pthread_create", NATIVEPROF_OLDEST_GLIBC);
NATIVEPROF_PIN("pthread_getattr_np", NATIVEPROF_OLDEST_GLIBC);
NATIVEPROF_PIN("pthread_join", NATIVEPROF_OLDEST_GLIBC);
NATIVEPROF_PIN("pthread_kill", NATIVEPROF_OLDEST_GLIBC);
NATIVEPROF_PIN("pthread_sigmask", NATIVEPROF_OLDEST_GLIBC);
NATIVEPROF_PIN("sem_init", NATIVEPROF_OLDEST_GLIBC);
NATIVEPROF_PIN("sem_post", NATIVEPROF_OLDEST_GLIBC);
NATIVEPROF_PIN("sem_wait", NATIVEPROF_OLDEST_GLIBC);
// std::condition_variable::wait(std::unique_lock<std::mutex>&), of before it was noexcept
NATIVEPROF_PIN("_ZNSt18condition_variable4waitERSt11unique_lockISt5mutexE", "GLIBCXX_3.4.11");

#undef NATIVEPROF_PIN

#endif  // defined(__GLIBC__)

#endif  // NATIVEPROF_GLIBC_PINS_H_
