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

namespace nativeprof {

namespace {

// Keeps our own ticks off this thread for as long as it lives.
class SigprofBlocked {
 public:
  SigprofBlocked() {
    sigset_t sigprof;
    sigemptyset(&sigprof);
    sigaddset(&sigprof, SIGPROF);
    pthread_sigmask(SIG_BLOCK, &sigprof, &saved_);
  }
  ~SigprofBlocked() { pthread_sigmask(SIG_SETMASK, &saved_, nullptr); }
  SigprofBlocked(const SigprofBlocked&) = delete;
  SigprofBlocked& operator=(const SigprofBlocked&) = delete;

 private:
  sigset_t saved_;
};

}  // namespace

Started Sampler::Start(v8::Isolate* isolate, const SamplerSettings& settings) {
  if (running_) return {StartResult::kAlreadyRunning, ""};
  if (SigprofHandler::HadForeignHandler()) return {StartResult::kSigprofTaken, ""};
  if (!SigprofHandler::EnsureInstalled()) return {StartResult::kSystemError, std::strerror(errno)};
  if (!ring_.Allocate(settings.buffer_bytes)) return {StartResult::kOutOfMemory, "no memory for the buffer"};

  process_ = getpid();
  counters_.Reset();
  resources_.call_sites.Reset();
  resources_.unwind_cache.Clear();
  RefreshModules();
  max_depth_ = settings.max_depth;
  may_move_timer_ = settings.may_move_timer;
  why_not_moved_.clear();
  threads_.StartListening(isolate, settings.max_depth);
  const bool is_process = settings.timer == TimerKind::kProcess;
  SigprofHandler::Arm({&ring_, &counters_, &resources_, &coverage_watch_, settings.wake_reader, is_process,
                       settings.period_ns});
  running_ = true;
  const TickerResult started = ticker_.Start(settings.timer, settings.period_ns);
  if (started.outcome == TickerResult::Outcome::kStarted) {
    if (is_process && may_move_timer_) coverage_watch_.Begin(settings.period_ns, MonotonicNanos());
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
  threads_.ListCode(isolate);
  // One record must fit: the deepest stack.
  const size_t slice_words = std::max(max_words, kSampleFixedWords + max_depth_ + 1);
  if (running_ && may_move_timer_ && coverage_watch_.has_fallen()) MoveTimer();
  Drained drained = {{}, {}, ticker_.kind(), why_not_moved_, {}, false};
  // As many as it takes to read a full ring, and some for ticks that come meanwhile.
  const size_t max_rounds = ring_.capacity_words() / slice_words + 100;
  const SigprofBlocked blocked;  // ticks of this thread wait; those of others may come in between
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
  if (isolate != nullptr) threads_.ListCode(isolate);  // while ticks still tell where its time goes
  running_ = false;
  const std::vector<pid_t> late = EndTicks();
  SigprofHandler::Disarm();
  RecordLateTicks(late);
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
