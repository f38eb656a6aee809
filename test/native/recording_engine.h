// recording_engine.h: a TimerEngine for tests of what drives one.

#ifndef NATIVEPROF_TEST_NATIVE_RECORDING_ENGINE_H_
#define NATIVEPROF_TEST_NATIVE_RECORDING_ENGINE_H_

#include <atomic>
#include <cstdint>

#include "timer/timer_engine.h"

namespace nativeprof {

// Makes no timers, gives always the same answer, and counts what it is asked.
class RecordingEngine final : public TimerEngine {
 public:
  explicit RecordingEngine(AddResult answer) : answer_(answer) {}
  AddResult Add(pid_t, CountFrom from) override {
    ++(from == CountFrom::kNow ? from_now : from_start);
    return answer_;
  }
  void Remove(pid_t) override { ++removals; }
  void RemoveAll() override {}
  size_t size() const override { return 0; }

  std::atomic<int> from_now{0};
  std::atomic<int> from_start{0};
  std::atomic<uint64_t> removals{0};

 private:
  const AddResult answer_;
};

}  // namespace nativeprof

#endif  // NATIVEPROF_TEST_NATIVE_RECORDING_ENGINE_H_
