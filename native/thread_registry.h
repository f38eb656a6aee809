// thread_registry.h: the threads of the process that run JavaScript and are to be sampled: the main thread, and workers.
//
// A thread attaches itself, at any time, and detaches before its isolate goes. While the sampler runs, each listens to its
// own isolate's code events. V8 lets an isolate be listened to only on its own thread; a thread that is running JavaScript
// when the sampler starts is therefore interrupted (v8::Isolate::RequestInterrupt) and begins then; until then its ticks
// are those of a thread without JavaScript.

#ifndef NATIVEPROF_THREAD_REGISTRY_H_
#define NATIVEPROF_THREAD_REGISTRY_H_

#include <v8.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "byte_buffer.h"
#include "thread_state.h"

namespace nativeprof {

// What one thread has to tell since it was asked last.
struct ThreadNews {
  uint32_t number;
  uint32_t tid;
  int32_t worker_id;
  std::string name;
  V8Code::Range jit_range;
  V8Code::Range embedded_range;
  const char* unknown_layout;  // why its stacks are left to V8; null if they are not
  ByteBuffer code_events;
  bool has_ended;
};

class ThreadRegistry {
 public:
  // Has V8 list the code of the current thread's isolate, the builtins among it, which every handler needs to know. Of a program
  // that has just begun this takes some 8 to 12 ms, the loading of the addon included. A StartListening() that comes before
  // ForgetPrepared() has no need to do it again.
  // Context: JS thread, of any isolate.
  void Prepare(v8::Isolate* isolate);

  // Nobody has started to listen: all but the builtins is forgotten.
  // Context: JS thread, of any isolate.
  void ForgetPrepared(v8::Isolate* isolate);

  // Has V8 list the code of the current thread's isolate, if that has not been done since it listens.
  // Context: JS thread, of any isolate.
  void ListCode(v8::Isolate* isolate);

  // See CodeLog::Find(); for the current thread's isolate.
  // Context: JS thread, of any isolate.
  ByteBuffer FindCode(v8::Isolate* isolate, uintptr_t pc);

  // Adds the current thread, unless it is there. Whether it was added.
  // Context: JS thread, of any isolate.
  bool Attach(v8::Isolate* isolate, int32_t worker_id, const std::string& name);

  // Removes the current thread, if it is there. What it has logged can still be taken.
  // Context: JS thread, of any isolate; its isolate is about to go.
  void Detach();

  // Has every attached thread, and every one to come, listen. The current one does so at once, and is attached if need be.
  // `wake_reader` is called, on any thread, when there is much to take.
  // Context: main JS thread.
  void StartListening(v8::Isolate* isolate, size_t max_depth, void (*wake_reader)());

  // Context: main JS thread, no handler running.
  void StopListening();

  // The kernel's ids of the attached threads.
  // Context: main JS thread.
  std::vector<uint32_t> Tids();

  // Wall time since StartListening() during which threads were listened to, all together; up to StopListening().
  // Context: main JS thread.
  uint64_t ListeningNanos();

  // Context: main JS thread.
  std::vector<ThreadNews> TakeNews();

  // All that has been told of the threads that are listened to, and nothing is taken: see CodeEvents::KeepAll().
  // Context: any thread.
  std::vector<ThreadNews> CopyNews();

  // Time spent in V8's announcements of code, all threads together.
  // Context: main JS thread.
  uint64_t CodeEventNanos();

 private:
  using StatePointer = std::shared_ptr<ThreadState>;
  struct Entry {
    StatePointer state;
    bool has_begun;  // has listened since StartListening()
    bool is_new;     // TakeNews() has not said so
    bool has_ended;  // detached, with news that nobody has taken
    uint64_t begin_nanos;  // when it began to listen
  };

  void Update(ThreadState& state);  // on the state's own thread, with mutex_ not held
  static ThreadNews NewsOf(const Entry& entry, ByteBuffer code_events);
  static void OnInterrupt(v8::Isolate* isolate, void* data);
  void Ask(const StatePointer& state);  // with mutex_ held
  StatePointer Find(v8::Isolate* isolate);
  StatePointer TakePrepared(v8::Isolate* isolate);  // with mutex_ held
  bool IsAttached(v8::Isolate* isolate) const;      // with mutex_ held
  void StartLog(ThreadState& state);

  std::mutex mutex_;  // never taken by a handler
  std::vector<Entry> entries_;
  // One for each isolate that has loaded the addon and not attached yet: workers may load it at the same time.
  std::vector<StatePointer> prepared_;
  V8Code builtins_;  // as the first isolate has them
  bool is_listening_ = false;
  size_t max_depth_ = 0;
  uint32_t last_number_ = 0;
  uint64_t stop_nanos_ = 0;  // when listening ended; 0 while it goes on
  uint64_t ended_code_event_nanos_ = 0;
  uint64_t ended_listening_nanos_ = 0;
};

}  // namespace nativeprof

#endif  // NATIVEPROF_THREAD_REGISTRY_H_
