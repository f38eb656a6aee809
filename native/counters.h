// counters.h: where every tick ends up. ticks = samples + dropped + not_walkable, once no handler is running.

#ifndef NATIVEPROF_COUNTERS_H_
#define NATIVEPROF_COUNTERS_H_

#include <atomic>
#include <cstdint>
#include <initializer_list>

namespace nativeprof {

// One for the process. Relaxed throughout: each counter is exact by itself, and whoever needs them to agree waits until
// no handler is running (SigprofHandler::handlers_running), whose acquire makes every earlier increment visible.
struct Counters {
  // written by the handler
  std::atomic<uint64_t> ticks{0};
  std::atomic<uint64_t> samples{0};
  std::atomic<uint64_t> dropped{0};
  std::atomic<uint64_t> not_walkable{0};
  std::atomic<uint64_t> truncated{0};
  std::atomic<uint64_t> walked_by_v8{0};  // samples whose stack V8 walked, for our own walk came to no end
  std::atomic<uint64_t> forwarded{0};
  std::atomic<uint64_t> handler_nanos{0};  // time spent in handlers for our ticks, what the kernel does before not included

  // Context: JS thread, no handler running.
  void Reset() {
    for (std::atomic<uint64_t>* counter : {&ticks, &samples, &dropped, &not_walkable, &truncated, &walked_by_v8,
                                          &forwarded, &handler_nanos}) {
      counter->store(0, std::memory_order_relaxed);
    }
  }
};

// Context: signal handler (async-signal-safe).
inline void Count(std::atomic<uint64_t>& counter, uint64_t by = 1) {
  counter.fetch_add(by, std::memory_order_relaxed);
}

static_assert(std::atomic<uint64_t>::is_always_lock_free, "a handler may only touch lock-free atomics");

}  // namespace nativeprof

#endif  // NATIVEPROF_COUNTERS_H_
