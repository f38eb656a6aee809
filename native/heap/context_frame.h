// context_frame.h: finds the value that one AsyncLocalStorage has at this moment, without V8's help.
//
// From Node 24 on, the values of all storages are the entries of one Map, an AsyncContextFrame. V8 keeps the current one in the
// isolate (its "continuation-preserved embedder data", at an offset that its public headers name), and exchanges it at every
// await, timer and callback. So the value of a storage of ours is found by a search of that Map for the storage itself.
//
// A handler does this between any two instructions of the program. Outside of a collection everything on the way is alive and
// stays where it is; each page is asked for before it is read all the same, each object's type and each number is checked, and a
// search that finds anything unexpected finds nothing. Layout as in V8 12.4 to 14.6; Learn() checks it.

#ifndef NATIVEPROF_HEAP_CONTEXT_FRAME_H_
#define NATIVEPROF_HEAP_CONTEXT_FRAME_H_

#include <v8.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "../safe_read.h"
#include "../signal_safe.h"

namespace nativeprof {

// One per isolate; all of it for the isolate's own thread, and for a handler that interrupts it.
class ContextFrame {
 public:
  // Finds out how this V8 lays out what is on the way, by the value that `storage` has now: the Smi `known`. Null if a search finds
  // it, else why there can be none: a clause.
  // Context: JS thread, no handler running that may search.
  const char* Learn(v8::Isolate* isolate, v8::Local<v8::Object> storage, int32_t known);

  // The value of the storage now, a Smi above 0; 0 for none, or any other value. `storage` is where its address is kept.
  // Context: JS thread, or signal handler (async-signal-safe) on that thread; no collection moves objects.
  uint32_t Find(uintptr_t storage) { return Search(storage, nullptr); }

  // The same while objects may be on the move: whatever is not there any more is not read, and nothing is found.
  // Context: signal handler (async-signal-safe).
  uint32_t FindSafely(SignalContext context, uintptr_t storage) { return Search(storage, &context); }

  // After a collection: pages may be gone.
  // Context: JS thread; no handler may search meanwhile.
  void ForgetPages();

  // The one of this moment, as V8 hands it out: a Map, or undefined.
  // Context: JS thread.
  static v8::Local<v8::Value> Current(v8::Isolate* isolate);

  // Puts `next` in its place, as node does it itself, if that is `expected`; whether it was.
  // Context: JS thread.
  static bool Exchange(v8::Isolate* isolate, v8::Local<v8::Value> expected, v8::Local<v8::Value> next);

  // More entries than this are not searched: so many storages the program would have to have.
  static constexpr int32_t kMostEntries = 128;

 private:
  static constexpr size_t kPages = 64;

  uint32_t Search(uintptr_t storage, const SignalContext* context);
  bool Copy(const SignalContext* context, uintptr_t address, void* out, size_t bytes);
  bool IsMapped(uintptr_t page);
  bool HasType(const SignalContext* context, uint64_t map, uint16_t type);

  // immutable after Learn()
  SafeReader safe_reader_;
  const uint64_t* current_ = nullptr;  // in the isolate: the tagged pointer to the Map; null if it cannot be read
  uint16_t map_type_ = 0;
  uint16_t table_type_ = 0;

  // Pages that were found to be mapped since the last collection, by the low bits of their number; 0 for none. Written by the
  // handler and by the JS thread, which is the same thread.
  std::array<std::atomic<uintptr_t>, kPages> pages_{};
};

}  // namespace nativeprof

#endif  // NATIVEPROF_HEAP_CONTEXT_FRAME_H_
