// thread_registry.cc: see thread_registry.h.

#include "thread_registry.h"

#include <algorithm>
#include <utility>

#include "clock.h"

namespace nativeprof {

namespace {

// What an interrupt is about. The thread may be gone by the time it would come, and the state with it.
struct Question {
  ThreadRegistry* registry;
  std::shared_ptr<ThreadState> state;
};

}  // namespace

void ThreadRegistry::Prepare(v8::Isolate* isolate) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (builtins_.IsOf(isolate) || IsAttached(isolate)) return;
    for (const StatePointer& state : prepared_) {
      if (state->isolate == isolate) return;
    }
  }
  const StatePointer state = std::make_shared<ThreadState>();
  state->isolate = isolate;
  StartLog(*state);
  state->is_prepared = true;
  const std::lock_guard<std::mutex> lock(mutex_);
  prepared_.push_back(state);
}

void ThreadRegistry::ForgetPrepared(v8::Isolate* isolate) {
  StatePointer state;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    state = TakePrepared(isolate);
  }
  if (state != nullptr) state->code_log.Stop();
}

ThreadRegistry::StatePointer ThreadRegistry::TakePrepared(v8::Isolate* isolate) {
  const auto found = std::find_if(prepared_.begin(), prepared_.end(),
                                  [isolate](const StatePointer& state) { return state->isolate == isolate; });
  if (found == prepared_.end()) return nullptr;
  const StatePointer state = *found;
  prepared_.erase(found);
  return state;
}

bool ThreadRegistry::IsAttached(v8::Isolate* isolate) const {
  return std::any_of(entries_.begin(), entries_.end(), [isolate](const Entry& entry) {
    return !entry.has_ended && entry.state->isolate == isolate;
  });
}

ThreadRegistry::StatePointer ThreadRegistry::Find(v8::Isolate* isolate) {
  const std::lock_guard<std::mutex> lock(mutex_);
  for (const Entry& entry : entries_) {
    if (!entry.has_ended && entry.state->isolate == isolate) return entry.state;
  }
  return nullptr;
}

void ThreadRegistry::ListCode(v8::Isolate* isolate) {
  const StatePointer state = Find(isolate);
  if (state != nullptr) state->code_log.List(nullptr);
}

ByteBuffer ThreadRegistry::FindCode(v8::Isolate* isolate, uintptr_t pc) {
  const StatePointer state = Find(isolate);
  return state == nullptr ? ByteBuffer() : state->code_log.Find(pc);
}

// Only the first isolate of its kind has its code listed at once, for its builtins; and those of workers, who have little yet.
void ThreadRegistry::StartLog(ThreadState& state) {
  state.code_log.Start(state.isolate);
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (builtins_.IsOf(state.isolate)) state.v8_code = builtins_;
  }
  const bool has_builtins = state.v8_code.IsOf(state.isolate);
  if (!has_builtins) {
    state.code_log.List(&state.v8_code);
    const std::lock_guard<std::mutex> lock(mutex_);
    builtins_ = state.v8_code;
  } else if (state.worker_id != 0) {
    state.code_log.List(nullptr);
  }
}

bool ThreadRegistry::Attach(v8::Isolate* isolate, int32_t worker_id, const std::string& name) {
  StatePointer state;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (IsAttached(isolate)) return false;
    state = TakePrepared(isolate);
    if (state == nullptr) state = std::make_shared<ThreadState>();
    state->isolate = isolate;
    state->number = ++last_number_;
    state->tid = CurrentTid();
    state->worker_id = worker_id;
    state->name = name;
    state->stack_top = CurrentStackTop();
    entries_.push_back({state, false, false, false, 0});
  }
  Update(*state);
  return true;
}

void ThreadRegistry::Detach() {
  const uint32_t tid = CurrentTid();
  StatePointer state;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    for (Entry& entry : entries_) {
      if (!entry.has_ended && entry.state->tid == tid) state = entry.state;
    }
  }
  if (state == nullptr) return;
  current_thread_state = nullptr;
  state->is_listening.store(false, std::memory_order_release);
  state->code_log.Stop();
  const std::lock_guard<std::mutex> lock(mutex_);
  for (Entry& entry : entries_) {
    if (entry.state != state) continue;
    entry.has_ended = true;
    if (entry.has_begun && stop_nanos_ == 0) ended_listening_nanos_ += MonotonicNanos() - entry.begin_nanos;
  }
  // Its log is a megabyte and more, and may be the first of many.
  if (is_listening_) return CodeLog::Wake();
  // Nobody will ask for news of a recording that is over.
  entries_.erase(std::remove_if(entries_.begin(), entries_.end(), [](const Entry& entry) { return entry.has_ended; }),
                 entries_.end());
}

void ThreadRegistry::StartListening(v8::Isolate* isolate, size_t max_depth, void (*wake_reader)()) {
  CodeLog::SetWake(wake_reader);
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    is_listening_ = true;
    max_depth_ = max_depth;
    stop_nanos_ = 0;
    ended_code_event_nanos_ = ended_listening_nanos_ = 0;
    for (Entry& entry : entries_) {
      entry.has_begun = entry.is_new = false;
      if (entry.state->isolate != isolate) Ask(entry.state);
    }
  }
  if (!Attach(isolate, 0, "")) Update(*Find(isolate));
}

void ThreadRegistry::StopListening() {
  CodeLog::SetWake(nullptr);
  const uint32_t tid = CurrentTid();
  StatePointer own;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    is_listening_ = false;
    stop_nanos_ = MonotonicNanos();
    for (const Entry& entry : entries_) {
      entry.state->is_listening.store(false, std::memory_order_release);
      if (entry.has_ended) continue;
      if (entry.state->tid == tid) {
        own = entry.state;
      } else {
        Ask(entry.state);
      }
    }
  }
  if (own != nullptr) Update(*own);
}

void ThreadRegistry::Ask(const StatePointer& state) {
  state->isolate->RequestInterrupt(OnInterrupt, new Question{this, state});
}

void ThreadRegistry::OnInterrupt(v8::Isolate*, void* data) {
  const std::unique_ptr<Question> question(static_cast<Question*>(data));
  question->registry->Update(*question->state);
}

// Brings the thread's listening in line with what is wanted now.
void ThreadRegistry::Update(ThreadState& state) {
  bool is_wanted;
  size_t max_depth;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    is_wanted = is_listening_;
    max_depth = max_depth_;
  }
  const bool is_listening = state.is_listening.load(std::memory_order_acquire);
  if (is_wanted == is_listening && is_wanted) return;
  // No handler of this thread reads the state from here on.
  current_thread_state = nullptr;
  const bool is_prepared = std::exchange(state.is_prepared, false) && is_wanted;
  if (!is_prepared) state.code_log.Stop();
  if (!is_wanted) return;
  state.max_depth = max_depth;
  state.frames.assign(max_depth, 0);
  state.walk_memory.Forget();
  state.v8_frames.assign(max_depth + 1, nullptr);
  if (!is_prepared) StartLog(state);
  {
    // Before the first tick that bears its number.
    const std::lock_guard<std::mutex> lock(mutex_);
    for (Entry& entry : entries_) {
      if (entry.state.get() != &state) continue;
      entry.has_begun = entry.is_new = true;
      entry.begin_nanos = MonotonicNanos();
    }
  }
  state.is_listening.store(true, std::memory_order_release);
  current_thread_state = &state;
}

std::vector<ThreadNews> ThreadRegistry::TakeNews() {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::vector<ThreadNews> all;
  for (Entry& entry : entries_) {
    ThreadState& state = *entry.state;
    if (!entry.has_begun) continue;  // the thread may be writing its state just now
    ByteBuffer code_events = state.code_log.Take();
    if (!entry.is_new && !entry.has_ended && code_events.empty()) continue;
    entry.is_new = false;
    all.push_back(NewsOf(entry, std::move(code_events)));
    if (entry.has_ended) ended_code_event_nanos_ += state.code_log.EventNanos();
  }
  entries_.erase(std::remove_if(entries_.begin(), entries_.end(), [](const Entry& entry) { return entry.has_ended; }),
                 entries_.end());
  return all;
}

std::vector<ThreadNews> ThreadRegistry::CopyNews() {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::vector<ThreadNews> all;
  for (const Entry& entry : entries_) {
    if (entry.has_begun && !entry.has_ended) all.push_back(NewsOf(entry, entry.state->code_log.CopyAll()));
  }
  return all;
}

ThreadNews ThreadRegistry::NewsOf(const Entry& entry, ByteBuffer code_events) {
  const ThreadState& state = *entry.state;
  return {state.number,
          state.tid,
          state.worker_id,
          state.name,
          state.v8_code.jit_range(),
          state.v8_code.embedded_range(),
          state.v8_code.unknown_layout(),
          std::move(code_events),
          entry.has_ended};
}

std::vector<uint32_t> ThreadRegistry::Tids() {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::vector<uint32_t> tids;
  for (const Entry& entry : entries_) {
    if (!entry.has_ended) tids.push_back(entry.state->tid);
  }
  return tids;
}

uint64_t ThreadRegistry::ListeningNanos() {
  const std::lock_guard<std::mutex> lock(mutex_);
  const uint64_t end_nanos = stop_nanos_ != 0 ? stop_nanos_ : MonotonicNanos();
  uint64_t nanos = ended_listening_nanos_;
  for (const Entry& entry : entries_) {
    if (entry.has_begun && !entry.has_ended) nanos += end_nanos - entry.begin_nanos;
  }
  return nanos;
}

uint64_t ThreadRegistry::CodeEventNanos() {
  const std::lock_guard<std::mutex> lock(mutex_);
  uint64_t nanos = ended_code_event_nanos_;
  for (const Entry& entry : entries_) nanos += entry.state->code_log.EventNanos();
  return nanos;
}

}  // namespace nativeprof
