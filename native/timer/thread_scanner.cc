// thread_scanner.cc: see thread_scanner.h.

#include "thread_scanner.h"

#include <cerrno>

#include "thread_clock.h"

#if defined(__linux__)
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace nativeprof {

namespace {

constexpr auto relaxed = std::memory_order_relaxed;  // of statistics: nothing else depends on them

}  // namespace

ScannerStats ThreadScanner::Stats() const {
  return {scans_.load(relaxed),   failed_scans_.load(relaxed),  added_.load(relaxed),    timed_.load(relaxed),
          refused_.load(relaxed), refusal_error_.load(relaxed), cpu_nanos_.load(relaxed)};
}

#if defined(__linux__)

namespace {

constexpr uint64_t kScanNanos = 20'000'000;  // of the process's CPU time
constexpr uint64_t kOurWakeUp = 0x4e5073;    // the timer's si_value; the signal comes to one thread, so this is enough

// Signals that could wake the scanner, best first. SIGSTKFLT is sent by nothing: neither by Linux nor by any library. The
// others are the highest real-time signals; SIGRTMAX itself is Valgrind's. 0: there are no more.
int Candidate(int index) {
  if (index == 0) return SIGSTKFLT;
  const int signal = SIGRTMAX - index;
  return signal >= SIGRTMIN ? signal : 0;
}

bool IsUnused(int signal) {
  struct sigaction action = {};
  return sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_DFL;
}

}  // namespace

ScannerStart ThreadScanner::Start() {
  if (running_) return ScannerStart::kStarted;
  process_ = getpid();
  known_.clear();
  for (auto* const count : {&scans_, &failed_scans_, &added_, &timed_, &refused_, &cpu_nanos_}) count->store(0, relaxed);
  refusal_error_.store(0, relaxed);
  has_reported_ = false;
  stopping_ = false;

  // Born with all signals blocked, its own too: that it has not asked for, and under SIG_DFL it would end the process.
  sigset_t all, saved;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, &saved);
  const int error = pthread_create(&thread_, nullptr, RunThread, this);
  pthread_sigmask(SIG_SETMASK, &saved, nullptr);
  if (error != 0) {
    errno = error;
    return ScannerStart::kNoThread;
  }

  std::unique_lock<std::mutex> lock(mutex_);
  while (!has_reported_) changed_.wait(lock);
  if (start_ == ScannerStart::kStarted) {
    running_ = true;
    return start_;
  }
  lock.unlock();
  pthread_join(thread_, nullptr);
  errno = start_error_;
  return start_;
}

void ThreadScanner::Stop() {
  if (!running_) return;
  running_ = false;
  // A child of fork has neither the thread nor, perhaps, the mutex in a state that it can be taken in.
  if (getpid() != process_) return;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
    pthread_kill(thread_, signal_);
    changed_.notify_all();
  }
  pthread_join(thread_, nullptr);
}

void* ThreadScanner::RunThread(void* self) {
  static_cast<ThreadScanner*>(self)->Run();
  return nullptr;
}

void ThreadScanner::Run() {
  prctl(PR_SET_NAME, "nativeprof");
  const ScannerStart started = Begin();
  Report(started, errno);
  if (started != ScannerStart::kStarted) {
    list_.Close();
    return;
  }
  while (!IsStopping()) {
    sigset_t wanted;
    sigemptyset(&wanted);
    sigaddset(&wanted, signal_);
    siginfo_t info;
    const int signal = sigwaitinfo(&wanted, &info);
    if (signal > 0) AfterSignal(signal, &info);  // else EINTR: the process was stopped and continued
  }
  DeletePosixTimer(wake_up_);
  list_.Close();
}

// The reason of a failure is left in errno.
ScannerStart ThreadScanner::Begin() {
  own_tid_ = static_cast<pid_t>(syscall(SYS_gettid));
  if (!list_.Open()) return ScannerStart::kNoThreadList;
  if (!TakeCandidate(0)) {
    errno = EBUSY;
    return ScannerStart::kNoSignal;
  }
  if (!ArmWakeUp()) return ScannerStart::kNoTimer;
  if (Scan(CountFrom::kNow)) return ScannerStart::kStarted;
  const int error = errno;
  DeletePosixTimer(wake_up_);
  errno = error;
  return ScannerStart::kNoThreadList;
}

void ThreadScanner::Report(ScannerStart result, int error) {
  const std::lock_guard<std::mutex> lock(mutex_);
  start_ = result;
  start_error_ = error;
  has_reported_ = true;
  changed_.notify_all();
}

bool ThreadScanner::IsStopping() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return stopping_;
}

bool ThreadScanner::ArmWakeUp() {
  if (!CreatePosixTimer(CLOCK_PROCESS_CPUTIME_ID, {own_tid_, signal_, kOurWakeUp}, &wake_up_)) return false;
  if (ArmPosixTimer(wake_up_, FirstExpiry::kAfter, kScanNanos, kScanNanos)) return true;
  const int error = errno;
  DeletePosixTimer(wake_up_);
  errno = error;
  return false;
}

void ThreadScanner::AfterSignal(int signal, siginfo_t* info) {
  const bool is_wake_up = info->si_code == SI_TIMER && info->si_value.sival_ptr == reinterpret_cast<void*>(kOurWakeUp);
  const bool is_ours = is_wake_up || info->si_code == SI_TKILL;  // SI_TKILL: Stop(), or meant for this thread anyway
  if (is_wake_up) Scan(CountFrom::kThreadStart);
  if (is_ours) return;

  // Somebody sent the process this signal, and it came here because no other thread would take it at that moment. Put
  // back into the queue it would come again; so this thread waits for another one from now on.
  DeletePosixTimer(wake_up_);
  const bool has_another = TakeCandidate(candidate_ + 1);
  syscall(SYS_rt_sigqueueinfo, process_, signal, info);
  if (has_another && ArmWakeUp()) return;
  // The threads that are known keep their timers.
  failed_scans_.fetch_add(1, relaxed);
  std::unique_lock<std::mutex> lock(mutex_);
  while (!stopping_) changed_.wait(lock);
}

// Chooses the signal that wakes the scanner: the first from this candidate on that nobody handles. False if none is left.
bool ThreadScanner::TakeCandidate(int first) {
  const std::lock_guard<std::mutex> lock(mutex_);
  candidate_ = first;
  while (Candidate(candidate_) != 0 && !IsUnused(Candidate(candidate_))) ++candidate_;
  if (Candidate(candidate_) == 0) return false;
  signal_ = Candidate(candidate_);
  return true;
}

bool ThreadScanner::Scan(CountFrom from) {
  if (!list_.Read(&present_)) {
    failed_scans_.fetch_add(1, relaxed);
    return false;
  }
  kept_.clear();
  uint64_t refused = 0;
  size_t next_known = 0;
  for (const pid_t tid : present_) {
    while (next_known < known_.size() && known_[next_known] < tid) engine_->Remove(known_[next_known++]);
    if (next_known < known_.size() && known_[next_known] == tid) {
      ++next_known;
      kept_.push_back(tid);
    } else if (tid != own_tid_) {
      const AddResult result = engine_->Add(tid, from);
      if (result.ok()) {
        kept_.push_back(tid);
        added_.fetch_add(1, relaxed);
      } else if (result.outcome != AddOutcome::kThreadGone) {
        ++refused;  // and tried again next time
        refusal_error_.store(result.error, relaxed);
      }
    }
  }
  while (next_known < known_.size()) engine_->Remove(known_[next_known++]);
  known_.swap(kept_);
  timed_.store(known_.size(), relaxed);
  refused_.store(refused, relaxed);
  scans_.fetch_add(1, relaxed);
  uint64_t cpu_nanos;
  if (ReadCpuClock(CLOCK_THREAD_CPUTIME_ID, &cpu_nanos)) cpu_nanos_.store(cpu_nanos, relaxed);
  return true;
}

#else

ScannerStart ThreadScanner::Start() {
  errno = ENOSYS;
  return ScannerStart::kNoThreadList;
}
void ThreadScanner::Stop() {}

#endif  // defined(__linux__)

}  // namespace nativeprof
