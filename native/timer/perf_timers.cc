// perf_timers.cc: see perf_timers.h.

#include "perf_timers.h"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>

#include "signal_safe.h"
#include "thread_clock.h"
#include "tick_signal.h"

#if defined(__linux__)
#include <fcntl.h>
#include <linux/perf_event.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#endif

namespace nativeprof {

namespace {

// What a handler finds by si_fd. It never touches the file itself, which may have been closed a moment ago, and opened as
// another. `session` is published last, and 0 for a file that has never been ours.
struct Slot {
  std::atomic<uint64_t> start_ns;  // of the thread's CPU clock
  std::atomic<uint64_t> period_ns;
  std::atomic<pid_t> tid;
  std::atomic<uint32_t> session;  // release, acquire: orders the others
};

// Descriptors are given out from below, so a program would have to hold this many files open to be refused. 1.5 MB of
// address space, touched where it is used.
constexpr int kMostDescriptors = 1 << 16;
Slot slots[kMostDescriptors];

// written by the handler, for its own thread: what it has credited, by which event
NATIVEPROF_SIGNAL_SAFE_TLS uint64_t credited_ticks = 0;
NATIVEPROF_SIGNAL_SAFE_TLS uint32_t credited_session = 0;

}  // namespace

#if defined(__linux__)

namespace {

// Context: signal handler (async-signal-safe: a bare system call).
pid_t OwnTid() { return static_cast<pid_t>(syscall(SYS_gettid)); }

// Opens an event for a thread, not yet counting. Returns the file descriptor, or -1 with errno.
int OpenEvent(pid_t tid, uint64_t period_ns, bool exclude_kernel) {
  perf_event_attr attributes = {};
  attributes.type = PERF_TYPE_SOFTWARE;
  attributes.size = sizeof(attributes);
  attributes.config = PERF_COUNT_SW_TASK_CLOCK;
  attributes.sample_period = period_ns;
  attributes.disabled = 1;
  attributes.exclude_kernel = exclude_kernel ? 1 : 0;
  attributes.exclude_hv = exclude_kernel ? 1 : 0;
  constexpr int kAnyCpu = -1;
  constexpr int kNoGroup = -1;
  return static_cast<int>(syscall(SYS_perf_event_open, &attributes, tid, kAnyCpu, kNoGroup, PERF_FLAG_FD_CLOEXEC));
}

// Makes the event send its thread the signal of ticks with si_fd, and starts it.
bool StartEvent(int fd, pid_t tid) {
  const f_owner_ex owner = {F_OWNER_TID, tid};
  return fcntl(fd, F_SETOWN_EX, &owner) == 0 && fcntl(fd, F_SETSIG, TickSignal()) == 0 &&
         fcntl(fd, F_SETFL, O_RDONLY | O_ASYNC) == 0 && ioctl(fd, PERF_EVENT_IOC_ENABLE, 0) == 0;
}

bool ReadParanoid(int* value) {
  std::FILE* const file = std::fopen("/proc/sys/kernel/perf_event_paranoid", "re");
  if (file == nullptr) return false;
  const bool is_read = std::fscanf(file, "%d", value) == 1;
  std::fclose(file);
  return is_read;
}

}  // namespace

PerfProbe PerfTimers::Probe() {
  constexpr uint64_t kSomePeriodNanos = 10'000'000;
  PerfProbe probe = {{AddOutcome::kAdded, 0}, false, false, 0};
  probe.knows_paranoid = ReadParanoid(&probe.paranoid);
  const pid_t self = OwnTid();
  int fd = OpenEvent(self, kSomePeriodNanos, false);
  if (fd < 0 && (errno == EACCES || errno == EPERM)) {
    probe.excludes_kernel = true;
    fd = OpenEvent(self, kSomePeriodNanos, true);
  }
  if (fd < 0) {
    probe.result = ResultOfErrno(errno);
    return probe;
  }
  // Some sandboxes give an event, and do not let it send signals.
  if (!StartEvent(fd, self)) probe.result = ResultOfErrno(errno);
  ioctl(fd, PERF_EVENT_IOC_DISABLE, 0);
  close(fd);
  return probe;
}

AddResult PerfTimers::Add(pid_t tid, CountFrom from) {
  if (events_.count(tid) != 0) return {AddOutcome::kAlreadyThere, 0};
  const int fd = OpenEvent(tid, period_ns_, excludes_kernel_);
  if (fd < 0) return ResultOfErrno(errno);
  if (fd >= kMostDescriptors) {
    close(fd);
    return {AddOutcome::kLimit, EMFILE};
  }
  clockid_t clock;
  uint64_t now_ns = 0;
  if (!GetThreadCpuClock(tid, &clock) || !ReadCpuClock(clock, &now_ns)) {
    close(fd);
    return {AddOutcome::kThreadGone, ESRCH};
  }
  Slot& slot = slots[fd];
  slot.start_ns.store(from == CountFrom::kNow ? now_ns : 0, std::memory_order_relaxed);
  slot.period_ns.store(period_ns_, std::memory_order_relaxed);
  slot.tid.store(tid, std::memory_order_relaxed);
  slot.session.store(session_.Get(), std::memory_order_release);  // release: pairs with the acquire in TakePerfTicks()
  if (!StartEvent(fd, tid)) {
    const int error = errno;
    close(fd);
    return ResultOfErrno(error);
  }
  events_.emplace(tid, fd);
  return {AddOutcome::kAdded, 0};
}

void PerfTimers::Remove(pid_t tid) {
  const auto found = events_.find(tid);
  if (found == events_.end()) return;
  // A child of fork shares the event: there it is closed and goes on for the parent. Here, should a child of fork hold it
  // open, it would go on after it was closed. The slot keeps its session, for a signal that is still on its way.
  if (getpid() == process_) ioctl(found->second, PERF_EVENT_IOC_DISABLE, 0);
  close(found->second);
  events_.erase(found);
}

#else

namespace {

pid_t OwnTid() { return 0; }

}  // namespace

PerfProbe PerfTimers::Probe() { return {{AddOutcome::kNotAvailable, ENOSYS}, false, false, 0}; }
AddResult PerfTimers::Add(pid_t, CountFrom) { return {AddOutcome::kNotAvailable, ENOSYS}; }
void PerfTimers::Remove(pid_t) {}

#endif  // defined(__linux__)

PerfTimers::PerfTimers(uint64_t period_ns, const PerfProbe& probe)
    : period_ns_(period_ns), process_(getpid()), excludes_kernel_(probe.excludes_kernel) {}

PerfTimers::~PerfTimers() { RemoveAll(); }

void PerfTimers::RemoveAll() {
  while (!events_.empty()) Remove(events_.begin()->first);
  session_.End();
}

std::string PerfProbe::Reason() const {
  if (result.ok()) return "";
  std::string reason = "perf_event_open is ";
  reason += NameOf(result.outcome);
  if (result.error != 0) {
    reason += " (";
    reason += std::strerror(result.error);
    reason += ")";
  }
  if (result.outcome == AddOutcome::kForbidden && knows_paranoid) {
    reason += paranoid > 2 ? ": /proc/sys/kernel/perf_event_paranoid is "
                           : ": by a sandbox, for /proc/sys/kernel/perf_event_paranoid is only ";
    reason += std::to_string(paranoid);
  }
  return reason;
}

PerfTick TakePerfTicks(int fd, uint64_t* ticks) {
  *ticks = 0;
  if (fd < 0 || fd >= kMostDescriptors) return PerfTick::kNotOurs;
  const Slot& slot = slots[fd];
  const uint32_t session = slot.session.load(std::memory_order_acquire);  // acquire: pairs with the release in Add()
  if (session == 0) return PerfTick::kNotOurs;
  if (session != TimerSession::Current()) return PerfTick::kPast;
  // The descriptor of an event that is gone may be that of another thread's event by now.
  if (slot.tid.load(std::memory_order_relaxed) != OwnTid()) return PerfTick::kPast;
  uint64_t now_ns;
  if (!ReadCpuClock(CLOCK_THREAD_CPUTIME_ID, &now_ns)) return PerfTick::kPast;
  if (credited_session != session) {
    credited_session = session;
    credited_ticks = 0;
  }
  const uint64_t start_ns = slot.start_ns.load(std::memory_order_relaxed);
  const uint64_t period_ns = slot.period_ns.load(std::memory_order_relaxed);
  if (now_ns < start_ns) return PerfTick::kPast;
  // To the nearest: the event's clock and this one read differently by a little.
  const uint64_t owed_ticks = (now_ns - start_ns + period_ns / 2) / period_ns;
  if (owed_ticks > credited_ticks) {
    *ticks = owed_ticks - credited_ticks;
    credited_ticks = owed_ticks;
  }
  return PerfTick::kCurrent;
}

static_assert(std::atomic<uint64_t>::is_always_lock_free && std::atomic<uint32_t>::is_always_lock_free,
              "a handler may only touch lock-free atomics");
static_assert(std::atomic<pid_t>::is_always_lock_free, "a handler may only touch lock-free atomics");

}  // namespace nativeprof
