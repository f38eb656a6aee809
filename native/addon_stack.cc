// addon_stack.cc: see addon_stack.h.

#include "addon_stack.h"

#include <v8.h>

#include <iterator>
#include <utility>

#include "addon_bytes.h"
#include "heap/trust.h"
#include "record.h"
#include "stack_here.h"

namespace nativeprof {

namespace {

const char* TablesLevel() {
  switch (HeapTrust::Get()) {
    case HeapTrust::State::kLines:
      return "lines";
    case HeapTrust::State::kLinesAndInlining:
      return "lines-and-inlining";
    default:
      return "none";
  }
}

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
  result.Set("codeEvents", ToNodeBuffer(env, std::move(here.code_events)));
  result.Set("codeRanges", code_ranges);
  result.Set("tables", TablesLevel());
  return result;
}

}  // namespace

void AddStackFunctions(Napi::Env env, Napi::Object exports) {
  exports.Set("stackHere", Napi::Function::New(env, FindStackHere, "stackHere"));
}

}  // namespace nativeprof
