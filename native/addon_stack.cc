// addon_stack.cc: see addon_stack.h.

#include "addon_stack.h"

#include <v8.h>

#include <cerrno>
#include <cstring>
#include <iterator>
#include <utility>

#include "addon_bytes.h"
#include "heap/trust.h"
#include "record.h"
#include "stack_answers.h"
#include "stack_here.h"
#include "stack_requests.h"

namespace nativeprof {

namespace {

// immutable after AddStackFunctions()
ThreadRegistry* threads = nullptr;

// stackHere(maxDepth) → { addresses, codeEvents, codeRanges, tables }
Napi::Value FindStackHere(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const size_t max_depth = static_cast<size_t>(info[0].As<Napi::Number>().Int64Value());
  StackHere here = StackHere::Walk(v8::Isolate::GetCurrent(), max_depth);
  Napi::Float64Array addresses = Napi::Float64Array::New(env, here.addresses.size());
  for (size_t i = 0; i < here.addresses.size(); ++i) {
    const uint64_t address = here.addresses[i];
    const bool is_native = (address & kNativeAddress) != 0;
    addresses[i] = is_native ? -static_cast<double>(address & ~kNativeAddress) : static_cast<double>(address);
  }
  const uintptr_t ranges[] = {here.jit_range.start, here.jit_range.bytes, here.embedded_range.start,
                              here.embedded_range.bytes};
  Napi::Float64Array code_ranges = Napi::Float64Array::New(env, std::size(ranges));
  for (size_t i = 0; i < std::size(ranges); ++i) code_ranges[i] = static_cast<double>(ranges[i]);
  const Napi::Object result = Napi::Object::New(env);
  result.Set("addresses", addresses);
  result.Set("codeEvents", ToArrayBuffer(env, std::move(here.code_events)));
  result.Set("codeRanges", code_ranges);
  result.Set("tables", HeapTrust::Level());
  return result;
}

// answerStackRequests() → whether it could be done.
Napi::Value AnswerStackRequests(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), StackAnswers::Start(*threads));
}

// askForStacks(pid, signal, number) → the system's reason why not; '' if it has been sent.
Napi::Value AskForStacks(const Napi::CallbackInfo& info) {
  const auto number = [&info](size_t i) { return info[i].As<Napi::Number>().Int64Value(); };
  const bool is_sent = StackRequests::AskProcess(static_cast<pid_t>(number(0)), static_cast<int>(number(1)),
                                                 static_cast<uint32_t>(number(2)));
  return Napi::String::New(info.Env(), is_sent ? "" : std::strerror(errno));
}

}  // namespace

void AddStackFunctions(Napi::Env env, Napi::Object exports, ThreadRegistry& registry) {
  threads = &registry;
  exports.Set("stackHere", Napi::Function::New(env, FindStackHere, "stackHere"));
  exports.Set("answerStackRequests", Napi::Function::New(env, AnswerStackRequests, "answerStackRequests"));
  exports.Set("askForStacks", Napi::Function::New(env, AskForStacks, "askForStacks"));
}

}  // namespace nativeprof
