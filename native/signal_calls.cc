// signal_calls.cc: see signal_calls.h.

#include "signal_calls.h"


#include <atomic>
#include <csignal>

#include "quiet_thread.h"
#include "signal_safe.h"
#include "signal_semaphore.h"

namespace nativeprof {

namespace {

// immutable after Watch()
v8::Isolate* isolate = nullptr;
uv_async_t wake_loop;
void (*callback)() = nullptr;
SignalSemaphore signal_came;

// written by the JS thread
std::atomic<bool> watching{false};

// written by the waiting thread, and by the JS thread when it has made the calls
std::atomic<int> calls_due{0};

// Context: signal handler (async-signal-safe).
void HandleSignal(int) {
  const ErrnoGuard errno_guard;
  // acquire: pairs with the release in Watch()
  if (watching.load(std::memory_order_acquire)) signal_came.Post();
}

// Runs on the JS thread, from V8's interrupt or from the event loop.
void MakeCalls() {
  for (int calls = calls_due.exchange(0, std::memory_order_acq_rel); calls > 0; --calls) {
    if (watching.load(std::memory_order_acquire)) callback();
  }
}

void OnInterrupt(v8::Isolate*, void*) { MakeCalls(); }
void OnWake(uv_async_t*) { MakeCalls(); }

void* WaitForSignals(void*) {
  while (signal_came.Wait()) {
    if (!watching.load(std::memory_order_acquire)) return nullptr;
    calls_due.fetch_add(1, std::memory_order_acq_rel);
    isolate->RequestInterrupt(OnInterrupt, nullptr);
    uv_async_send(&wake_loop);
  }
  return nullptr;
}

bool StartWaiting() {
  return StartQuietThread(WaitForSignals, 128 * 1024);
}

}  // namespace

bool SignalCalls::Watch(int signal, v8::Isolate* of_isolate, uv_loop_t* loop, void (*call)()) {
  if (isolate != nullptr) return false;
  struct sigaction before;
  if (sigaction(signal, nullptr, &before) != 0) return false;
  if ((before.sa_flags & SA_SIGINFO) != 0 || (before.sa_handler != SIG_DFL && before.sa_handler != SIG_IGN)) return false;
  isolate = of_isolate;
  callback = call;
  if (!signal_came.Init()) return false;
  if (uv_async_init(loop, &wake_loop, OnWake) != 0) return false;
  uv_unref(reinterpret_cast<uv_handle_t*>(&wake_loop));
  if (!StartWaiting()) return false;
  watching.store(true, std::memory_order_release);  // release: pairs with the acquires above
  struct sigaction action = {};
  action.sa_handler = HandleSignal;
  action.sa_flags = SA_RESTART | SA_ONSTACK;
  sigfillset(&action.sa_mask);
  return sigaction(signal, &action, nullptr) == 0;
}

void SignalCalls::Unwatch() {
  if (!watching.exchange(false, std::memory_order_acq_rel)) return;
  signal_came.Post();  // the thread ends
  uv_close(reinterpret_cast<uv_handle_t*>(&wake_loop), nullptr);
}

}  // namespace nativeprof
