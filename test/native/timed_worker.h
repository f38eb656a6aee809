// timed_worker.h: threads that are given a timer and then work, for the tests of the engines. Linux only.

#ifndef NATIVEPROF_TEST_NATIVE_TIMED_WORKER_H_
#define NATIVEPROF_TEST_NATIVE_TIMED_WORKER_H_

#include <memory>

#include "tap.h"
#include "tick_counter.h"
#include "timer/perf_timers.h"

namespace ticks {

// A thread that says its id, waits until it may begin, and then does its work.
class Worker {
 public:
  template <typename Work>
  explicit Worker(Work work)
      : thread_([this, work] {
          of_this_thread = &count;
          tid_.store(OwnTid());
          while (!may_begin_.load()) Sleep(kMilli / 10);
          start_ns = CpuNanos();
          work();
          cpu_nanos = CpuNanos() - start_ns;
          of_this_thread = nullptr;
        }) {
    while (tid_.load() == 0) Sleep(kMilli / 10);
  }
  void Begin() { may_begin_.store(true); }
  void Join() { thread_.join(); }
  pid_t tid() const { return tid_.load(); }

  Count count;
  // after Join()
  uint64_t start_ns = 0;   // by its CPU clock
  uint64_t cpu_nanos = 0;  // of its work

 private:
  std::atomic<pid_t> tid_{0};
  std::atomic<bool> may_begin_{false};
  std::thread thread_;
};

// Whether each of some busy threads has the ticks of its CPU time, by an engine of this kind.
inline bool IsExact(nativeprof::TimerEngine* engine, uint64_t period_ns, int threads, uint64_t cpu_nanos, uint64_t blocked_nanos) {
  std::vector<std::unique_ptr<Worker>> workers;
  for (int i = 0; i < threads; ++i) {
    workers.push_back(std::make_unique<Worker>([=] {
      Burn(cpu_nanos / 2);
      SetSigprofBlocked(true);
      Burn(blocked_nanos);
      SetSigprofBlocked(false);
      Burn(cpu_nanos / 2 - blocked_nanos);
    }));
    CHECK(engine->Add(workers.back()->tid(), nativeprof::CountFrom::kNow).ok());
  }
  CHECK(engine->size() == workers.size());
  for (auto& worker : workers) worker->Begin();
  bool is_exact = true;
  for (auto& worker : workers) {
    worker->Join();
    // Up to its last tick it is exact, to a period. What is left waits for the kernel to look at the timer again: 4 ms
    // later, or more if other programs take turns with the thread.
    const uint64_t to_last_tick_ns = worker->count.last_cpu_nanos - worker->start_ns;
    const double ratio = Ratio(worker->count.ticks * period_ns, to_last_tick_ns);
    const double to_end = Ratio(worker->count.ticks * period_ns, worker->cpu_nanos);
    const double rate = Ratio(worker->count.signals * 1000 * kMilli, worker->cpu_nanos);
    std::printf("  # asked for %.0f Hz: ticks x period / CPU time %.4f, to the end %.4f, %.0f signals per CPU second\n",
                1e9 / period_ns, ratio, to_end, rate);
    if (std::fabs(ratio - 1) > 0.02 || std::fabs(to_end - 1) > 0.05) is_exact = false;
    engine->Remove(worker->tid());
  }
  CHECK(engine->size() == 0);
  return is_exact;
}

// Null, and the reason is printed, where there are none.
inline std::unique_ptr<nativeprof::PerfTimers> MakePerfTimers(uint64_t period_ns) {
  const nativeprof::PerfProbe probe = nativeprof::PerfTimers::Probe();
  if (probe.result.ok()) return std::make_unique<nativeprof::PerfTimers>(period_ns, probe);
  std::printf("  # not tried: %s\n", probe.Reason().c_str());
  return nullptr;
}

}  // namespace ticks

#endif  // NATIVEPROF_TEST_NATIVE_TIMED_WORKER_H_
