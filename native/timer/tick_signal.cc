// tick_signal.cc: see tick_signal.h.

#include "tick_signal.h"

#include <atomic>

namespace nativeprof {

namespace {

// written on the JS thread before the timers that use it are made
std::atomic<int> own_signal{0};

}  // namespace

int TickSignal() {
  const int own = own_signal.load(std::memory_order_acquire);  // acquire: pairs with the release below
  return own != 0 ? own : SIGPROF;
}

bool TakeOwnTickSignal([[maybe_unused]] const struct sigaction& action) {
  if (own_signal.load(std::memory_order_relaxed) != 0) return true;
#if defined(__linux__)
  // SIGSTKFLT is sent by nothing. Of the real-time signals, from the low end; the scanner of threads takes its own from the
  // high one.
  constexpr int kLeftToOthers = 3;
  for (int i = 0; SIGRTMIN + kLeftToOthers + i <= SIGRTMAX; ++i) {
    const int signal = i == 0 ? SIGSTKFLT : SIGRTMIN + kLeftToOthers + i - 1;
    struct sigaction before = {};
    if (sigaction(signal, nullptr, &before) != 0 || before.sa_handler != SIG_DFL) continue;
    if (sigaction(signal, &action, nullptr) != 0) continue;
    own_signal.store(signal, std::memory_order_release);
    return true;
  }
#endif
  return false;
}

bool IsTickSignalMerged() {
#if defined(__linux__)
  return TickSignal() < SIGRTMIN;
#else
  return true;
#endif
}

void AddTickSignals(sigset_t* signals) {
  sigaddset(signals, SIGPROF);
  sigaddset(signals, TickSignal());
}

}  // namespace nativeprof
