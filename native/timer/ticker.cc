// ticker.cc: see ticker.h.

#include "ticker.h"

#include <cerrno>
#include <cstring>

#include "perf_timers.h"
#include "thread_timers.h"
#include "wall_timers.h"

namespace nativeprof {

namespace {

using Outcome = TickerResult::Outcome;

TickerResult FromErrno(Outcome outcome, const char* what, int error) {
  return {outcome, std::string(what) + (error == 0 ? "" : std::string(": ") + std::strerror(error))};
}

TickerResult FromAdd(const AddResult& added) {
  if (added.ok()) return {Outcome::kStarted, ""};
  return FromErrno(Outcome::kNotAvailable, NameOf(added.outcome), added.error);
}

TickerResult FromArm(ArmResult armed) {
  if (armed == ArmResult::kArmed) return {Outcome::kStarted, ""};
  if (armed == ArmResult::kTakenByOther) return {Outcome::kTakenByOther, "somebody else runs the process's profiling timer (ITIMER_PROF)"};
  return FromErrno(Outcome::kRefused, "setitimer", errno);
}

TickerResult FromScanner(ScannerStart started) {
  switch (started) {
    case ScannerStart::kStarted:
      return {Outcome::kStarted, ""};
    case ScannerStart::kNoThreadList:
      return FromErrno(Outcome::kNotAvailable, "/proc/self/task cannot be read", errno);
    case ScannerStart::kNoSignal:
      return {Outcome::kNotAvailable, "every signal that could wake its thread has a handler"};
    case ScannerStart::kNoTimer:
      return FromErrno(Outcome::kNotAvailable, "no timer", errno);
    case ScannerStart::kNoThread:
      return FromErrno(Outcome::kNotAvailable, "no thread", errno);
  }
  return {Outcome::kNotAvailable, ""};
}

}  // namespace

TickerResult Ticker::Probe(TimerKind kind, pid_t tid) {
  constexpr uint64_t kLongNs = 3600ull * 1'000'000'000u;
  switch (kind) {
    case TimerKind::kProcess:
      return {Outcome::kStarted, ""};
    case TimerKind::kThread:
      return FromAdd(ThreadTimers(kLongNs).Add(tid, CountFrom::kNow));
    case TimerKind::kPerf: {
      const PerfProbe probe = PerfTimers::Probe();
      return probe.result.ok() ? TickerResult{Outcome::kStarted, ""}
                               : TickerResult{Outcome::kNotAvailable, probe.Reason()};
    }
    case TimerKind::kWall:
      return FromAdd(WallTimers(kLongNs).Add(tid, CountFrom::kNow));
  }
  return {Outcome::kNotAvailable, ""};
}

TickerResult Ticker::Start(TimerKind kind, uint64_t period_ns) {
  period_ns_ = period_ns;
  last_stats_ = {};
  TickerResult result =
      kind == TimerKind::kProcess ? FromArm(ArmItimer(period_ns)) : StartEngine(kind);
  is_running_ = result.outcome == Outcome::kStarted;
  if (is_running_) kind_ = kind;
  return result;
}

TickerResult Ticker::StartEngine(TimerKind kind) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (kind == TimerKind::kWall) {
    engine_ = std::make_unique<WallTimers>(period_ns_);
    return {Outcome::kStarted, ""};
  }
  if (kind == TimerKind::kPerf) {
    const PerfProbe probe = PerfTimers::Probe();
    if (!probe.result.ok()) return {Outcome::kNotAvailable, probe.Reason()};
    engine_ = std::make_unique<PerfTimers>(period_ns_, probe);
  } else {
    engine_ = std::make_unique<ThreadTimers>(period_ns_);
  }
  scanner_ = std::make_unique<ThreadScanner>(engine_.get());
  TickerResult started = FromScanner(scanner_->Start());
  if (started.outcome != Outcome::kStarted) {
    scanner_.reset();
    engine_.reset();
  }
  return started;
}

TickerResult Ticker::MoveToThreads() {
  // Before the others begin, or CPU time in between would count twice.
  const bool is_others = OwnerOfProcessTimer() == ItimerOwner::kOther;
  if (!is_others) DisarmItimer();
  TickerResult result = StartEngine(TimerKind::kThread);
  if (result.outcome == Outcome::kStarted) {
    kind_ = TimerKind::kThread;
  } else if (is_others || ArmItimer(period_ns_) != ArmResult::kArmed) {
    result.reason += "; and the process's timer cannot be had back";
  }
  return result;
}

std::vector<pid_t> Ticker::Stop() {
  std::vector<pid_t> late;
  if (!is_running_) return late;
  is_running_ = false;
  if (kind_ == TimerKind::kProcess && OwnerOfItimer(period_ns_) != ItimerOwner::kOther) DisarmItimer();
  const std::lock_guard<std::mutex> lock(mutex_);
  if (scanner_ != nullptr) {
    scanner_->Stop();
    last_stats_ = scanner_->Stats();
    scanner_.reset();
  }
  if (engine_ != nullptr) {
    late = engine_->Late();
    engine_->RemoveAll();
  }
  engine_.reset();
  return late;
}

void Ticker::AddThread(pid_t tid) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (engine_ != nullptr && scanner_ == nullptr) engine_->Add(tid, CountFrom::kNow);
}

void Ticker::RemoveThread(pid_t tid) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (engine_ != nullptr && scanner_ == nullptr) engine_->Remove(tid);
}

}  // namespace nativeprof
