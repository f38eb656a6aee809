// sigprof_handler.cc: see sigprof_handler.h. The only file with a signal handler's body.

#include "sigprof_handler.h"

#include <dlfcn.h>
#include <sched.h>
#include <v8.h>

#include <cstring>

#include "clock.h"
#include "handler_pace.h"
#include "interrupted.h"
#include "label_source.h"
#include "protection_keys.h"
#include "record.h"
#include "stack_requests.h"
#include "stack_walker.h"
#include "timer/cpu_credit.h"
#include "timer/thread_clock.h"
#include "timer/tick_signal.h"
#include "timer/timer_ticks.h"
#if defined(NATIVEPROF_COMPARE_WALKS)
#include "walk_comparison.h"
#endif

namespace nativeprof {

namespace {

// written by Install() and EnsureInstalled(); the handler follows the pointer. What it points to lives for ever.
std::atomic<const struct sigaction*> previous_action{nullptr};
std::string& owner_before = *new std::string();  // lives as long as the process

// written by the JS thread while armed is false; the acquire of armed makes them visible to handlers
SigprofHandler::Resources with = {};
uint32_t recording = 0;  // how many there have been
std::atomic<bool> armed{false};
// written by Arm() and GiveUpProcessTicks()
std::atomic<bool> takes_process_ticks{false};

// written by the handler: the recording in which this thread has been announced
NATIVEPROF_SIGNAL_SAFE_TLS uint32_t announced_in = 0;

// written by the handler: set while this thread forwards, for a handler that chains back to us
NATIVEPROF_SIGNAL_SAFE_TLS bool forwarding = false;

NATIVEPROF_SIGNAL_SAFE_TLS HandlerPace pace;

bool IsForeign(const struct sigaction& action) {
  return action.sa_handler != SIG_DFL && action.sa_handler != SIG_IGN;
}

// Whose handler it is, in a clause.
std::string OwnerOf(const struct sigaction& action) {
  const void* const handler = (action.sa_flags & SA_SIGINFO) != 0 ? reinterpret_cast<const void*>(action.sa_sigaction)
                                                                   : reinterpret_cast<const void*>(action.sa_handler);
  Dl_info found = {};
  Dl_info program = {};
  if (dladdr(handler, &found) == 0 || found.dli_fname == nullptr) return "SIGPROF had a handler before nativeprof was loaded";
  // V8 is where its API is.
  const bool is_v8 = dladdr(reinterpret_cast<const void*>(&v8::V8::GetVersion), &program) != 0 &&
                     program.dli_fbase == found.dli_fbase;
  const char* const slash = std::strrchr(found.dli_fname, '/');
  const bool is_copy = std::strncmp(slash == nullptr ? found.dli_fname : slash + 1, "nativeprof.", 11) == 0;
  const std::string owner = is_v8 ? "V8's own profiler (--cpu-prof, --prof or the inspector)"
                                  : (is_copy ? "another copy of nativeprof, " : "") + std::string(found.dli_fname) + ",";
  return owner + " had a handler for SIGPROF before nativeprof was loaded";
}

// The kernel's timer says SI_KERNEL on Linux; macOS sends itimer signals like any other, as SI_USER or 0.
// Context: signal handler (async-signal-safe).
bool IsProcessTick(const siginfo_t& info) {
#if defined(__linux__)
  return info.si_code == SI_KERNEL;
#else
  return info.si_pid == 0;
#endif
}

#if defined(__APPLE__)
// written by the handler, for its own thread
NATIVEPROF_SIGNAL_SAFE_TLS CpuCredit cpu_credit;
#endif

// How many ticks such a signal stands for.
// Context: signal handler (async-signal-safe).
uint64_t ProcessTicks() {
#if defined(__APPLE__)
  uint64_t cpu_nanos;
  if (!ReadCpuClock(CLOCK_THREAD_CPUTIME_ID, &cpu_nanos)) return 1;
  return cpu_credit.Take(recording, cpu_nanos, with.period_ns);
#else
  return 1;
#endif
}

}  // namespace

std::atomic<int> SigprofHandler::handlers_running_{0};

bool SigprofHandler::is_armed() { return armed.load(std::memory_order_acquire); }

bool SigprofHandler::Install() {
  if (previous_action.load(std::memory_order_relaxed) != nullptr || !owner_before.empty()) return true;
  struct sigaction current = {};
  if (sigaction(SIGPROF, nullptr, &current) != 0) return false;
  if (!IsForeign(current)) return TakeSignal();
  owner_before = OwnerOf(current);
  return true;
}

struct sigaction SigprofHandler::OwnAction() {
  struct sigaction action = {};
  action.sa_sigaction = Handle;
  // SA_RESTART: interrupted system calls of the program go on. SA_ONSTACK: threads may run on small stacks.
  action.sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK;
  sigfillset(&action.sa_mask);
  return action;
}

bool SigprofHandler::InstallForOwnSignal() { return TakeOwnTickSignal(OwnAction()); }

bool SigprofHandler::TakeSignal() {
  const struct sigaction action = OwnAction();
  auto* const previous = new struct sigaction();
  if (sigaction(SIGPROF, &action, previous) != 0) {
    delete previous;
    return false;
  }
  previous_action.store(previous, std::memory_order_release);  // release: pairs with the acquire in Forward()
  return true;
}

const std::string& SigprofHandler::OwnerBefore() { return owner_before; }

SigprofHandler::Held SigprofHandler::EnsureInstalled() {
  if (!owner_before.empty()) return Held::kYes;
  struct sigaction current = {};
  if (sigaction(SIGPROF, nullptr, &current) != 0) return Held::kRefused;
  if ((current.sa_flags & SA_SIGINFO) != 0 && current.sa_sigaction == Handle) return Held::kYes;
  return TakeSignal() ? Held::kTakenBack : Held::kRefused;
}

void SigprofHandler::GiveUpProcessTicks() { takes_process_ticks.store(false, std::memory_order_release); }

void SigprofHandler::Arm(const Resources& resources) {
  with = resources;
  takes_process_ticks.store(resources.takes_process_ticks, std::memory_order_relaxed);
  ++recording;
  armed.store(true, std::memory_order_release);  // release: pairs with the acquire in Handle()
}

void SigprofHandler::Disarm() {
  // seq_cst, as in Handle(): either the handler sees armed == false, or this thread sees the handler running.
  armed.store(false, std::memory_order_seq_cst);
  while (handlers_running_.load(std::memory_order_seq_cst) != 0) sched_yield();
}

void SigprofHandler::Handle(int signal, siginfo_t* info, void* context) noexcept {
  const ErrnoGuard errno_guard;
  handlers_running_.fetch_add(1, std::memory_order_seq_cst);
  const bool is_armed = armed.load(std::memory_order_seq_cst);
  // A late signal of a timer of ours is nobody else's, either.
  TimerTicks tick = TakeTicksOf(SignalContext(), *info);
  if (!tick.is_ours && is_armed && IsProcessTick(*info) && takes_process_ticks.load(std::memory_order_acquire)) {
    tick = {true, ProcessTicks()};
  }
  if (!tick.is_ours) {
    const StackRequests::Kind request = StackRequests::Take(SignalContext(), *info);
    if (request == StackRequests::Kind::kNone) {
      if (is_armed) Count(with.counters->forwarded);
      Forward(signal, info, context);
    } else if (request == StackRequests::Kind::kAnswer && is_armed) {
      RecordStack(SignalContext(), ReadRegisters(SignalContext(), context));
    }
  } else if (is_armed && tick.ticks > 0) {
    const uint64_t now_nanos = MonotonicNanos();
    if (pace.LeavesTime(now_nanos)) {
      RecordTick(SignalContext(), ReadRegisters(SignalContext(), context), tick.ticks, now_nanos);
      if (with.coverage_watch->HasFallen(SignalContext(), now_nanos)) with.wake_reader();
      const uint64_t nanos = MonotonicNanos() - now_nanos;
      pace.Took(nanos);
      Count(with.counters->handler_nanos, nanos);
    } else {
      Count(with.counters->ticks, tick.ticks);
      Count(with.counters->dropped, tick.ticks);
    }
  }
  handlers_running_.fetch_sub(1, std::memory_order_release);  // release: pairs with handlers_running()
}

void SigprofHandler::RecordTick(SignalContext context, const Registers& registers, uint64_t ticks,
                                uint64_t now_nanos) {
  const ReadsAllKeys reads_all_keys(context);
#if defined(NATIVEPROF_COMPARE_WALKS)
  WalkComparison comparison(*with.ring, now_nanos);
#endif
  Count(with.counters->ticks, ticks);

  const Interrupted here(context);
  ThreadState* const thread = here.thread;
  uint64_t storage[Interrupted::kNativeDepth];
  FrameList frames = here.FramesIn(storage);
  Walk walk = {WalkOutcome::kWhole, false, v8::OTHER};
  if (thread != nullptr) {
#if defined(NATIVEPROF_COMPARE_WALKS)
    walk = comparison.WalkBoth(context, *with.walk, *thread, registers, frames);
#else
    walk = WalkStack(context, *with.walk, *thread, registers, frames);
#endif
    if (walk.outcome == WalkOutcome::kNotWalkable) return Count(with.counters->not_walkable, ticks);
  } else {
    AnnounceThread(context, here.tid, now_nanos);
    WalkNativeStack(context, *with.walk, registers, frames);
    walk.is_cut = frames.IsCut();
  }

  LabelSource* const labels = thread != nullptr ? LabelSource::OfThread() : nullptr;
  const uint32_t label_set = labels != nullptr ? labels->OfTick(context, walk.vm_state == v8::GC) : 0;

  with.ring->FlushOverflow();
  if (!here.Write(*with.ring, frames, {now_nanos, ticks, label_set, walk.vm_state})) {
    Count(with.counters->dropped, ticks);
    with.ring->AddOverflow(ticks, now_nanos);
    return;
  }

  Count(with.counters->samples, ticks);
  if (walk.is_cut) Count(with.counters->truncated, ticks);
  if (walk.outcome == WalkOutcome::kByV8) Count(with.counters->walked_by_v8, ticks);
  if (with.ring->IsHalfFull()) with.wake_reader();
}

// Where the thread is, for one who asked. It is no tick.
void SigprofHandler::RecordStack(SignalContext context, const Registers& registers) {
  const ReadsAllKeys reads_all_keys(context);
  const Interrupted here(context);
  uint64_t storage[Interrupted::kNativeDepth];
  FrameList frames = here.FramesIn(storage);
  Walk walk = {WalkOutcome::kWhole, false, v8::OTHER};
  if (here.thread != nullptr) walk = WalkStack(context, *with.walk, *here.thread, registers, frames);
  else WalkNativeStack(context, *with.walk, registers, frames);
  if (walk.outcome == WalkOutcome::kNotWalkable) frames.Truncate(0);
  // Without room for it the thread has not answered, which is said.
  here.Write(StackRequests::ring(), frames, {MonotonicNanos(), 1, 0, walk.vm_state});
}

void SigprofHandler::AnnounceThread(SignalContext context, uint32_t tid, uint64_t now_nanos) {
  if (announced_in == recording) return;
  const RingBuffer::Reservation record = with.ring->Reserve(kThreadWords);
  if (!record) return;  // the next tick tries again
  char name[16] = {};
  CurrentThreadName(context, name);
  record.words[1] = now_nanos;
  record.words[2] = tid;
  std::memcpy(record.words + 3, name, sizeof(name));
  with.ring->Publish(record, MakeHeader(RecordKind::kThread, 0, kThreadWords));
  announced_in = recording;
}

void SigprofHandler::Forward(int signal, siginfo_t* info, void* context) {
  if (signal != SIGPROF) return;  // our own signal had no handler before
  // With no handler before us the default would end the process. A late tick of our own timer looks no different
  // from a stranger's signal, and neither is worth a program's life.
  const struct sigaction* const previous = previous_action.load(std::memory_order_acquire);
  if (previous == nullptr || !IsForeign(*previous) || forwarding) return;
  forwarding = true;
  if ((previous->sa_flags & SA_SIGINFO) != 0) {
    previous->sa_sigaction(signal, info, context);
  } else {
    previous->sa_handler(signal);
  }
  forwarding = false;
}

static_assert(std::atomic<bool>::is_always_lock_free && std::atomic<int>::is_always_lock_free,
              "a handler may only touch lock-free atomics");

}  // namespace nativeprof
