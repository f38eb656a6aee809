// addon_labels.cc: see addon_labels.h. Every thread that runs JavaScript calls these for itself; the sets are the process's.

#include "addon_labels.h"

#include <v8.h>

#include <cstring>

#include "label_sets.h"
#include "label_source.h"

namespace nativeprof {

namespace {

// Lives as long as the process: workers may run during its last moments.
LabelSets& label_sets = *new LabelSets();

// A napi_value is a V8 handle, in every version of Node.js.
template <typename T>
v8::Local<T> ToV8(const Napi::Value& value) {
  v8::Local<T> local;
  const napi_value handle = value;
  static_assert(sizeof(local) == sizeof(handle));
  std::memcpy(static_cast<void*>(&local), &handle, sizeof(local));
  return local;
}

// openLabels(slot: ArrayBuffer)
void OpenLabels(const Napi::CallbackInfo& info) {
  if (LabelSource::OfThread() != nullptr) return;
  LabelSource::Open(v8::Isolate::GetCurrent(), ToV8<v8::ArrayBuffer>(info[0]));
}

// scanLabels(storage, known) → why not, '' if it does
Napi::Value ScanLabels(const Napi::CallbackInfo& info) {
  const int32_t known = info[1].As<Napi::Number>().Int32Value();
  const char* const why_not = LabelSource::OfThread()->Scan(ToV8<v8::Object>(info[0]), known);
  return Napi::String::New(info.Env(), why_not == nullptr ? "" : why_not);
}

void StopLabelScan(const Napi::CallbackInfo&) { LabelSource::OfThread()->StopScan(); }

Napi::Value LabelNow(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), LabelSource::OfThread()->Now());
}

// labelNumber(text) → number
Napi::Value LabelNumber(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), label_sets.NumberOf(info[0].As<Napi::String>().Utf8Value()));
}

// labelText(number) → text, '' if forgotten
Napi::Value LabelText(const Napi::CallbackInfo& info) {
  return Napi::String::New(info.Env(), label_sets.TextOf(info[0].As<Napi::Number>().Uint32Value()));
}

Napi::Value WhyLabelHooks(const Napi::CallbackInfo& info) {
  return Napi::String::New(info.Env(), label_sets.WhyHooks());
}

void SetWhyLabelHooks(const Napi::CallbackInfo& info) {
  label_sets.SetWhyHooks(info[0].As<Napi::String>().Utf8Value());
}

}  // namespace

void AddLabelFunctions(Napi::Env env, Napi::Object exports) {
  exports.Set("openLabels", Napi::Function::New(env, OpenLabels, "openLabels"));
  exports.Set("scanLabels", Napi::Function::New(env, ScanLabels, "scanLabels"));
  exports.Set("stopLabelScan", Napi::Function::New(env, StopLabelScan, "stopLabelScan"));
  exports.Set("labelNow", Napi::Function::New(env, LabelNow, "labelNow"));
  exports.Set("labelNumber", Napi::Function::New(env, LabelNumber, "labelNumber"));
  exports.Set("labelText", Napi::Function::New(env, LabelText, "labelText"));
  exports.Set("whyLabelHooks", Napi::Function::New(env, WhyLabelHooks, "whyLabelHooks"));
  exports.Set("setWhyLabelHooks", Napi::Function::New(env, SetWhyLabelHooks, "setWhyLabelHooks"));
}

}  // namespace nativeprof
