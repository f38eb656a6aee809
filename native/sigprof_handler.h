// sigprof_handler.h: the process's SIGPROF handler: installed when the addon loads, and never taken back.
//
// A signal that is not our tick goes to whoever handled SIGPROF before us. There is no way to take a handler back that is
// safe against a late tick: under SIG_DFL that tick would end the process ("Profiling timer expired"). So when the
// sampler stops, the handler stays and only forwards.

#ifndef NATIVEPROF_SIGPROF_HANDLER_H_
#define NATIVEPROF_SIGPROF_HANDLER_H_

#include <csignal>

#include <atomic>
#include <string>

#include "counters.h"
#include "coverage_watch.h"
#include "registers.h"
#include "ring_buffer.h"
#include "signal_safe.h"
#include "thread_state.h"
#include "walk_resources.h"

namespace nativeprof {

class SigprofHandler {
 public:
  // Installs the handler, once. If SIGPROF has one already, it is left alone: see OwnerBefore(). False with errno if the kernel
  // refuses.
  // Context: any thread, not async-signal-safe.
  static bool Install();

  // Whose handler SIGPROF had when Install() came: a clause; empty if none. When they stop, they may put back what they saw
  // before themselves, which is not us; a tick of ours would then end the process.
  // Context: any thread.
  static const std::string& OwnerBefore();

  // For ticks by a signal of our own (tick_signal.h), which is never taken back, either. False if there is none.
  // Context: JS thread.
  static bool InstallForOwnSignal();

  // Takes the signal back if somebody has installed a handler over ours, and chains to them. What they will put back
  // when they stop is us. Not if SIGPROF was theirs before us.
  // Context: JS thread.
  enum class Held { kYes, kTakenBack, kRefused };  // kRefused with errno
  static Held EnsureInstalled();

  // The process's timer is somebody else's now: its signals are theirs.
  // Context: JS thread.
  static void GiveUpProcessTicks();

  // What a tick is handled with. All of it outlives Disarm().
  struct Resources {
    RingBuffer* ring;
    Counters* counters;
    WalkResources* walk;
    CoverageWatch* coverage_watch;
    void (*wake_reader)();   // async-signal-safe
    bool takes_process_ticks;  // ITIMER_PROF is ours
    uint64_t period_ns;
  };

  // From here on a tick is a sample for the ring.
  // Context: JS thread, no handler running.
  static void Arm(const Resources& resources);

  // From here on a tick is dropped silently; returns when no handler is running any more. Disarm the timer first.
  // Context: JS thread.
  static void Disarm();

  // Whether ticks are samples now.
  // Context: any thread.
  static bool is_armed();

  // How many handlers are running right now, on other threads.
  // Context: any thread. acquire: pairs with the release at the end of a handler.
  static int handlers_running() { return handlers_running_.load(std::memory_order_acquire); }

 private:
  static void Handle(int signal, siginfo_t* info, void* context) noexcept;
  static void RecordTick(SignalContext context, const Registers& registers, uint64_t ticks, uint64_t now_nanos);
  static void RecordStack(SignalContext context, const Registers& registers);
  static void AnnounceThread(SignalContext context, uint32_t tid, uint64_t now_nanos);
  static struct sigaction OwnAction();
  static bool TakeSignal();
  static void Forward(int signal, siginfo_t* info, void* context);

  static std::atomic<int> handlers_running_;
};

}  // namespace nativeprof

#endif  // NATIVEPROF_SIGPROF_HANDLER_H_
