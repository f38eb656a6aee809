// trust.h: whether what is read of V8's heap can be believed. One answer for the process, for all isolates are of one V8.

#ifndef NATIVEPROF_HEAP_TRUST_H_
#define NATIVEPROF_HEAP_TRUST_H_

#include <atomic>
#include <cstdint>

namespace nativeprof {

// Tables are read from the start. Lines are used from the moment on that V8's own announcement of the positions of one piece
// of code was found in its table; inlined functions, once that is so of optimized code that has some, and it is of the function
// that V8 names. One contradiction, at any time, ends the use of all.
class HeapTrust {
 public:
  enum class State : uint32_t { kQuarantine, kLines, kLinesAndInlining, kOff };

  static State Get() { return state_.load(std::memory_order_acquire); }

  // The same in a word, for lib/binding.ts.
  static const char* Level() {
    const State state = Get();
    return state == State::kLines ? "lines" : state == State::kLinesAndInlining ? "lines-and-inlining" : "none";
  }

  // Why it is off: a clause. Null if it is not.
  static const char* WhyOff() { return Get() == State::kOff ? why_off_.load(std::memory_order_relaxed) : nullptr; }

  // Context: any thread.
  static void Pass(State state) {
    State now = Get();
    while (now < state && !state_.compare_exchange_weak(now, state, std::memory_order_acq_rel)) {
    }
  }

  // `why` lives as long as the process. The first reason stays.
  // Context: any thread.
  static void TurnOff(const char* why) {
    const char* none = nullptr;
    why_off_.compare_exchange_strong(none, why, std::memory_order_relaxed);
    state_.store(State::kOff, std::memory_order_release);  // release: pairs with the acquire in Get()
  }

 private:
  static inline std::atomic<State> state_{State::kQuarantine};
  static inline std::atomic<const char*> why_off_{nullptr};
};

}  // namespace nativeprof

#endif  // NATIVEPROF_HEAP_TRUST_H_
