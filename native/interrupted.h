// interrupted.h: who was interrupted, and how his stack becomes a record in a ring.

#ifndef NATIVEPROF_INTERRUPTED_H_
#define NATIVEPROF_INTERRUPTED_H_

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "frame_list.h"
#include "record.h"
#include "ring_buffer.h"
#include "signal_safe.h"
#include "thread_state.h"

namespace nativeprof {

// The thread that was interrupted.
// Context: signal handler (async-signal-safe).
struct Interrupted {
  // Addresses kept of the stack of a thread without JavaScript.
  static constexpr size_t kNativeDepth = 128;

  explicit Interrupted(SignalContext context) {
    ThreadState* const state = current_thread_state;
    // acquire: pairs with the release in ThreadRegistry::Update()
    if (state != nullptr && state->is_listening.load(std::memory_order_acquire)) thread = state;
    tid = thread != nullptr ? thread->tid : CurrentTid();
    if (thread != nullptr) stamp = thread->code_log.Now(context);
  }

  FrameList FramesIn(uint64_t (&storage)[kNativeDepth]) const {
    return thread != nullptr ? FrameList(thread->frames.data(), thread->frames.size())
                             : FrameList(storage, kNativeDepth);
  }

  // Puts a sample into the ring. False if there is no room.
  struct Sample {
    uint64_t nanos;
    uint64_t ticks;
    uint32_t label_set;
    uint16_t vm_state;
  };
  bool Write(RingBuffer& ring, const FrameList& frames, const Sample& sample) const {
    const size_t fixed_words = kSampleFixedWords + (sample.label_set != 0 ? 1 : 0);
    const size_t length = fixed_words + frames.length();
    const RingBuffer::Reservation record = ring.Reserve(length);
    if (!record) return false;
    record.words[1] = sample.nanos;
    record.words[2] = stamp.sequence | static_cast<uint64_t>(thread != nullptr ? thread->number : 0) << 32;
    record.words[3] = static_cast<uint32_t>(sample.ticks) | static_cast<uint64_t>(tid) << 32;
    if (sample.label_set != 0) record.words[kSampleFixedWords] = sample.label_set;
    frames.WriteTo(record.words + fixed_words);
    const int flags = (stamp.is_moving ? kCodeIsMoving : 0) | (sample.label_set != 0 ? kHasLabels : 0);
    ring.Publish(record, MakeHeader(RecordKind::kSample, static_cast<uint16_t>(sample.vm_state | flags),
                                    static_cast<uint32_t>(length)));
    return true;
  }

  ThreadState* thread = nullptr;  // null if it runs no JavaScript
  uint32_t tid = 0;
  CodeLog::Stamp stamp = {0, false};
};

}  // namespace nativeprof

#endif  // NATIVEPROF_INTERRUPTED_H_
