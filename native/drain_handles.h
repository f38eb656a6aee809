// drain_handles.h: how the main thread's event loop gets to drain, without ever keeping the process alive or waking an idle
// loop: a check handle, which runs once per turn of the loop, and an async, which a handler sends when there is need.

#ifndef NATIVEPROF_DRAIN_HANDLES_H_
#define NATIVEPROF_DRAIN_HANDLES_H_

#include <napi.h>
#include <uv.h>

namespace nativeprof {

// Calls a function of ours from outside of JavaScript. Null if it could not be called, as while the environment is being
// torn down and its event loop still turns, or if it threw. (Napi::Function::Call would abort the process then.)
// Needs an open handle scope.
// Context: JS thread.
napi_value CallFromNative(const Napi::FunctionReference& function);

// Lives as long as the process: a handler may run during its last moments.
class DrainHandles {
 public:
  // `on_drain` is called in every turn of the loop in which `is_due` is true, and after Wake() if `is_wanted`.
  // Context: JS thread.
  bool Open(Napi::Env env, Napi::Function on_drain, bool (*is_due)(), bool (*is_wanted)());

  // Context: JS thread.
  bool IsOf(napi_env env) const { return opened_ && env == static_cast<napi_env>(env_); }
  void SetCallback(Napi::Function on_drain) { on_drain_ = Napi::Persistent(on_drain); }

  // Before the environment and its loop go away.
  // Context: JS thread.
  void Close();

  // Context: signal handler (async-signal-safe).
  void Wake() { uv_async_send(&async_); }

 private:
  static void OnCheck(uv_check_t* check);
  static void OnAsync(uv_async_t* async);
  void CallBack();

  // owned by the JS thread
  Napi::Env env_ = nullptr;
  Napi::FunctionReference on_drain_;
  bool (*is_due_)() = nullptr;
  bool (*is_wanted_)() = nullptr;
  uv_check_t check_;
  bool opened_ = false;

  // written by the JS thread before a handler can run
  uv_async_t async_;
};

}  // namespace nativeprof

#endif  // NATIVEPROF_DRAIN_HANDLES_H_
