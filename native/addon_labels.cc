// addon_labels.cc: see addon_labels.h. Every thread that runs JavaScript calls these for itself; the sets are the process's.

#include "addon_labels.h"

#include <v8.h>

#include "heap/context_frame.h"
#include "label_sets.h"
#include "label_source.h"
#include "napi_v8.h"

namespace nativeprof {

namespace {

// Lives as long as the process: workers may run during its last moments.
LabelSets& label_sets = *new LabelSets();

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

// These two are called for every request, and are V8's own kind of function, which is called in a third of the time.

// contextNow() → the async context: undefined, or a Map
void ContextNow(const v8::FunctionCallbackInfo<v8::Value>& info) {
  info.GetReturnValue().Set(ContextFrame::Current(info.GetIsolate()));
}

// exchangeContext(expected, next) → whether it was `expected`, and is `next` now
void ExchangeContext(const v8::FunctionCallbackInfo<v8::Value>& info) {
  info.GetReturnValue().Set(ContextFrame::Exchange(info.GetIsolate(), info[0], info[1]));
}

Napi::Value V8Function(Napi::Env env, v8::FunctionCallback callback) {
  const v8::Local<v8::Context> context = v8::Isolate::GetCurrent()->GetCurrentContext();
  return FromV8(env, v8::Function::New(context, callback, v8::Local<v8::Value>(), 0, v8::ConstructorBehavior::kThrow)
                         .ToLocalChecked());
}

}  // namespace

void AddLabelFunctions(Napi::Env env, Napi::Object exports) {
  exports.Set("openLabels", Napi::Function::New(env, OpenLabels, "openLabels"));
  exports.Set("scanLabels", Napi::Function::New(env, ScanLabels, "scanLabels"));
  exports.Set("stopLabelScan", Napi::Function::New(env, StopLabelScan, "stopLabelScan"));
  exports.Set("contextNow", V8Function(env, ContextNow));
  exports.Set("exchangeContext", V8Function(env, ExchangeContext));
  exports.Set("labelNow", Napi::Function::New(env, LabelNow, "labelNow"));
  exports.Set("labelNumber", Napi::Function::New(env, LabelNumber, "labelNumber"));
  exports.Set("labelText", Napi::Function::New(env, LabelText, "labelText"));
  exports.Set("whyLabelHooks", Napi::Function::New(env, WhyLabelHooks, "whyLabelHooks"));
  exports.Set("setWhyLabelHooks", Napi::Function::New(env, SetWhyLabelHooks, "setWhyLabelHooks"));
}

}  // namespace nativeprof
