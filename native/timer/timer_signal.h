// timer_signal.h: how a signal of a POSIX timer says that it is ours. The kernel hands the handler the 64 bits that the
// timer was made with:
//
//   63..48  "NP": no pointer of user space looks like this, so nobody else's value does who passes a pointer or an int
//   47..32  which copy of the addon: a process may have loaded two
//   31..24  the session: a timer that is deleted while its signal is pending still delivers it, before Linux 6.13
//   23..0   early ticks: those of CPU time from before the timer was armed; they count once, with the thread's first tick
//
// Early ticks are not left to the kernel, which would send a signal at once for an expiry in the past: that wakes a thread
// that sleeps (measured: nanosleep ends with EINTR), and blames the sleep for the CPU time.

#ifndef NATIVEPROF_TIMER_TIMER_SIGNAL_H_
#define NATIVEPROF_TIMER_TIMER_SIGNAL_H_

#include <atomic>
#include <cstdint>

namespace nativeprof {

constexpr uint64_t kMostEarlyTicks = (uint64_t{1} << 24) - 1;

// The sessions of all engines. Handlers believe only the one that is current.
class TimerSession {
 public:
  // Makes a new session the current one, 1 to 255.
  // Context: one thread at a time.
  static uint32_t Begin();

  // Ends it, unless another has begun since.
  // Context: one thread at a time.
  static void End(uint32_t session);

  // 0: none.
  // Context: signal handler (async-signal-safe). acquire: pairs with the release in Begin() and End().
  static uint32_t Current() { return current_.load(std::memory_order_acquire); }

 private:
  static std::atomic<uint32_t> current_;
};

// An engine's: it begins when the first timer is made, and ends when all are removed.
// Context: one thread at a time.
class SessionOfEngine {
 public:
  uint32_t Get() {
    if (session_ == 0) session_ = TimerSession::Begin();
    return session_;
  }
  void End() {
    if (session_ != 0) TimerSession::End(session_);
    session_ = 0;
  }

 private:
  uint32_t session_ = 0;
};

// Context: any thread.
uint64_t MakeTimerValue(uint32_t session, uint64_t early_ticks);

// Whether a timer of this copy of the addon has this value, of whichever session.
// Context: signal handler (async-signal-safe).
bool IsOurTimerValue(uint64_t value);

// Context: signal handler (async-signal-safe).
constexpr uint32_t SessionOf(uint64_t value) { return static_cast<uint32_t>(value >> 24 & 0xff); }
constexpr uint64_t EarlyTicksOf(uint64_t value) { return value & kMostEarlyTicks; }

}  // namespace nativeprof

#endif  // NATIVEPROF_TIMER_TIMER_SIGNAL_H_
