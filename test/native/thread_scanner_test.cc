// thread_scanner_test.cc: the scanner finds the threads of a program, lets go of those that end, never wakes a program that
// sleeps, and takes no signal that was not meant for it.
//
// With: timer/timer_engine.cc timer/timer_signal.cc timer/timer_ticks.cc timer/tick_signal.cc timer/posix_timer.cc timer/posix_timer_set.cc timer/thread_timers.cc timer/perf_timers.cc timer/thread_list.cc timer/thread_scanner.cc

#include "timer/thread_scanner.h"

#include <algorithm>

#include "tap.h"
#include "timer/perf_timers.h"
#include "timer/thread_timers.h"

using namespace nativeprof;

#if defined(__linux__)

#include "recording_engine.h"
#include "tick_counter.h"

using namespace ticks;

namespace {

// Threads that come and go, `at_once` at a time, each of which uses so much CPU time.
void RunThreads(int total, int at_once, uint64_t cpu_nanos) {
  for (int done = 0; done < total; done += at_once) {
    std::vector<std::thread> threads;
    for (int i = 0; i < at_once; ++i) threads.emplace_back([=] { Burn(cpu_nanos); });
    for (std::thread& thread : threads) thread.join();
  }
}

struct Coverage {
  double coverage;
  ScannerStats stats;
};

// Ticks x period / CPU time of the process, without that of the scanner, while `program` runs.
template <typename Program>
Coverage Measure(const char* what, TimerEngine* engine, uint64_t period_ns, Program program) {
  Reset();
  ThreadScanner scanner(engine);
  CHECK(scanner.Start() == ScannerStart::kStarted);
  const uint64_t start_ns = CpuNanos(CLOCK_PROCESS_CPUTIME_ID);
  const ScannerStats before = scanner.Stats();
  program();
  const ScannerStats stats = scanner.Stats();
  const uint64_t cpu_ns = CpuNanos(CLOCK_PROCESS_CPUTIME_ID) - start_ns - (stats.cpu_nanos - before.cpu_nanos);
  scanner.Stop();
  engine->RemoveAll();
  const double coverage = Ratio(of_all.ticks * period_ns, cpu_ns);
  std::printf("  # %s: coverage %.3f, %.0f ms of CPU time, %u threads found, %u scans, %.1f us each\n", what, coverage,
              cpu_ns / 1e6, static_cast<unsigned>(stats.added), static_cast<unsigned>(stats.scans),
              Ratio(stats.cpu_nanos, stats.scans) / 1e3);
  return {coverage, stats};
}

// The thread with the scanner's name, by /proc/self/task/*/comm; 0 if there is none.
pid_t FindScannerThread() {
  ThreadList list;
  std::vector<pid_t> tids;
  CHECK(list.Open() && list.Read(&tids));
  for (const pid_t tid : tids) {
    std::ifstream file("/proc/self/task/" + std::to_string(tid) + "/comm");
    std::string name;
    if (std::getline(file, name) && name == "nativeprof") return tid;
  }
  return 0;
}

}  // namespace

TEST("the list of threads has every thread, once, in order") {
  ThreadList list;
  std::vector<pid_t> before, during, after;
  CHECK(!list.Read(&before));  // not open
  CHECK(list.Open());
  CHECK(list.Read(&before));
  std::atomic<pid_t> tid{0};
  std::atomic<bool> may_end{false};
  std::thread thread([&] {
    tid.store(OwnTid());
    while (!may_end.load()) Sleep(kMilli);
  });
  while (tid.load() == 0) Sleep(kMilli);
  CHECK(list.Read(&during));
  may_end.store(true);
  thread.join();
  // The kernel says that a thread has ended before it takes it off the list.
  for (int i = 0; i < 1000; ++i) {
    CHECK(list.Read(&after));
    if (std::count(after.begin(), after.end(), tid.load()) == 0) break;
    Sleep(kMilli);
  }
  // A sanitizer may have begun a thread of its own meanwhile.
  CHECK(during.size() > before.size());
  for (size_t i = 1; i < during.size(); ++i) CHECK(during[i - 1] < during[i]);
  const auto has = [](const std::vector<pid_t>& tids, pid_t wanted) {
    return std::count(tids.begin(), tids.end(), wanted) == 1;
  };
  CHECK(has(before, OwnTid()) && has(during, OwnTid()) && has(after, OwnTid()));
  CHECK(!has(before, tid.load()) && has(during, tid.load()) && !has(after, tid.load()));
}

TEST("threads that are there and threads that begin later have ticks for all of their CPU time") {
  const bool is_so = OneOfThree([] {
    ThreadTimers timers(kMilli);
    std::atomic<bool> may_begin{false};
    std::thread early([&] {
      while (!may_begin.load()) Sleep(kMilli);
      Burn(300 * kMilli);
    });
    const Coverage measured = Measure("3 threads and main, 300 ms each", &timers, kMilli, [&] {
      may_begin.store(true);
      std::thread late([] { Burn(300 * kMilli); });
      Burn(300 * kMilli);
      std::thread later([] { Burn(300 * kMilli); });
      early.join();
      late.join();
      later.join();
    });
    CHECK(measured.stats.failed_scans == 0 && measured.stats.refused == 0);
    // Each thread's last 4 ms of 300 may end before the kernel looks at its timer again.
    return measured.coverage > 0.96 && measured.coverage < 1.02;
  });
  CHECK(is_so);
}

TEST("of short threads those are covered that a scan finds") {
  ThreadTimers timers(kMilli);
  Measure("200 threads of 5 ms, one at a time", &timers, kMilli, [] { RunThreads(200, 1, 5 * kMilli); });
  Measure("200 threads of 5 ms, 20 at a time", &timers, kMilli, [] { RunThreads(200, 20, 5 * kMilli); });
  const bool is_so = OneOfThree([] {
    ThreadTimers timers(kMilli);
    const Coverage measured =
        Measure("16 threads of 100 ms, two at a time", &timers, kMilli, [] { RunThreads(16, 2, 100 * kMilli); });
    return measured.coverage > 0.9 && measured.coverage < 1.02;
  });
  CHECK(is_so);
}

TEST("threads come and go, and neither timers nor descriptors are left behind") {
  const int descriptors = CountDescriptors();
  const int timers = CountTimers();
  const PerfProbe probe = PerfTimers::Probe();
  ThreadTimers thread_timers(10 * kMilli);
  PerfTimers perf_timers(10 * kMilli, probe);
  for (TimerEngine* const engine : {static_cast<TimerEngine*>(&thread_timers), static_cast<TimerEngine*>(&perf_timers)}) {
    if (engine == &perf_timers && !probe.result.ok()) continue;
    Reset();
    ThreadScanner scanner(engine);
    CHECK(scanner.Start() == ScannerStart::kStarted);
    RunThreads(500, 25, kMilli);
    CHECK(scanner.Stats().added > 25);
    const uint64_t scans = scanner.Stats().scans;
    while (scanner.Stats().scans < scans + 2) Burn(kMilli);
    // Those that are alive: this one, and what a sanitizer may have; the scanner itself is timed by its wake-up timer.
    CHECK(scanner.Stats().timed <= 2);
    if (engine == &thread_timers) CHECK(timers == -1 || CountTimers() <= timers + 3);
    scanner.Stop();
    engine->RemoveAll();
    CHECK_EQUAL(CountTimers(), timers);
    CHECK_EQUAL(CountDescriptors(), descriptors);
  }
}

TEST("a program that sleeps is not woken, and the scanner uses no CPU time of it") {
  ThreadTimers timers(kMilli);
  ThreadScanner scanner(&timers);
  CHECK(scanner.Start() == ScannerStart::kStarted);
  CHECK(FindScannerThread() != 0);
  const ScannerStats before = scanner.Stats();
  clockid_t clock;
  CHECK(GetThreadCpuClock(FindScannerThread(), &clock));
  // Until it has come to rest, which on a busy machine takes a while; one that keeps waking up never does.
  uint64_t cpu_ns = 0;
  for (int i = 0; i < 100 && CpuNanos(clock) != cpu_ns; ++i) {
    cpu_ns = CpuNanos(clock);
    Sleep(20 * kMilli);
  }
  CHECK(Sleep(300 * kMilli));
  CHECK_EQUAL(CpuNanos(clock), cpu_ns);
  CHECK_EQUAL(scanner.Stats().scans, before.scans);
  scanner.Stop();
  CHECK_EQUAL(static_cast<uint64_t>(FindScannerThread()), 0);
}

TEST("it starts and stops many times, twice in a row too, and finds the same each time") {
  const int descriptors = CountDescriptors();
  const int posix_timers = CountTimers();
  for (int i = 0; i < 100; ++i) {
    ThreadTimers timers(10 * kMilli);
    ThreadScanner scanner(&timers);
    CHECK(scanner.Start() == ScannerStart::kStarted);
    CHECK(scanner.Start() == ScannerStart::kStarted);
    CHECK(scanner.Stats().timed >= 1);
    if (i % 2 == 0) scanner.Stop();
    scanner.Stop();
    CHECK(scanner.Start() == ScannerStart::kStarted);
  }
  CHECK_EQUAL(CountTimers(), posix_timers);
  CHECK_EQUAL(CountDescriptors(), descriptors);
}

TEST("a signal to the process that it waits for itself reaches the program, and scanning goes on") {
  ThreadTimers timers(10 * kMilli);
  ThreadScanner scanner(&timers);
  sigset_t wanted;
  sigemptyset(&wanted);
  sigaddset(&wanted, SIGSTKFLT);
  CHECK(pthread_sigmask(SIG_BLOCK, &wanted, nullptr) == 0);
  CHECK(scanner.Start() == ScannerStart::kStarted);
  for (int i = 0; i < 3; ++i) {
    sigval value;
    value.sival_int = 1000 + i;
    CHECK(sigqueue(getpid(), SIGSTKFLT, value) == 0);
    Sleep(5 * kMilli);  // so that the scanner's thread, which alone is waiting for it now, takes it first
    siginfo_t info = {};
    const timespec deadline = {5, 0};
    CHECK(sigtimedwait(&wanted, &info, &deadline) == SIGSTKFLT);
    CHECK(info.si_code == SI_QUEUE && info.si_value.sival_int == 1000 + i && info.si_pid == getpid());
  }
  const uint64_t scans = scanner.Stats().scans;
  Burn(100 * kMilli);
  CHECK(scanner.Stats().scans >= scans + 3);
  CHECK_EQUAL(scanner.Stats().failed_scans, 0);
  scanner.Stop();
  CHECK(pthread_sigmask(SIG_UNBLOCK, &wanted, nullptr) == 0);
}

TEST("the signal is one that nobody handles") {
  struct sigaction action = {};
  action.sa_handler = [](int) {};
  struct sigaction saved;
  CHECK(sigaction(SIGSTKFLT, &action, &saved) == 0);
  ThreadTimers timers(10 * kMilli);
  ThreadScanner scanner(&timers);
  CHECK(scanner.Start() == ScannerStart::kStarted);
  std::ifstream file("/proc/self/timers");
  for (std::string line; std::getline(file, line);) CHECK(line.rfind("signal: 16/", 0) != 0);
  const uint64_t scans = scanner.Stats().scans;
  Burn(100 * kMilli);
  CHECK(scanner.Stats().scans >= scans + 3);
  scanner.Stop();
  CHECK(sigaction(SIGSTKFLT, &saved, nullptr) == 0);
}

TEST("threads that get no timer are counted, with the reason, and tried again") {
  RecordingEngine engine({AddOutcome::kLimit, EMFILE});
  ThreadScanner scanner(&engine);
  CHECK(scanner.Start() == ScannerStart::kStarted);
  CHECK(scanner.Stats().refused >= 1);
  CHECK(scanner.Stats().refusal_error == EMFILE);
  const int tries = engine.from_now + engine.from_start;
  Burn(60 * kMilli);
  CHECK(engine.from_now + engine.from_start > tries);
  CHECK(engine.removals == 0);
  CHECK_EQUAL(scanner.Stats().added, 0);
  CHECK_EQUAL(scanner.Stats().timed, 0);
  scanner.Stop();
}

TEST("the CPU time of threads that are there counts from now on, that of new ones from their beginning") {
  RecordingEngine engine({AddOutcome::kAdded, 0});
  ThreadScanner scanner(&engine);
  CHECK(scanner.Start() == ScannerStart::kStarted);
  CHECK(engine.from_now >= 1);
  CHECK(engine.from_start == 0);
  const int from_now = engine.from_now;
  RunThreads(1, 1, 60 * kMilli);
  CHECK(engine.from_now == from_now);
  CHECK(engine.from_start >= 1);
  const uint64_t scans = scanner.Stats().scans;
  while (scanner.Stats().scans < scans + 2) Burn(kMilli);
  CHECK(engine.removals >= 1);
  CHECK(scanner.Stats().timed + engine.removals == scanner.Stats().added);
  scanner.Stop();
}

int main(int argc, char** argv) {
  Install();
  return tap::RunTests(argc, argv);
}

#else

TEST("without Linux there is no list of threads to scan") {
  ThreadTimers timers(1'000'000);
  ThreadScanner scanner(&timers);
  CHECK(scanner.Start() == ScannerStart::kNoThreadList);
}

int main(int argc, char** argv) { return tap::RunTests(argc, argv); }

#endif  // defined(__linux__)
