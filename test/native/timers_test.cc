// timers_test.cc: a thread's ticks are the CPU time that its own clock shows, by each engine; and what is no tick of ours
// is not taken for one. On a system other than Linux there is one test: that the engines say so.
//
// With: timer/timer_engine.cc timer/timer_signal.cc timer/timer_ticks.cc timer/tick_signal.cc timer/posix_timer.cc timer/posix_timer_set.cc timer/thread_timers.cc timer/wall_timers.cc timer/perf_timers.cc timer/itimer.cc

#include <initializer_list>
#include <memory>

#include "tap.h"
#include "timer/perf_timers.h"
#include "timer/thread_timers.h"
#include "timer/timer_signal.h"
#include "timer/wall_timers.h"

using namespace nativeprof;

#if defined(__linux__)

#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "timed_worker.h"
#include "timer/itimer.h"
#include "timer/posix_timer.h"

using namespace ticks;

namespace {

pid_t TidOfEndedThread() {
  Worker worker([] {});
  const pid_t tid = worker.tid();
  worker.Begin();
  worker.Join();
  // What joins it is told a moment before the kernel has done with it.
  while (syscall(SYS_tgkill, getpid(), tid, 0) == 0) sched_yield();
  return tid;
}

siginfo_t TimerSignal(uint64_t value, int overruns) {
  siginfo_t info = {};
  info.si_code = SI_TIMER;
  info.si_value.sival_ptr = reinterpret_cast<void*>(value);
  info.si_overrun = overruns;
  return info;
}

TimerTicks Take(const siginfo_t& info) { return TakeTicksOf(SignalContextForTests::Make(), info); }

}  // namespace

TEST("thread timers: each thread has the ticks of its CPU time, at any rate, also while it has SIGPROF blocked") {
  for (const uint64_t hertz : {100, 250, 1000}) {
    const uint64_t period_ns = 1'000'000'000 / hertz;
    const bool is_so = OneOfThree([=] {
      ThreadTimers timers(period_ns);
      return IsExact(&timers, period_ns, 3, 600 * kMilli, 50 * kMilli);
    });
    CHECK(is_so);
  }
}

TEST("thread timers: CPU time from before it was found is credited, and a thread that sleeps is not woken for it") {
  for (const bool counts_from_start : {true, false}) {
    ThreadTimers timers(10 * kMilli);
    std::atomic<bool> is_going_to_sleep{false};
    bool slept_through = false;
    Worker worker([&] {
      Burn(55 * kMilli);
      is_going_to_sleep.store(true);
      slept_through = Sleep(200 * kMilli);
      Burn(30 * kMilli);
    });
    worker.Begin();
    while (!is_going_to_sleep.load()) Sleep(kMilli);
    Sleep(20 * kMilli);
    uint64_t armed_at_ns = 0;
    clockid_t clock;
    CHECK(GetThreadCpuClock(worker.tid(), &clock) && ReadCpuClock(clock, &armed_at_ns));
    CHECK(timers.Add(worker.tid(), counts_from_start ? CountFrom::kThreadStart : CountFrom::kNow).ok());
    worker.Join();
    CHECK(slept_through);
    const uint64_t counted_ns = worker.cpu_nanos - (counts_from_start ? 0 : armed_at_ns);
    const uint64_t ticks_ns = worker.count.ticks * 10 * kMilli;
    std::printf("  # %.1f ms of CPU time, %.0f ms of ticks\n", counted_ns / 1e6, ticks_ns / 1e6);
    CHECK(ticks_ns <= counted_ns + 10 * kMilli && counted_ns <= ticks_ns + 16 * kMilli);  // a period, a kernel tick
  }
}

// The kernel looks at the timer once in 4 ms; a thread that sleeps by then keeps a tick that it owes. With a period longer
// than that, no thread owes two, however it has to share its core.
TEST("thread timers: a tick that is due on a thread that sleeps is known to be late") {
  const bool is_so = OneOfThree([] {
    constexpr int kThreads = 60;
    constexpr uint64_t kPeriod = 10 * kMilli;
    constexpr uint64_t kBurn = 23 * kMilli;
    const auto clock_of = [](const Worker& worker) {
      clockid_t clock;
      uint64_t now_ns = 0;
      CHECK(GetThreadCpuClock(worker.tid(), &clock) && ReadCpuClock(clock, &now_ns));
      return now_ns;
    };
    std::vector<std::unique_ptr<Worker>> workers;
    std::atomic<int> sleeping{0};
    std::atomic<bool> may_end{false};
    ThreadTimers timers(kPeriod);
    uint64_t before_ns = 0;  // used before there was a timer
    for (int i = 0; i < kThreads; ++i) {
      workers.push_back(std::make_unique<Worker>([&] {
        Burn(kBurn);
        sleeping.fetch_add(1);
        while (!may_end.load()) Sleep(50 * kMilli);
      }));
      before_ns += clock_of(*workers.back());
      CHECK(timers.Add(workers.back()->tid(), CountFrom::kNow).ok());
      workers.back()->Begin();
      while (sleeping.load() <= i) Sleep(kMilli / 4);
    }
    const std::vector<pid_t> late = timers.Late();
    uint64_t ticks = 0;
    uint64_t now_ns = 0;
    for (auto& worker : workers) {
      now_ns += clock_of(*worker);
      ticks += worker->count.ticks;
    }
    timers.RemoveAll();
    may_end.store(true);
    for (auto& worker : workers) worker->Join();
    const double without = Ratio(ticks * kPeriod, now_ns - before_ns);
    const double with = Ratio((ticks + late.size()) * kPeriod, now_ns - before_ns);
    std::printf("  # ticks x period / CPU time: %.3f, with %zu late ones %.3f\n", without, late.size(), with);
    return late.size() > kThreads / 20 && std::fabs(with - 1) < 0.05;
  });
  CHECK(is_so);
}

TEST("first ticks are spread evenly over the period, so that short threads are not left out") {
  FirstTicks first(1000);
  int before_half = 0;
  bool is_within = true;
  for (int i = 0; i < 200; ++i) {
    const uint64_t nanos = first.NextNanos();
    is_within = is_within && nanos >= 1 && nanos <= 1000;
    before_half += nanos <= 500 ? 1 : 0;
  }
  CHECK(is_within);
  CHECK(before_half >= 98 && before_half <= 102);
  FirstTicks shortest(1);
  CHECK_EQUAL(shortest.NextNanos(), 1);
}

TEST("signals of other timers are not ours, and those of a session that is over stand for nothing") {
  const uint32_t old_session = TimerSession::Begin();
  const uint32_t session = TimerSession::Begin();
  siginfo_t other = {};
  for (const int code : std::initializer_list<int>{SI_USER, SI_QUEUE, SI_TKILL, SI_KERNEL}) {
    other.si_code = code;
    other.si_value.sival_ptr = reinterpret_cast<void*>(MakeTimerValue(session, 0));
    CHECK(!Take(other).is_ours);
  }
  other.si_code = POLL_IN;
  for (const int fd : {-1, 0, 3, 65'535, 65'536}) {
    other.si_fd = fd;
    CHECK(!Take(other).is_ours);
  }
  int variable = 0;
  for (const uint64_t value : {uint64_t{0}, uint64_t{1}, ~uint64_t{0}, reinterpret_cast<uint64_t>(&variable)}) {
    CHECK(!Take(TimerSignal(value, 5)).is_ours);
  }
  CHECK(Take(TimerSignal(MakeTimerValue(old_session, 0), 5)).is_ours);
  CHECK_EQUAL(Take(TimerSignal(MakeTimerValue(old_session, 0), 5)).ticks, 0);
  std::thread([session] {
    CHECK_EQUAL(Take(TimerSignal(MakeTimerValue(session, 7), 5)).ticks, 13);
    CHECK_EQUAL(Take(TimerSignal(MakeTimerValue(session, 7), 5)).ticks, 6);  // early ticks count once
  }).join();
  TimerSession::End(old_session);  // over already: the new one stays
  CHECK_EQUAL(Take(TimerSignal(MakeTimerValue(session, 0), 0)).ticks, 1);
  TimerSession::End(session);
  CHECK_EQUAL(Take(TimerSignal(MakeTimerValue(session, 0), 0)).ticks, 0);
  CHECK_EQUAL(EarlyTicksOf(MakeTimerValue(1, ~uint64_t{0})), kMostEarlyTicks);
  for (int i = 0; i < 600; ++i) CHECK(TimerSession::Begin() != 0);
}

TEST("a thread that has ended is no error, and a second timer for the same thread is none") {
  ThreadTimers thread_timers(10 * kMilli);
  WallTimers wall_timers(1000 * kMilli);
  const std::unique_ptr<PerfTimers> perf_timers = MakePerfTimers(10 * kMilli);
  for (TimerEngine* const engine : {static_cast<TimerEngine*>(&thread_timers), static_cast<TimerEngine*>(&wall_timers),
                                    static_cast<TimerEngine*>(perf_timers.get())}) {
    if (engine == nullptr) continue;
    CHECK(engine->Add(TidOfEndedThread(), CountFrom::kNow).outcome == AddOutcome::kThreadGone);
    CHECK(engine->Add(OwnTid(), CountFrom::kNow).outcome == AddOutcome::kAdded);
    CHECK(engine->Add(OwnTid(), CountFrom::kNow).outcome == AddOutcome::kAlreadyThere);
    CHECK_EQUAL(engine->size(), 1);
    engine->RemoveAll();
    CHECK_EQUAL(engine->size(), 0);
    engine->Remove(OwnTid());
    if (engine == &wall_timers) continue;
    Reset();
    CHECK(engine->Add(OwnTid(), CountFrom::kNow).outcome == AddOutcome::kAdded);  // an engine can begin again
    Burn(30 * kMilli);
    CHECK(of_all.ticks >= 2);
    engine->RemoveAll();
  }
}

TEST("where a limit is reached, the result says so") {
  const auto with_limit = [](decltype(RLIMIT_NOFILE) resource, rlim_t value, TimerEngine* engine) {
    rlimit saved;
    getrlimit(resource, &saved);
    const rlimit low = {value, saved.rlim_max};
    setrlimit(resource, &low);
    const AddResult result = engine->Add(OwnTid(), CountFrom::kNow);
    setrlimit(resource, &saved);
    return result;
  };
  ThreadTimers thread_timers(10 * kMilli);
  const AddResult no_signal = with_limit(RLIMIT_SIGPENDING, 0, &thread_timers);
  CHECK(no_signal.outcome == AddOutcome::kLimit && no_signal.error == EAGAIN);
  CHECK(!no_signal.ok());
  if (const std::unique_ptr<PerfTimers> perf_timers = MakePerfTimers(10 * kMilli)) {
    const AddResult no_file = with_limit(RLIMIT_NOFILE, 3, perf_timers.get());
    CHECK(no_file.outcome == AddOutcome::kLimit && no_file.error == EMFILE);
  }
}

TEST("the timer of the process and those of threads do not disturb each other, and one can follow the other") {
  const bool is_so = OneOfThree([] {
    Reset();
    ThreadTimers timers(10 * kMilli);
    const uint64_t start_ns = CpuNanos(CLOCK_PROCESS_CPUTIME_ID);
    CHECK(ArmItimer(10 * kMilli) == ArmResult::kArmed);
    CHECK(timers.Add(OwnTid(), CountFrom::kNow).ok());
    Burn(500 * kMilli);
    timers.RemoveAll();
    DisarmItimer();
    const uint64_t both_ns = CpuNanos(CLOCK_PROCESS_CPUTIME_ID) - start_ns;
    const double of_process = Ratio(process_ticks * 10 * kMilli, both_ns);
    const double of_thread = Ratio(of_all.ticks * 10 * kMilli, both_ns);

    // the switch: disarm the one, then add every thread to the other
    Reset();
    const uint64_t switch_ns = CpuNanos(CLOCK_PROCESS_CPUTIME_ID);
    CHECK(ArmItimer(10 * kMilli) == ArmResult::kArmed);
    Burn(250 * kMilli);
    ThreadTimers later(10 * kMilli);
    DisarmItimer();
    CHECK(later.Add(OwnTid(), CountFrom::kNow).ok());
    Burn(250 * kMilli);
    later.RemoveAll();
    const uint64_t one_ns = CpuNanos(CLOCK_PROCESS_CPUTIME_ID) - switch_ns;
    const double of_both = Ratio((process_ticks + of_all.ticks) * 10 * kMilli, one_ns);
    std::printf("  # at once: process %.3f, thread %.3f; one after the other: %.3f\n", of_process, of_thread, of_both);
#if defined(__SANITIZE_THREAD__)
    const bool is_undisturbed = true;  // of two pending signals with one number its handler sees one
#else
    const bool is_undisturbed = std::fabs(of_process - 1) < 0.15;  // merged ones are lost on a busy machine
#endif
    return is_undisturbed && std::fabs(of_thread - 1) < 0.03 && std::fabs(of_both - 1) < 0.1;
  });
  CHECK(is_so);
  CHECK_EQUAL(foreign, 0);
}

TEST("wall timers: a thread has a tick per period, and sleep does not keep them off") {
  const bool is_so = OneOfThree([] {
    WallTimers timers(5 * kMilli);
    uint64_t wall_ns = 0;
    Worker worker([&] {
      const uint64_t end_ns = CpuNanos(CLOCK_MONOTONIC) + 200 * kMilli;
      const uint64_t start_ns = end_ns - 200 * kMilli;
      while (CpuNanos(CLOCK_MONOTONIC) < end_ns) Sleep(20 * kMilli);
      wall_ns = CpuNanos(CLOCK_MONOTONIC) - start_ns;
    });
    CHECK(timers.Add(worker.tid(), CountFrom::kNow).ok());
    worker.count.ticks = 0;
    worker.Begin();
    worker.Join();
    const double ratio = Ratio(worker.count.ticks * 5 * kMilli, wall_ns);
    std::printf("  # ticks x period / wall time %.3f\n", ratio);
    return std::fabs(ratio - 1) < 0.1;
  });
  CHECK(is_so);
}

TEST("a child of fork that drops the engine harms neither its own timers nor its parent's") {
  ThreadTimers timers(10 * kMilli);
  CHECK(timers.Add(OwnTid(), CountFrom::kNow).ok());
  const std::unique_ptr<PerfTimers> perf_timers = MakePerfTimers(kMilli);
  if (perf_timers != nullptr) CHECK(perf_timers->Add(OwnTid(), CountFrom::kNow).ok());
  // Its number is one less than the next. The child counts from 0 again, and gets a timer with each number up to there.
  PosixTimerId next;
  CHECK(CreatePosixTimer(CLOCK_MONOTONIC, {OwnTid(), SIGPROF, 0}, &next));
  DeletePosixTimer(next);
  const pid_t child = fork();
  if (child == 0) {
    std::vector<PosixTimerId> own;
    bool is_well = true;
    do {
      own.push_back(0);
      is_well = CreatePosixTimer(CLOCK_MONOTONIC, {OwnTid(), SIGPROF, 0}, &own.back());
    } while (is_well && own.back() < next);
    timers.RemoveAll();
    if (perf_timers != nullptr) perf_timers->RemoveAll();
    for (const PosixTimerId timer : own) {
      is_well = is_well && ArmPosixTimer(timer, FirstExpiry::kAfter, 3600'000 * kMilli, 0);
    }
    _exit(is_well ? 0 : 1);
  }
  int status = -1;
  CHECK(waitpid(child, &status, 0) == child);
  CHECK_EQUAL(static_cast<uint64_t>(status), 0);
  Reset();
  Burn(30 * kMilli);
  CHECK(perf_timers == nullptr || of_all.ticks >= 20);
}

int main(int argc, char** argv) {
  Install();
  return tap::RunTests(argc, argv);
}

#else

TEST("without Linux there is no engine for threads, and each says so") {
  ThreadTimers thread_timers(1'000'000);
  WallTimers wall_timers(1'000'000);
  PerfTimers perf_timers(1'000'000, PerfTimers::Probe());
  CHECK(thread_timers.Add(1, CountFrom::kNow).outcome == AddOutcome::kNotAvailable);
  CHECK(wall_timers.Add(1, CountFrom::kNow).outcome == AddOutcome::kNotAvailable);
  CHECK(perf_timers.Add(1, CountFrom::kNow).outcome == AddOutcome::kNotAvailable);
  CHECK(PerfTimers::Probe().result.outcome == AddOutcome::kNotAvailable);
}

int main(int argc, char** argv) { return tap::RunTests(argc, argv); }

#endif  // defined(__linux__)
