// timer_signal.cc: see timer_signal.h.

#include "timer_signal.h"

namespace nativeprof {

namespace {

constexpr uint64_t kSignature = 0x4e50;  // "NP"
constexpr uint32_t kSessions = 256;      // 8 bits; 0 is none

uint32_t last_session = 0;  // written by one thread at a time

// The upper half of every value of this copy: a page or so lies between the variables of any two copies.
// Context: signal handler (async-signal-safe).
uint64_t UpperHalf() {
  const auto address = reinterpret_cast<uint64_t>(&last_session);
  return kSignature << 16 | (address >> 12 & 0xffff);
}

}  // namespace

std::atomic<uint32_t> TimerSession::current_{0};

uint32_t TimerSession::Begin() {
  last_session = last_session + 1 == kSessions ? 1 : last_session + 1;
  current_.store(last_session, std::memory_order_release);  // release: pairs with the acquire in Current()
  return last_session;
}

void TimerSession::End(uint32_t session) {
  // release: pairs with the acquire in Current()
  current_.compare_exchange_strong(session, 0, std::memory_order_release, std::memory_order_relaxed);
}

uint64_t MakeTimerValue(uint32_t session, uint64_t early_ticks) {
  const uint64_t early = early_ticks < kMostEarlyTicks ? early_ticks : kMostEarlyTicks;
  return UpperHalf() << 32 | static_cast<uint64_t>(session) << 24 | early;
}

bool IsOurTimerValue(uint64_t value) { return value >> 32 == UpperHalf(); }

static_assert(std::atomic<uint32_t>::is_always_lock_free, "a handler may only touch lock-free atomics");

}  // namespace nativeprof
