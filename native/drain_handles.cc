// drain_handles.cc: see drain_handles.h.

#include "drain_handles.h"

namespace nativeprof {

napi_value CallFromNative(const Napi::FunctionReference& function) {
  const napi_env env = function.Env();
  napi_value receiver = nullptr;
  napi_value result = nullptr;
  if (napi_get_undefined(env, &receiver) != napi_ok) return nullptr;
  if (napi_call_function(env, receiver, function.Value(), 0, nullptr, &result) == napi_ok) return result;
  bool is_pending = false;
  napi_value exception = nullptr;
  if (napi_is_exception_pending(env, &is_pending) == napi_ok && is_pending) {
    napi_get_and_clear_last_exception(env, &exception);
  }
  return nullptr;
}

bool DrainHandles::Open(Napi::Env env, Napi::Function on_drain, bool (*is_due)(), bool (*is_wanted)()) {
  env_ = env;
  is_due_ = is_due;
  is_wanted_ = is_wanted;
  uv_loop_t* loop = nullptr;
  if (napi_get_uv_event_loop(env, &loop) != napi_ok) return false;
  if (uv_check_init(loop, &check_) != 0 || uv_async_init(loop, &async_, OnAsync) != 0) return false;
  check_.data = async_.data = this;
  uv_check_start(&check_, OnCheck);
  uv_unref(reinterpret_cast<uv_handle_t*>(&check_));
  uv_unref(reinterpret_cast<uv_handle_t*>(&async_));
  on_drain_ = Napi::Persistent(on_drain);
  opened_ = true;
  return true;
}

void DrainHandles::Close() {
  if (!opened_) return;
  opened_ = false;
  on_drain_.Reset();
  uv_close(reinterpret_cast<uv_handle_t*>(&check_), nullptr);
  uv_close(reinterpret_cast<uv_handle_t*>(&async_), nullptr);
}

void DrainHandles::OnCheck(uv_check_t* check) {
  auto* const handles = static_cast<DrainHandles*>(check->data);
  if (handles->is_due_()) handles->CallBack();
}

void DrainHandles::OnAsync(uv_async_t* async) {
  auto* const handles = static_cast<DrainHandles*>(async->data);
  if (handles->is_wanted_()) handles->CallBack();
}

void DrainHandles::CallBack() {
  const Napi::HandleScope scope(env_);
  CallFromNative(on_drain_);
}

}  // namespace nativeprof
