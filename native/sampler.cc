// sampler.cc: see sampler.h.

#include "sampler.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include <unistd.h>

#include "clock.h"
#include "record.h"
#include "sigprof_handler.h"
#include "timer/tick_signal.h"

namespace nativeprof {

namespace {

// Keeps our own ticks off this thread for as long as it lives.
class TicksBlocked {
 public:
  TicksBlocked() {
    sigset_t signals;
    sigemptyset(&signals);
    AddTickSignals(&signals);
    pthread_sigmask(SIG_BLOCK, &signals, &saved_);
  }
  ~TicksBlocked() { pthread_sigmask(SIG_SETMASK, &saved_, nullptr); }
  TicksBlocked(const TicksBlocked&) = delete;
  TicksBlocked& operator=(const TicksBlocked&) = delete;

 private:
  sigset_t saved_;
};

}  // namespace

Started Sampler::Start(v8::Isolate* isolate, const SamplerSettings& settings) {
  if (running_) return {StartResult::kAlreadyRunning, ""};
  why_own_signal_ = SigprofHandler::OwnerBefore();
  const bool is_taken = !why_own_signal_.empty();
  if (is_taken && (!SigprofHandler::InstallForOwnSignal() ||
                   (settings.timer == TimerKind::kProcess && !settings.may_move_timer))) {
    return {StartResult::kSigprofTaken, why_own_signal_};
  }
  if (SigprofHandler::EnsureInstalled() == SigprofHandler::Held::kRefused) {
    return {StartResult::kSystemError, std::strerror(errno)};
  }
  if (!ring_.Allocate(settings.buffer_bytes)) return {StartResult::kOutOfMemory, "no memory for the buffer"};

  process_ = getpid();
  counters_.Reset();
  resources_.call_sites.Reset();
  resources_.unwind_cache.Clear();
  RefreshModules();
  max_depth_ = settings.max_depth;
  may_move_timer_ = settings.may_move_timer;
  why_moved_.clear();
  why_not_moved_.clear();
  times_taken_back_ = 0;
  threads_.StartListening(isolate, settings.max_depth, settings.wake_reader);
  const bool is_process = settings.timer == TimerKind::kProcess;
  SigprofHandler::Arm({&ring_, &counters_, &resources_, &coverage_watch_, settings.wake_reader, is_process,
                       settings.period_ns});
  running_ = true;
  const TickerResult started = StartTicks(settings.timer, settings.period_ns);
  if (started.outcome == TickerResult::Outcome::kStarted) {
    if (ticker_.kind() == TimerKind::kProcess && may_move_timer_) coverage_watch_.Begin(settings.period_ns, MonotonicNanos());
    for (const uint32_t tid : threads_.Tids()) ticker_.AddThread(static_cast<pid_t>(tid));
    return {StartResult::kStarted, ""};
  }
  Stop();
  Release();
  switch (started.outcome) {
    case TickerResult::Outcome::kTakenByOther:
      return {StartResult::kTimerTaken, started.reason};
    case TickerResult::Outcome::kNotAvailable:
      return {StartResult::kTimerUnavailable, started.reason};
    default:
      return {StartResult::kSystemError, started.reason};
  }
}

TickerResult Sampler::StartTicks(TimerKind timer, uint64_t period_ns) {
  using Outcome = TickerResult::Outcome;
  if (timer == TimerKind::kPerf && !IsTickSignalMerged()) {
    return {Outcome::kNotAvailable, why_own_signal_ + ", and a signal that is fit for perf events cannot be had"};
  }
  if (timer != TimerKind::kProcess) return ticker_.Start(timer, period_ns);
  why_moved_ = why_own_signal_;
  if (why_moved_.empty()) {
    const TickerResult started = ticker_.Start(timer, period_ns);
    if (started.outcome != Outcome::kTakenByOther || !may_move_timer_) return started;
    why_moved_ = "somebody else runs the process's profiling timer (ITIMER_PROF)";
  }
  may_move_timer_ = false;
  SigprofHandler::GiveUpProcessTicks();
  const TickerResult started = ticker_.Start(TimerKind::kThread, period_ns);
  if (started.outcome == Outcome::kStarted) return started;
  return {Outcome::kTakenByOther, why_moved_ + "; timers of threads are not to be had (" + started.reason + ")"};
}

bool Sampler::AttachThread(v8::Isolate* isolate, int32_t worker_id, const std::string& name) {
  const bool is_new = threads_.Attach(isolate, worker_id, name);
  ticker_.AddThread(static_cast<pid_t>(CurrentTid()));
  return is_new;
}

void Sampler::DetachThread() {
  ticker_.RemoveThread(static_cast<pid_t>(CurrentTid()));
  threads_.Detach();
}

void Sampler::MoveTimer() {
  may_move_timer_ = false;
  const TickerResult moved = ticker_.MoveToThreads();
  if (moved.outcome != TickerResult::Outcome::kStarted) why_not_moved_ = moved.reason;
}

void Sampler::LookAfterOwners() {
  constexpr uint64_t kPauseNanos = 50'000'000;
  if (!running_) return;
  const uint64_t now_nanos = MonotonicNanos();
  if (now_nanos < look_again_nanos_) return;
  look_again_nanos_ = now_nanos + kPauseNanos;
  CheckOwners();
}

void Sampler::CheckOwners() {
  // A child of fork() has neither our timer nor a recording.
  if (getpid() != process_) return;
  if (SigprofHandler::EnsureInstalled() == SigprofHandler::Held::kTakenBack) ++times_taken_back_;
  const ItimerOwner owner = ticker_.OwnerOfProcessTimer();
  if (owner == ItimerOwner::kUs || !why_moved_.empty()) return;
  why_moved_ = owner == ItimerOwner::kNobody ? "somebody else stopped the process's profiling timer (ITIMER_PROF)"
                                             : "somebody else set the process's profiling timer (ITIMER_PROF)";
  // What it sends from here on, somebody else is waiting for.
  if (owner == ItimerOwner::kOther) SigprofHandler::GiveUpProcessTicks();
  coverage_watch_.End();
  if (may_move_timer_) return MoveTimer();
  why_not_moved_ = "timer: 'process' was asked for";
}

CounterValues Sampler::ReadCounters() {
  constexpr auto relaxed = std::memory_order_relaxed;
  return {counters_.ticks.load(relaxed),         counters_.samples.load(relaxed),
          counters_.dropped.load(relaxed),       counters_.not_walkable.load(relaxed),
          counters_.truncated.load(relaxed),     counters_.walked_by_v8.load(relaxed),
          counters_.forwarded.load(relaxed),     counters_.handler_nanos.load(relaxed),
          threads_.CodeEventNanos(),             ticker_.scanner_cpu_nanos(),
          threads_.ListeningNanos(),             ticker_.refused_threads()};
}

// A program may load libraries at any time; their code is walked by their own tables from the next drain on.
void Sampler::RefreshModules() {
  if (SigprofHandler::handlers_running() == 0) old_tables_.clear();
  if (!modules_.Refresh() && tables_ != nullptr) return;
  std::unique_ptr<const UnwindTables> tables = UnwindTables::Make(modules_, tables_.get());
  resources_.tables.store(tables.get(), std::memory_order_release);
  resources_.tables_version.fetch_add(1, std::memory_order_release);
  resources_.unwind_cache.Clear();  // another library may lie where one was
  if (tables_ != nullptr) old_tables_.push_back(std::move(tables_));
  tables_ = std::move(tables);
  for (const Module& module : modules_.modules()) {
    if (!module.is_program) continue;
    resources_.program_start = module.start;
    resources_.program_end = module.end;
  }
}

Drained Sampler::Drain(v8::Isolate* isolate, size_t max_words, bool to_the_end) {
  // 15 to 60 ms, which nobody needs who stops before the first tick.
  if (running_ || !ring_.IsEmpty()) threads_.ListCode(isolate);
  // One record must fit: the deepest stack.
  const size_t slice_words = std::max(max_words, kSampleFixedWords + 1 + max_depth_ + 1);
  if (running_) CheckOwners();
  if (running_ && may_move_timer_ && coverage_watch_.has_fallen()) MoveTimer();
  Drained drained = {{}, {}, ticker_.kind(), why_moved_, why_not_moved_, why_own_signal_, times_taken_back_, {}, false};
  // As many as it takes to read a full ring, and some for ticks that come meanwhile.
  const size_t max_rounds = ring_.capacity_words() / slice_words + 100;
  const TicksBlocked blocked;  // ticks of this thread wait; those of others may come in between
  for (size_t round = 0; round < max_rounds && !drained.consistent; ++round) {
    const CounterValues before = ReadCounters();
    const bool quiet_before = SigprofHandler::handlers_running() == 0;
    const size_t used = drained.records.size();
    drained.records.resize(used + std::min(slice_words, ring_.UsedWords() + kOverflowWords));
    drained.records.resize(used + ring_.Read(drained.records.data() + used, drained.records.size() - used));
    const bool quiet_after = SigprofHandler::handlers_running() == 0;
    drained.counters = ReadCounters();
    drained.consistent =
        quiet_before && quiet_after && ring_.IsEmpty() && before.ticks == drained.counters.ticks;
    if (!to_the_end) break;
  }
  ring_.Rewind();
  drained.threads = threads_.TakeNews();
  if (running_) RefreshModules();
  return drained;
}

void Sampler::Stop(v8::Isolate* isolate) {
  if (!running_) return;
  // While ticks still tell where its time goes; or, if there has been none yet, as soon as it is known whether there is.
  if (isolate != nullptr && !ring_.IsEmpty()) threads_.ListCode(isolate);
  running_ = false;
  const std::vector<pid_t> late = EndTicks();
  SigprofHandler::Disarm();
  RecordLateTicks(late);
  if (isolate != nullptr && !ring_.IsEmpty()) threads_.ListCode(isolate);
  threads_.StopListening();
}

std::vector<pid_t> Sampler::EndTicks() {
  // A child of fork() has no timers, and its locks may be held by threads that it does not have.
  if (getpid() != process_) return {};
  coverage_watch_.End();
  return ticker_.Stop();
}

void Sampler::RecordLateTicks(const std::vector<pid_t>& tids) {
  for (const pid_t tid : tids) {
    counters_.ticks.fetch_add(1, std::memory_order_relaxed);
    const RingBuffer::Reservation record = ring_.Reserve(kSampleFixedWords);
    if (!record) {
      counters_.dropped.fetch_add(1, std::memory_order_relaxed);
      ring_.AddOverflow(1, MonotonicNanos());
      continue;
    }
    record.words[1] = MonotonicNanos();
    record.words[2] = 0;
    record.words[3] = 1 | static_cast<uint64_t>(tid) << 32;
    ring_.Publish(record, MakeHeader(RecordKind::kSample, v8::OTHER, kSampleFixedWords));
    counters_.samples.fetch_add(1, std::memory_order_relaxed);
  }
}

void Sampler::StopTicks() {
  EndTicks();
}

void Sampler::Release() { ring_.Release(); }

}  // namespace nativeprof
