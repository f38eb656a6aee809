// end_signals.cc: see end_signals.h.

#include "end_signals.h"

#include <pthread.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <iterator>

#include "quiet_thread.h"
#include "signal_safe.h"
#include "signal_semaphore.h"

namespace nativeprof {

namespace {

constexpr int kSignals[] = {SIGINT, SIGTERM, SIGHUP};
constexpr int kNone = 0;

// immutable after Watch()
struct sigaction node_actions[std::size(kSignals)];
bool is_ours[std::size(kSignals)];
v8::Isolate* isolate = nullptr;
uv_async_t wake_loop;
bool (*callback)() = nullptr;
SignalSemaphore signal_came;

// written by the handler
std::atomic<int> received_signal{kNone};

// written by the JS thread
std::atomic<bool> watching{false};
std::atomic<bool> called_back{false};

// Ends the process as node would: its own handler for SIGINT and SIGTERM restores the terminal and raises the signal
// again under the default action.
// Context: any thread; async-signal-safe.
[[noreturn]] void DieOf(int signal) {
  for (size_t i = 0; i < std::size(kSignals); ++i) {
    if (kSignals[i] == signal) sigaction(signal, &node_actions[i], nullptr);
  }
  sigset_t unblocked;
  sigemptyset(&unblocked);
  sigaddset(&unblocked, signal);
  raise(signal);
  pthread_sigmask(SIG_UNBLOCK, &unblocked, nullptr);
  // Process 1 of a container is spared the default action. The program was told to end, so it ends, as a shell says it.
  _exit(128 + signal);
}

// Context: signal handler (async-signal-safe).
void HandleEndSignal(int signal) {
  const ErrnoGuard errno_guard;
  int none = kNone;
  if (!watching.load(std::memory_order_acquire) ||
      !received_signal.compare_exchange_strong(none, signal, std::memory_order_acq_rel)) {
    DieOf(signal);
  }
  signal_came.Post();
}

// Runs on the JS thread, from V8's interrupt or from the event loop.
void CallBackAndDie() {
  if (!watching.load(std::memory_order_acquire) || called_back.exchange(true, std::memory_order_acq_rel)) return;
  if (callback()) DieOf(received_signal.load(std::memory_order_acquire));
}

void OnInterrupt(v8::Isolate*, void*) { CallBackAndDie(); }
void OnWake(uv_async_t*) { CallBackAndDie(); }

void* WaitForSignal(void*) {
  if (!signal_came.Wait()) return nullptr;
  if (!watching.load(std::memory_order_acquire)) DieOf(received_signal.load(std::memory_order_acquire));
  isolate->RequestInterrupt(OnInterrupt, nullptr);
  uv_async_send(&wake_loop);
  return nullptr;
}

bool StartWaiting() {
  return StartQuietThread(WaitForSignal, 128 * 1024);
}

void Take(int signal) {
  struct sigaction action = {};
  action.sa_handler = HandleEndSignal;
  action.sa_flags = SA_RESTART | SA_ONSTACK;
  sigfillset(&action.sa_mask);
  sigaction(signal, &action, nullptr);
}

bool IsIgnored(const struct sigaction& action) {
  return (action.sa_flags & SA_SIGINFO) == 0 && action.sa_handler == SIG_IGN;
}

}  // namespace

bool EndSignals::Watch(v8::Isolate* of_isolate, uv_loop_t* loop, bool (*call)()) {
  if (watching.load(std::memory_order_relaxed)) return true;
  isolate = of_isolate;
  callback = call;
  if (!signal_came.Init()) return false;
  if (uv_async_init(loop, &wake_loop, OnWake) != 0) return false;
  uv_unref(reinterpret_cast<uv_handle_t*>(&wake_loop));
  if (!StartWaiting()) return false;
  watching.store(true, std::memory_order_release);  // release: pairs with the acquires above
  for (size_t i = 0; i < std::size(kSignals); ++i) {
    sigaction(kSignals[i], nullptr, &node_actions[i]);
    // What was to be ignored (nohup) stays ignored. Nothing of the program has run yet: what else is there is node's own.
    is_ours[i] = !IsIgnored(node_actions[i]);
    if (is_ours[i]) Take(kSignals[i]);
  }
  return true;
}

void EndSignals::DieIfSignalled() {
  const int signal = received_signal.load(std::memory_order_acquire);
  if (signal != kNone) DieOf(signal);
}

void EndSignals::Retake() {
  if (!watching.load(std::memory_order_relaxed)) return;
  for (size_t i = 0; i < std::size(kSignals); ++i) {
    struct sigaction current;
    sigaction(kSignals[i], nullptr, &current);
    if (is_ours[i] && (current.sa_flags & SA_SIGINFO) == 0 && current.sa_handler == SIG_DFL) Take(kSignals[i]);
  }
}

void EndSignals::Unwatch() {
  if (!watching.exchange(false, std::memory_order_acq_rel)) return;
  uv_close(reinterpret_cast<uv_handle_t*>(&wake_loop), nullptr);
}

}  // namespace nativeprof
