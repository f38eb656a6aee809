// addon_signal.cc: see addon_signal.h.

#include "addon_signal.h"

#include <uv.h>
#include <v8.h>

#include "drain_handles.h"
#include "signal_calls.h"

namespace nativeprof {

namespace {

// Lives as long as the process, as the watch does.
Napi::FunctionReference& on_signal = *new Napi::FunctionReference();

void CallOnSignal() {
  const Napi::HandleScope scope(on_signal.Env());
  CallFromNative(on_signal);
}

Napi::Value WatchSignal(const Napi::CallbackInfo& info) {
  uv_loop_t* loop = nullptr;
  const bool has_loop = on_signal.IsEmpty() && napi_get_uv_event_loop(info.Env(), &loop) == napi_ok;
  if (!has_loop) return Napi::Boolean::New(info.Env(), false);
  on_signal = Napi::Persistent(info[1].As<Napi::Function>());
  const int signal = info[0].As<Napi::Number>().Int32Value();
  return Napi::Boolean::New(info.Env(),
                            SignalCalls::Watch(signal, v8::Isolate::GetCurrent(), loop, CallOnSignal));
}

}  // namespace

void AddSignalFunction(Napi::Env env, Napi::Object exports) {
  exports.Set("watchSignal", Napi::Function::New(env, WatchSignal, "watchSignal"));
}

void ForgetSignal(napi_env env) {
  if (on_signal.IsEmpty() || static_cast<napi_env>(on_signal.Env()) != env) return;
  SignalCalls::Unwatch();
  on_signal.Reset();
}

}  // namespace nativeprof
