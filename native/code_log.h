// code_log.h: what V8 says about machine code and bytecode: where a function's code is, and where it moved to.
//
// One log per isolate, and for a moment another one, which takes the place of the first but for moves: those both need. Events arrive on the JS thread and, for moves, on GC helper threads, inside V8 and with its
// locks held: the callback copies bytes and does nothing else. The sampler stamps every sample with the log's sequence,
// so that the reader can symbolize a sample against the code map as it was at its tick.
//
// V8 moves code while a garbage collection runs, one object at a time and in any order, so that an object may land where
// another one was a moment ago. The moves of one collection are therefore one event, logged when it ends.
//
// V8 never says that code died. The reader must take an added range as the end of everything that it overlaps. So that it can
// forget what is gone and overlapped by nothing, V8 lists its code again whenever much has been told since the last listing.

#ifndef NATIVEPROF_CODE_LOG_H_
#define NATIVEPROF_CODE_LOG_H_

#include <v8.h>

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "byte_buffer.h"
#include "code_events.h"
#include "heap/code_tables.h"
#include "signal_safe.h"
#include "v8_code.h"

namespace nativeprof {

class CodeLog {
 public:
  CodeLog() = default;
  CodeLog(const CodeLog&) = delete;
  CodeLog& operator=(const CodeLog&) = delete;

  // Begins to listen. Costs nothing: code that exists is told of by List().
  // Context: JS thread, no handler running.
  void Start(v8::Isolate* isolate);

  // Has V8 list all code that exists, if it is time: up to 60 ms in a program of some size. It is once after Start(), then
  // when as much has been told as makes the cost of a listing small beside it. V8's builtins, which never move, are entered into `v8_code` as well, unless it is null. Without this, it is done when a collection is about to move
  // what is there, or to take it away: the log is complete in any case.
  // Context: JS thread, no handler running if `v8_code` is given.
  void List(V8Code* v8_code);

  // Context: JS thread, no handler running.
  void Stop();

  // What a sample is stamped with.
  struct Stamp {
    uint32_t sequence;  // the number of events so far
    // A collection has moved code that the log does not tell of yet: the next event will. The addresses on the stack may be
    // those before or those after.
    bool is_moving;
  };
  // Context: signal handler (async-signal-safe).
  Stamp Now(SignalContext) const {
    const uint64_t stamp = stamp_.load(std::memory_order_relaxed);
    return {static_cast<uint32_t>(stamp), (stamp & kIsMoving) != 0};
  }

  // Time spent in V8's callbacks since Start(), the listing of existing code included.
  // Context: any thread.
  uint64_t EventNanos() const { return event_nanos_.load(std::memory_order_relaxed); }

  // The event of optimized code that V8 has not announced, if `pc` lies in some; empty otherwise. It has no name but the mark of
  // its tier: the function is known by its number.
  // Context: JS thread.
  ByteBuffer Find(uintptr_t pc);

  // Hands over the events since the last call, as bytes: see code_events.h.
  // Context: JS thread.
  ByteBuffer Take();

  // All that has been told, if it is kept: CodeEvents::KeepAll().
  // Context: any thread.
  ByteBuffer CopyAll() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return events_.CopyAll();
  }

  // What any log calls when so much waits in it that it should be taken: must be callable inside V8. Null: nothing.
  // Context: any thread.
  static void SetWake(void (*wake)());

  // Calls that. Context: any thread.
  static void Wake();

 private:
  static constexpr uint64_t kIsMoving = uint64_t{1} << 32;

  static CodeLog* Of(v8::Isolate* isolate);  // the newest one
  static std::vector<CodeLog*> AllOf(v8::Isolate* isolate);
  static void OnEvent(const v8::JitCodeEvent* event);
  static void OnGcPrologue(v8::Isolate* isolate, v8::GCType type, v8::GCCallbackFlags flags, void* data);
  static void OnGcEpilogue(v8::Isolate* isolate, v8::GCType type, v8::GCCallbackFlags flags, void* data);

  void Position(const v8::JitCodeEvent& event);
  void Added(const v8::JitCodeEvent& event);
  void ReadTables(const v8::JitCodeEvent& event, std::string_view name);
  void AppendScript(const v8::JitCodeEvent& event, uint64_t function, uint32_t script_id);  // with mutex_ held
  void Moved(const v8::JitCodeEvent& event);
  bool IsTimeToList();
  void AppendListing(bool is_end);
  void FlushMoves();  // with mutex_ held
  bool HasRoom();     // with mutex_ held
  void CountAdded(size_t bytes_before);  // with mutex_ held

  v8::Isolate* isolate_ = nullptr;
  V8Code* v8_code_ = nullptr;  // only while V8 lists existing code

  // used by the JS thread: what was read of the code that is being announced, and the positions announced before it
  CodeTableReader reader_;
  CodeTables tables_;
  PositionHash positions_;
  uintptr_t positions_of_ = 0;
  std::unordered_set<uint32_t> scripts_;  // that the log tells of
  bool is_listed_ = false;                // enough for now

  // written by the thread that is inside V8, under mutex_; the handler never takes it
  std::mutex mutex_;
  CodeEvents events_;
  std::vector<CodeMove> moves_;
  bool in_gc_ = false;
  bool is_lost_ = false;      // there was no room; nothing is told until the next listing
  size_t told_bytes_ = 0;     // since the last listing
  size_t listed_bytes_ = 0;   // of it

  // written under mutex_, read by the handler. Relaxed suffices: a stamp that is read a moment late or early is off by
  // an event that happens at the same time as the tick, and code runs only after its event.
  std::atomic<uint64_t> stamp_{0};  // bits 0..31 the sequence, bit 32 kIsMoving

  // written by the thread that is inside V8
  std::atomic<uint64_t> event_nanos_{0};
};

}  // namespace nativeprof

#endif  // NATIVEPROF_CODE_LOG_H_
