// addon.cc: what JavaScript sees of the native side. Checks the shape of arguments, calls the sampler, and calls back into
// JavaScript to drain. lib/binding.ts is the only caller, and has checked the values.

#include <napi.h>
#include <node_version.h>
#include <uv.h>

#include <cstdlib>
#include <iterator>
#include <string>
#include <utility>

#include "addon_bytes.h"
#include "addon_signal.h"
#include "addon_labels.h"
#include "addon_stack.h"
#include "addon_symbols.h"
#include "drain_handles.h"
#include "drain_time.h"
#include "end_signals.h"
#include "heap/trust.h"
#include "label_source.h"
#include "sampler.h"
#include "sigprof_handler.h"
#include "thread_state.h"
#include "timer/ticker.h"

namespace nativeprof {

namespace {

// Lives as long as the process, as all here: workers and handlers may run during its last moments.
Sampler& sampler = *new Sampler();

// How the event loop gets to drain.
DrainHandles& drain_handles = *new DrainHandles();

constexpr size_t kWorthDrainingWords = 2048;  // 16 KiB, some 40 samples: about a millisecond of symbolizing

// Both of the main thread.
DrainTime drain_time;
uint64_t period_nanos = 1;

bool IsWorthDraining() {
  sampler.LookAfterOwners();
  if (sampler.running() && sampler.UsedWords() >= kWorthDrainingWords) return drain_time.IsDue(uv_hrtime(), period_nanos);
  drain_time.Forget();
  return false;
}
bool IsRunning() { return sampler.running(); }
void WakeReader() { drain_handles.Wake(); }

// What to do before a signal ends the process; see end_signals.h. Lives as long as the process.
Napi::FunctionReference& on_end_signal = *new Napi::FunctionReference();

bool CallOnEndSignal() {
  const Napi::Env env = on_end_signal.Env();
  const Napi::HandleScope scope(env);
  const napi_value result = CallFromNative(on_end_signal);
  bool may_die = true;
  if (result != nullptr) napi_get_value_bool(env, result, &may_die);
  return may_die;
}

// The isolate is about to go: no tick may look at it any more. Runs for every environment that loaded the addon.
void OnEnvironmentEnd(napi_env env) {
  sampler.ForgetPrepared(v8::Isolate::GetCurrent());
  sampler.DetachThread();
  LabelSource::Close();
  if (!on_end_signal.IsEmpty() && static_cast<napi_env>(on_end_signal.Env()) == env) {
    EndSignals::Unwatch();
    on_end_signal.Reset();
  }
  ForgetSignal(env);
  if (!drain_handles.IsOf(env)) return;
  sampler.Stop();
  drain_handles.Close();
}

// exit() runs static destructors; a tick among them would look at half a V8.
void OnProcessExit() { sampler.StopTicks(); }
void StopTicks(const Napi::CallbackInfo&) { sampler.StopTicks(); }  // stopTicks()

const char* CodeOf(StartResult result) {
  switch (result) {
    case StartResult::kStarted:
      return "";
    case StartResult::kAlreadyRunning:
      return "ERR_NATIVEPROF_ALREADY_RUNNING";
    case StartResult::kSigprofTaken:
      return "ERR_NATIVEPROF_SIGPROF_TAKEN";
    case StartResult::kTimerTaken:
      return "ERR_NATIVEPROF_TIMER_TAKEN";
    case StartResult::kTimerUnavailable:
      return "ERR_NATIVEPROF_TIMER_UNAVAILABLE";
    case StartResult::kOutOfMemory:
    case StartResult::kSystemError:
      return "ERR_NATIVEPROF_SYSTEM";
  }
  return "";
}

TimerKind KindOf(const Napi::Value& timer) {
  const std::string name = timer.As<Napi::String>().Utf8Value();
  if (name == "thread") return TimerKind::kThread;
  if (name == "perf") return TimerKind::kPerf;
  return name == "wall" ? TimerKind::kWall : TimerKind::kProcess;
}

const char* NameOf(TimerKind kind) {
  if (kind == TimerKind::kThread) return "thread";
  if (kind == TimerKind::kPerf) return "perf";
  return kind == TimerKind::kWall ? "wall" : "process";
}

Napi::Array CodeAndReason(Napi::Env env, StartResult result, const std::string& reason) {
  const Napi::Array both = Napi::Array::New(env, 2);
  both.Set(0u, CodeOf(result));
  both.Set(1u, reason);
  return both;
}

// start({ timer, mayMoveTimer, periodNanos, maxDepth, bufferBytes, onDrain }) → [code, reason]; code is '' when sampling has
// begun.
Napi::Value Start(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const Napi::Object options = info[0].As<Napi::Object>();
  const auto number = [&options](const char* name) { return options.Get(name).As<Napi::Number>().Int64Value(); };
  const auto on_drain = options.Get("onDrain").As<Napi::Function>();
  if (drain_handles.IsOf(env)) {
    drain_handles.SetCallback(on_drain);
  } else if (!drain_handles.Open(env, on_drain, IsWorthDraining, IsRunning)) {
    return CodeAndReason(env, StartResult::kSystemError, "the event loop takes no more handles");
  }
  period_nanos = static_cast<uint64_t>(number("periodNanos"));
  const Started started = sampler.Start(
      v8::Isolate::GetCurrent(),
      {KindOf(options.Get("timer")), options.Get("mayMoveTimer").As<Napi::Boolean>().Value(), period_nanos,
       static_cast<size_t>(number("maxDepth")),
       static_cast<size_t>(number("bufferBytes")), WakeReader});
  return CodeAndReason(env, started.result, started.reason);
}

// forgetPrepared()
void ForgetPrepared(const Napi::CallbackInfo&) { sampler.ForgetPrepared(v8::Isolate::GetCurrent()); }

// probeTimer(timer) → why it cannot be had, '' if it can. Not while a sampler runs.
Napi::Value ProbeTimer(const Napi::CallbackInfo& info) {
  const TickerResult probe = Ticker::Probe(KindOf(info[0]), static_cast<pid_t>(CurrentTid()));
  return Napi::String::New(info.Env(), probe.reason);
}

Napi::Object ToObject(Napi::Env env, ThreadNews& thread) {
  const uintptr_t ranges[] = {thread.jit_range.start, thread.jit_range.bytes, thread.embedded_range.start,
                              thread.embedded_range.bytes};
  Napi::Float64Array code_ranges = Napi::Float64Array::New(env, std::size(ranges));
  for (size_t i = 0; i < std::size(ranges); ++i) code_ranges[i] = static_cast<double>(ranges[i]);
  const Napi::Object object = Napi::Object::New(env);
  object.Set("number", thread.number);
  object.Set("tid", thread.tid);
  object.Set("workerId", thread.worker_id);
  object.Set("name", thread.name);
  object.Set("codeRanges", code_ranges);
  object.Set("unknownLayout", thread.unknown_layout == nullptr ? "" : thread.unknown_layout);
  object.Set("codeEvents", ToArrayBuffer(env, std::move(thread.code_events)));
  object.Set("hasEnded", thread.has_ended);
  return object;
}

// drain(maxWords, toTheEnd) → { records, threads, timer, whyMoved, whyNotMoved, whyOwnSignal, timesTakenBack, counters, consistent }
Napi::Value Drain(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Drained drained = sampler.Drain(v8::Isolate::GetCurrent(), static_cast<size_t>(info[0].As<Napi::Number>().Int64Value()),
                                        info[1].As<Napi::Boolean>().Value());
  const CounterValues& c = drained.counters;
  const std::pair<const char*, uint64_t> values[] = {
      {"ticks", c.ticks},
      {"samples", c.samples},
      {"dropped", c.dropped},
      {"notWalkable", c.not_walkable},
      {"truncated", c.truncated},
      {"walkedByV8", c.walked_by_v8},
      {"forwarded", c.forwarded},
      {"handlerNanos", c.handler_nanos},
      {"codeEventNanos", c.code_event_nanos},
      {"scannerNanos", c.scanner_nanos},
      {"listeningNanos", c.listening_nanos},
      {"refusedThreads", c.refused_threads},
  };
  const Napi::Object counters = Napi::Object::New(env);
  for (const auto& [name, value] : values) counters.Set(name, static_cast<double>(value));
  const Napi::Object result = Napi::Object::New(env);
  result.Set("records", ToArrayBuffer(env, drained.records.data(), drained.records.size() * sizeof(uint64_t)));
  const Napi::Array threads = Napi::Array::New(env, drained.threads.size());
  for (size_t i = 0; i < drained.threads.size(); ++i) {
    threads.Set(static_cast<uint32_t>(i), ToObject(env, drained.threads[i]));
  }
  result.Set("threads", threads);
  result.Set("timer", NameOf(drained.timer));
  result.Set("whyMoved", drained.why_moved);
  result.Set("whyNotMoved", drained.why_not_moved);
  result.Set("whyOwnSignal", drained.why_own_signal);
  result.Set("timesTakenBack", drained.times_taken_back);
  result.Set("tables", HeapTrust::Level());
  const char* const why_off = HeapTrust::WhyOff();
  result.Set("whyNoTables", why_off == nullptr ? "" : why_off);
  result.Set("counters", counters);
  result.Set("consistent", Napi::Boolean::New(env, drained.consistent));
  return result;
}

// findCode(address) → a code event, or nothing
Napi::Value FindCode(const Napi::CallbackInfo& info) {
  const auto pc = static_cast<uintptr_t>(info[0].As<Napi::Number>().Int64Value());
  return ToArrayBuffer(info.Env(), sampler.FindCode(v8::Isolate::GetCurrent(), pc));
}

void Stop(const Napi::CallbackInfo&) { sampler.Stop(v8::Isolate::GetCurrent()); }

void Release(const Napi::CallbackInfo&) { sampler.Release(); }

Napi::Value SafeReadAvailable(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), sampler.safe_read_available());
}

// watchEndSignals(callback) → whether it could be done
Napi::Value WatchEndSignals(const Napi::CallbackInfo& info) {
  uv_loop_t* loop = nullptr;
  on_end_signal = Napi::Persistent(info[0].As<Napi::Function>());
  const bool done = napi_get_uv_event_loop(info.Env(), &loop) == napi_ok &&
                    EndSignals::Watch(v8::Isolate::GetCurrent(), loop, CallOnEndSignal);
  return Napi::Boolean::New(info.Env(), done);
}

void DieIfSignalled(const Napi::CallbackInfo&) { EndSignals::DieIfSignalled(); }

void RetakeEndSignals(const Napi::CallbackInfo&) { EndSignals::Retake(); }

// attachThread(workerId, name) → whether it was not attached already
Napi::Value AttachThread(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(),
                            sampler.AttachThread(v8::Isolate::GetCurrent(), info[0].As<Napi::Number>().Int32Value(),
                                                     info[1].As<Napi::String>().Utf8Value()));
}

// Whether the running node has the V8 that this file was compiled for. Asks by Node-API alone, which is the same in all, and
// throws nothing: in a worker that is being terminated every question fails.
bool IsForThisNode(napi_env env, const std::string& abi) {
  napi_value value = nullptr;
  if (napi_get_global(env, &value) != napi_ok) return false;
  for (const char* const name : {"process", "versions", "modules"}) {
    if (napi_get_named_property(env, value, name, &value) != napi_ok) return false;
  }
  char modules[16] = "";
  size_t length = 0;
  return napi_get_value_string_utf8(env, value, modules, sizeof(modules), &length) == napi_ok && abi == modules;
}

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  // Node checks no ABI for Node-API addons, and this one uses V8. Loaded into another node it does nothing but say what it
  // is for: the loader compares this with the running node's, and throws.
  const std::string abi = std::to_string(NODE_MODULE_VERSION);
  exports.Set("abi", Napi::String::New(env, abi));
  if (!IsForThisNode(env, abi)) return exports;
  SigprofHandler::Install();
  sampler.Prepare(v8::Isolate::GetCurrent());
  [[maybe_unused]] static const int at_exit = std::atexit(OnProcessExit);
  env.AddCleanupHook(OnEnvironmentEnd, static_cast<napi_env>(env));
  exports.Set("start", Napi::Function::New(env, Start, "start"));
  exports.Set("forgetPrepared", Napi::Function::New(env, ForgetPrepared, "forgetPrepared"));
  exports.Set("probeTimer", Napi::Function::New(env, ProbeTimer, "probeTimer"));
  exports.Set("drain", Napi::Function::New(env, Drain, "drain"));
  exports.Set("findCode", Napi::Function::New(env, FindCode, "findCode"));
  exports.Set("stop", Napi::Function::New(env, Stop, "stop"));
  exports.Set("stopTicks", Napi::Function::New(env, StopTicks, "stopTicks"));
  exports.Set("release", Napi::Function::New(env, Release, "release"));
  exports.Set("safeReadAvailable", Napi::Function::New(env, SafeReadAvailable, "safeReadAvailable"));
  exports.Set("watchEndSignals", Napi::Function::New(env, WatchEndSignals, "watchEndSignals"));
  exports.Set("dieIfSignalled", Napi::Function::New(env, DieIfSignalled, "dieIfSignalled"));
  exports.Set("retakeEndSignals", Napi::Function::New(env, RetakeEndSignals, "retakeEndSignals"));
  exports.Set("attachThread", Napi::Function::New(env, AttachThread, "attachThread"));
  AddSignalFunction(env, exports);
  AddSymbolFunctions(env, exports);
  AddLabelFunctions(env, exports);
  AddStackFunctions(env, exports, sampler.threads());
  return exports;
}

}  // namespace
}  // namespace nativeprof

static Napi::Object InitNativeprof(Napi::Env env, Napi::Object exports) { return nativeprof::Init(env, exports); }

NODE_API_MODULE(nativeprof, InitNativeprof)
