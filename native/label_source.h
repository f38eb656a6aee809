// label_source.h: where a handler finds the labels of what its thread is running: the number of a set of labels
// (label_sets.h), 0 for none. JavaScript (lib/label-carrier.ts) has it follow calls, awaits and callbacks, in one of two ways.
//
// Scan: as the value of an AsyncLocalStorage of ours, which a handler looks up (heap/context_frame.h). Costs nothing in between.
// Slot: as a number in memory that JavaScript and the handler share; async hooks write it at every change.
//
// While a collection runs nothing is looked up: what was read before it began counts until it ends.

#ifndef NATIVEPROF_LABEL_SOURCE_H_
#define NATIVEPROF_LABEL_SOURCE_H_

#include <v8.h>

#include <atomic>
#include <cstdint>
#include <memory>

#include "heap/context_frame.h"
#include "signal_safe.h"

namespace nativeprof {

// One per isolate that uses labels. What the handler reads of it is written by the same thread.
class LabelSource {
 public:
  // That of the current thread, from now on until Close(). `slot` has room for a uint32_t.
  // Context: JS thread.
  static LabelSource* Open(v8::Isolate* isolate, v8::Local<v8::ArrayBuffer> slot);

  // That of the current thread; null if there is none.
  // Context: signal handler (async-signal-safe).
  static LabelSource* OfThread();

  // The isolate of the current thread is about to go.
  // Context: JS thread.
  static void Close();

  // Begins to scan for the value of `storage`, which is the Smi `known` now. Null if that is found; else the slot counts, and
  // this is why: a clause.
  // Context: JS thread.
  const char* Scan(v8::Local<v8::Object> storage, int32_t known);

  // No more scans: from here on the slot counts.
  // Context: JS thread.
  void StopScan() { scans_.store(false, std::memory_order_relaxed); }

  // What a tick would find now.
  // Context: JS thread.
  uint32_t Now();

  // The number of the label set of a tick. `collects`: V8 says that it is in its garbage collector, which may be about to begin
  // or to mark only.
  // Context: signal handler (async-signal-safe).
  uint32_t OfTick(SignalContext context, bool collects);

 private:
  LabelSource(v8::Isolate* isolate, std::shared_ptr<v8::BackingStore> slot);

  static void OnGcPrologue(v8::Isolate* isolate, v8::GCType type, v8::GCCallbackFlags flags, void* data);
  static void OnGcEpilogue(v8::Isolate* isolate, v8::GCType type, v8::GCCallbackFlags flags, void* data);

  uint32_t Look(SignalContext context, bool collects);
  uintptr_t Storage() const { return static_cast<uintptr_t>(*storage_slot_); }
  uint32_t Slot() const { return slot_number_->load(std::memory_order_relaxed); }

  static NATIVEPROF_SIGNAL_SAFE_TLS LabelSource* of_thread_;

  // immutable
  v8::Isolate* const isolate_;
  const std::shared_ptr<v8::BackingStore> slot_;
  const std::atomic<uint32_t>* const slot_number_;  // in slot_

  // written by the JS thread while it does not scan
  v8::Global<v8::Object> storage_;
  const uint64_t* storage_slot_ = nullptr;  // V8 keeps the storage's address up to date there
  ContextFrame frame_;
  std::atomic<bool> scans_{false};

  // written by the JS thread when a collection begins and ends
  std::atomic<uint32_t> of_collection_{0};
  std::atomic<bool> in_collection_{false};
};

}  // namespace nativeprof

#endif  // NATIVEPROF_LABEL_SOURCE_H_
