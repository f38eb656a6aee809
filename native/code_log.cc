// code_log.cc: see code_log.h.

#include "code_log.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include "clock.h"
#include "code_event_hub.h"
#include "code_kind.h"
#include "heap/source_map_url.h"
#include "js_linkage.h"

namespace nativeprof {

namespace {

// Beyond this, scripts are told of again: programs evaluate code without end.
constexpr size_t kMostScripts = 65'536;

// Larger source maps inside of scripts are not copied, nor are any while as much waits to be taken.
constexpr size_t kMostUrlBytes = 32 << 20;

// When so much waits, it should be taken.
constexpr size_t kWorthTakingBytes = 4 << 20;

// V8 lists its code again when this much has been told since the last listing, and three times what that told. 8 MiB are some
// 20,000 functions, which cost V8 a second or more to compile; a listing then takes a hundredth of that.
constexpr size_t kWorthListingBytes = 8 << 20;
constexpr size_t kListingsWorth = 3;

// Held while it is called, so that nobody is still calling it when it has been taken back.
std::mutex& wake_mutex = *new std::mutex();
void (*wake_reader)() = nullptr;

// The event handler of V8 has no room for data of ours, so the log of an isolate is found here. A log is added and removed
// on the thread of its isolate, while no event of that isolate can come; so a log that was found stays.
// Both live as long as the process: a worker may outlive its static destructors.
std::mutex& logs_mutex = *new std::mutex();
std::vector<std::pair<v8::Isolate*, CodeLog*>>& logs = *new std::vector<std::pair<v8::Isolate*, CodeLog*>>();

// The SharedFunctionInfo that V8 shows as a script: a tagged pointer.
uint64_t FunctionOf(const v8::JitCodeEvent& event) {
  return event.script.IsEmpty() ? 0 : *reinterpret_cast<const uint64_t*>(*event.script);
}

uint32_t ScriptIdOf(const v8::JitCodeEvent& event) {
  return event.script.IsEmpty() ? 0 : static_cast<uint32_t>(event.script->GetId());
}

}  // namespace

CodeLog* CodeLog::Of(v8::Isolate* isolate) {
  const std::lock_guard<std::mutex> lock(logs_mutex);
  const auto newest = std::find_if(logs.rbegin(), logs.rend(), [isolate](const auto& entry) { return entry.first == isolate; });
  return newest == logs.rend() ? nullptr : newest->second;
}

std::vector<CodeLog*> CodeLog::AllOf(v8::Isolate* isolate) {
  const std::lock_guard<std::mutex> lock(logs_mutex);
  std::vector<CodeLog*> all;
  for (const auto& [of, log] : logs) {
    if (of == isolate) all.push_back(log);
  }
  return all;
}

void CodeLog::Start(v8::Isolate* isolate) {
  isolate_ = isolate;
  is_listed_ = false;
  {
    const std::lock_guard<std::mutex> lock(mutex_);  // the reader may still be taking what an earlier run left
    events_.Clear();
    is_lost_ = false;
    told_bytes_ = listed_bytes_ = 0;
  }
  moves_.clear();
  scripts_.clear();
  positions_of_ = 0;
  reader_.Start();
  in_gc_ = false;
  stamp_.store(0, std::memory_order_relaxed);
  event_nanos_.store(0, std::memory_order_relaxed);
  {
    const std::lock_guard<std::mutex> lock(logs_mutex);
    logs.emplace_back(isolate, this);
  }
  isolate->AddGCPrologueCallback(OnGcPrologue, this);
  isolate->AddGCEpilogueCallback(OnGcEpilogue, this);
  TheCodeEventHub().subscribe(isolate, OnEvent);
}

void CodeLog::List(V8Code* v8_code) {
  if (isolate_ == nullptr || !IsTimeToList()) return;
  is_listed_ = true;
  const uint64_t start_nanos = MonotonicNanos();
  const uint64_t nanos_before = EventNanos();
  if (v8_code != nullptr) v8_code->Clear(isolate_);
  v8_code_ = v8_code;
  AppendListing(false);
  TheCodeEventHub().list(isolate_, OnEvent);
  AppendListing(true);
  if (v8_code != nullptr) v8_code->Sort();
  v8_code_ = nullptr;
  // V8's own part included.
  event_nanos_.store(nanos_before + MonotonicNanos() - start_nanos, std::memory_order_relaxed);
}

bool CodeLog::IsTimeToList() {
  if (!is_listed_) return true;
  const std::lock_guard<std::mutex> lock(mutex_);
  if (is_lost_) return events_.room() == CodeEvents::Room::kAll;  // there is, once somebody has taken it
  return told_bytes_ >= std::max(kWorthListingBytes, kListingsWorth * listed_bytes_);
}

void CodeLog::AppendListing(bool is_end) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (!is_end && events_.room() != CodeEvents::Room::kNone) is_lost_ = false;
  // An end without what it ends would have the reader forget everything.
  if (is_lost_) return;
  events_.AddListing(static_cast<uint32_t>(stamp_.load(std::memory_order_relaxed)), is_end);
  if (is_end) listed_bytes_ = told_bytes_;
  told_bytes_ = 0;
}

void CodeLog::Stop() {
  if (isolate_ == nullptr) return;
  // One handler serves all logs of an isolate.
  if (AllOf(isolate_).size() == 1) TheCodeEventHub().unsubscribe(isolate_, OnEvent);
  isolate_->RemoveGCPrologueCallback(OnGcPrologue, this);
  isolate_->RemoveGCEpilogueCallback(OnGcEpilogue, this);
  const std::lock_guard<std::mutex> lock(logs_mutex);
  logs.erase(std::remove_if(logs.begin(), logs.end(), [this](const auto& entry) { return entry.second == this; }),
             logs.end());
  isolate_ = nullptr;
}

ByteBuffer CodeLog::Find(uintptr_t pc) {
  AnnouncedCode code;
  CodeTables tables;
  CodeEvents events;
  if (!reader_.Find(pc, &code, &tables)) return {};
  const std::string_view name = code.kind == CodeKind::kMaglev ? "JS:+" : "JS:*";
  events.AddCode({v8::JitCodeEvent::JIT_CODE, false, 0, code.start, code.bytes, code.script_id, name, tables});
  return events.Take();
}

ByteBuffer CodeLog::Take() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return events_.Take();
}

void CodeLog::SetWake(void (*wake)()) {
  const std::lock_guard<std::mutex> lock(wake_mutex);
  wake_reader = wake;
}

void CodeLog::Wake() {
  const std::lock_guard<std::mutex> lock(wake_mutex);
  if (wake_reader != nullptr) wake_reader();
}

// If there is none, says so once: what the reader knows is out of date from here on.
bool CodeLog::HasRoom() {
  if (is_lost_) return false;
  if (events_.room() != CodeEvents::Room::kNone) return true;
  is_lost_ = true;
  const uint32_t sequence = static_cast<uint32_t>(stamp_.load(std::memory_order_relaxed)) + 1;
  events_.AddLost(sequence);
  stamp_.store(sequence, std::memory_order_relaxed);
  return false;
}

void CodeLog::CountAdded(size_t bytes_before) {
  const size_t bytes = events_.bytes();
  told_bytes_ += bytes - bytes_before;
  if (bytes_before < kWorthTakingBytes && bytes >= kWorthTakingBytes) Wake();
}

void CodeLog::OnEvent(const v8::JitCodeEvent* event) {
  if (event->type == v8::JitCodeEvent::CODE_ADD_LINE_POS_INFO) {
    if (event->user_data != nullptr) static_cast<CodeLog*>(event->user_data)->Position(*event);
    return;
  }
  CodeLog* const log = Of(event->isolate);
  if (log == nullptr) return;
  const uint64_t start_nanos = MonotonicNanos();
  switch (event->type) {
    case v8::JitCodeEvent::CODE_ADDED:
      log->Added(*event);
      break;
    case v8::JitCodeEvent::CODE_MOVED:
      for (CodeLog* const each : AllOf(event->isolate)) each->Moved(*event);
      break;
    case v8::JitCodeEvent::CODE_START_LINE_INFO_RECORDING:
      // V8 hands this back in the events that follow, of which there are many.
      const_cast<v8::JitCodeEvent*>(event)->user_data = log;
      log->positions_ = PositionHash();
      break;
    case v8::JitCodeEvent::CODE_END_LINE_INFO_RECORDING:
      log->positions_of_ = reinterpret_cast<uintptr_t>(event->code_start);
      break;
    default:
      return;
  }
  log->event_nanos_.fetch_add(MonotonicNanos() - start_nanos, std::memory_order_relaxed);
}

void CodeLog::Position(const v8::JitCodeEvent& event) {
  // A statement's position is announced twice, as that and as any other.
  if (event.line_info.position_type != v8::JitCodeEvent::POSITION) return;
  positions_.Add(event.line_info.offset, static_cast<int64_t>(event.line_info.pos));
}

void CodeLog::Added(const v8::JitCodeEvent& event) {
  const std::string_view name(event.name.str, event.name.len);
  const uint64_t function = FunctionOf(event);
  const uint32_t script_id = ScriptIdOf(event);
  ReadTables(event, name);
  const std::lock_guard<std::mutex> lock(mutex_);
  if (v8_code_ != nullptr) v8_code_->Add(reinterpret_cast<uintptr_t>(event.code_start), event.code_len, name);
  if (!HasRoom()) return;
  const size_t bytes_before = events_.bytes();
  const bool has_all_room = events_.room() == CodeEvents::Room::kAll;
  if (!has_all_room) tables_.ClearPositions();
  if (scripts_.size() >= kMostScripts) scripts_.clear();
  if (script_id != 0 && has_all_room && scripts_.insert(script_id).second) AppendScript(event, function, script_id);
  const uint32_t sequence = static_cast<uint32_t>(stamp_.load(std::memory_order_relaxed)) + 1;
  constexpr std::string_view kBuiltin = "Builtin:";
  const bool is_builtin = name.substr(0, kBuiltin.size()) == kBuiltin;
  const bool is_callable = is_builtin && HasJsLinkage(static_cast<const uint8_t*>(event.code_start), event.code_len);
  events_.AddCode({static_cast<uint8_t>(event.code_type), is_callable, sequence,
                   reinterpret_cast<uintptr_t>(event.code_start), event.code_len, script_id, name, tables_});
  // Nothing is compiled while a collection moves code; if it were, that would still be so.
  stamp_.store(sequence | (stamp_.load(std::memory_order_relaxed) & kIsMoving), std::memory_order_relaxed);
  CountAdded(bytes_before);
}

void CodeLog::ReadTables(const v8::JitCodeEvent& event, std::string_view name) {
  tables_.Clear();
  CodeKind kind;
  if (!FindKind(name, &kind)) return;
  const auto start = reinterpret_cast<uintptr_t>(event.code_start);
  const bool is_announced = positions_of_ == start;
  positions_of_ = 0;
  reader_.Read({kind, start, event.code_len, FunctionOf(event), ScriptIdOf(event), is_announced ? &positions_ : nullptr},
               &tables_);
}

void CodeLog::AppendScript(const v8::JitCodeEvent& event, uint64_t function, uint32_t script_id) {
  ScriptTable script;
  if (!reader_.ReadScript(function, script_id, &script)) return;
  // Where many wait, the comment at the end of the file has to do.
  const size_t most_url_bytes = events_.bytes() < kMostUrlBytes ? kMostUrlBytes : 4096;
  const std::string url = SourceMapUrlOf(event.isolate, event.script, most_url_bytes);
  events_.AddScript(static_cast<uint32_t>(stamp_.load(std::memory_order_relaxed)), script, url);
}

void CodeLog::Moved(const v8::JitCodeEvent& event) {
  const std::lock_guard<std::mutex> lock(mutex_);
  moves_.push_back({reinterpret_cast<uint64_t>(event.code_start), reinterpret_cast<uint64_t>(event.new_code_start)});
  stamp_.fetch_or(kIsMoving, std::memory_order_relaxed);
  if (!in_gc_) FlushMoves();
}

void CodeLog::FlushMoves() {
  if (moves_.empty()) return;
  if (HasRoom()) {
    const size_t bytes_before = events_.bytes();
    const uint32_t sequence = static_cast<uint32_t>(stamp_.load(std::memory_order_relaxed)) + 1;
    events_.AddMoves(sequence, moves_);
    stamp_.store(sequence, std::memory_order_relaxed);
    CountAdded(bytes_before);
  }
  moves_.clear();
  stamp_.fetch_and(~kIsMoving, std::memory_order_relaxed);
}

void CodeLog::OnGcPrologue(v8::Isolate*, v8::GCType type, v8::GCCallbackFlags, void* data) {
  CodeLog* const log = static_cast<CodeLog*>(data);
  if ((type & v8::kGCTypeMarkSweepCompact) != 0) log->List(nullptr);
  const std::lock_guard<std::mutex> lock(log->mutex_);
  log->in_gc_ = true;
}

void CodeLog::OnGcEpilogue(v8::Isolate*, v8::GCType type, v8::GCCallbackFlags, void* data) {
  CodeLog* const log = static_cast<CodeLog*>(data);
  // A scavenge gives back pages of the young generation only, where no code is, nor what belongs to code.
  if ((type & v8::kGCTypeMarkSweepCompact) != 0) log->reader_.Forget();
  const std::lock_guard<std::mutex> lock(log->mutex_);
  log->in_gc_ = false;
  log->FlushMoves();
}

}  // namespace nativeprof
