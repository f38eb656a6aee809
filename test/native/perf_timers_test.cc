// perf_timers_test.cc: ticks by perf events: as many signals as asked for, the thread's CPU time, and the reason where there
// are none. Linux only: that there are none elsewhere is in timers_test.cc.
//
// With: timer/timer_engine.cc timer/timer_signal.cc timer/timer_ticks.cc timer/perf_timers.cc timer/tick_signal.cc

#include "timer/perf_timers.h"

#include "tap.h"

#if defined(__linux__)

#include <cerrno>

#include "timed_worker.h"

using namespace nativeprof;
using namespace ticks;

TEST("perf timers: 10,000 signals per CPU second, on each of two threads, and ticks that are their CPU time") {
#if defined(NATIVEPROF_SANITIZED)
  constexpr uint64_t kPeriodNanos = 2 * kMilli;  // a handler takes ten times as long
#else
  constexpr uint64_t kPeriodNanos = kMilli / 10;
#endif
  for (const int threads : {1, 2}) {
    const bool is_so = OneOfThree([=] {
      const std::unique_ptr<PerfTimers> timers = MakePerfTimers(kPeriodNanos);
      if (timers == nullptr) return true;
      Reset();
      const bool is_exact = IsExact(timers.get(), kPeriodNanos, threads, 300 * kMilli, 20 * kMilli);
      // But for the 20 of 300 ms in which they were held up.
      const double expected = static_cast<double>(threads) * 280 * kMilli / kPeriodNanos;
      return is_exact && std::fabs(static_cast<double>(of_all.signals) / expected - 1) < 0.05;
    });
    CHECK(is_so);
  }
  CHECK_EQUAL(foreign, 0);
}

TEST("perf timers: a signal whose event has gone is ours, and stands for nothing") {
  const std::unique_ptr<PerfTimers> timers = MakePerfTimers(kMilli);
  if (timers == nullptr) return;
  Reset();
  SetSigprofBlocked(true);
  CHECK(timers->Add(OwnTid(), CountFrom::kNow).ok());
  Burn(5 * kMilli);
  timers->RemoveAll();
  SetSigprofBlocked(false);
  CHECK_EQUAL(of_all.signals, 1);
  CHECK_EQUAL(of_all.ticks, 0);
  CHECK_EQUAL(foreign, 0);
}

TEST("why perf events cannot be had is said in a sentence") {
  const PerfProbe by_setting = {{AddOutcome::kForbidden, EACCES}, true, true, 3};
  CHECK(by_setting.Reason() ==
        "perf_event_open is forbidden (Permission denied): /proc/sys/kernel/perf_event_paranoid is 3");
  const PerfProbe by_sandbox = {{AddOutcome::kForbidden, EPERM}, true, true, 2};
  CHECK(by_sandbox.Reason().find("by a sandbox") != std::string::npos);
  const PerfProbe missing = {{AddOutcome::kNotAvailable, ENOSYS}, false, false, 0};
  CHECK(missing.Reason() == "perf_event_open is not available here (Function not implemented)");
  CHECK(PerfProbe({{AddOutcome::kAdded, 0}, false, true, 2}).Reason().empty());
}

int main(int argc, char** argv) {
  Install();
  return tap::RunTests(argc, argv);
}

#else

int main(int argc, char** argv) { return tap::RunTests(argc, argv); }

#endif  // defined(__linux__)
