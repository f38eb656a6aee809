// walk_memory.h: the last walk of a thread. Most of a stack is the same at the next tick: whoever called the busy function
// still waits for it. A walk that comes to a frame of the one before need not find out again what lies behind it: it is
// enough that the words of the stack that led there are what they were. Finding out takes look-ups all over memory, none of
// which a handler finds in the processor's cache; these words, and what is kept here, the processor fetches side by side.
//
// A frame leads to its caller by its own pc, sp and fp, the code there, and two words of the stack: the return address and
// the saved frame pointer. So what is remembered holds whatever ran meanwhile: only other code in the same place makes it
// void, which is why all is forgotten when libraries come or go. V8's own code is left by frame pointers alone.

#ifndef NATIVEPROF_WALK_MEMORY_H_
#define NATIVEPROF_WALK_MEMORY_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "call_site.h"
#include "signal_safe.h"

namespace nativeprof {

// A frame, and how its callee's led to it. Its sp is one word above the return address.
struct RememberedFrame {
  enum class Kind : uint8_t {
    kFoundAgain,          // more than two words had a part in it: to be found out each time
    kNative,              // its address in a record is pc, marked as native
    kCode,                // …is pc
    kBuiltin,             // …is pc in the copy of the builtins that code events tell of
    kBuiltinInStubFrame,  // the same, as long as the frame is one of V8's own
    kUnoptimized,         // …lies in bytecode, by two more words of the frame, as long as it is JavaScript's
  };

  uintptr_t pc;  // the return address
  uintptr_t fp;
  uint32_t words_below_top;    // from where pc was to one past the stack's highest address
  uint16_t fp_words_below_pc;  // from where fp was to where pc was; 0: it is the callee's
  Kind kind;
};
static_assert(sizeof(RememberedFrame) == 24, "eight in three lines of the processor's cache");

// Belongs to one thread. Frames are kept root-first: the next walk shares the first of them, and replaces the others.
// Context: signal handler (async-signal-safe), on its thread; Forget() while no handler of the thread can use it.
class WalkMemory {
 public:
  static constexpr size_t kMostFrames = 512;  // 12 KiB, and as much for those of the walk under way

  void Forget() { count_ = 0; }

  // Has the processor fetch what the walk will look at. (Inlined by force: GCC 12 drops calls of functions that do no more.)
  [[gnu::always_inline]] void Prefetch() const {
    constexpr size_t kLineBytes = 64;
    const size_t count = std::min(count_, kMostPrefetched);
    const char* const first = reinterpret_cast<const char*>(frames_ + (count_ - count));
    for (size_t bytes = 0; bytes < count * sizeof(RememberedFrame); bytes += kLineBytes) __builtin_prefetch(first + bytes);
  }

  // Begins a walk of the stack that ends at `stack_top`, with tables of that version (WalkResources::tables_version).
  void Begin(uintptr_t stack_top, uint32_t tables_version) {
    if (stack_top != stack_top_ || tables_version != tables_version_) count_ = 0;
    stack_top_ = stack_top;
    tables_version_ = tables_version;
    next_ = count_;
    kept_ = 0;
    added_ = 0;
  }
  bool is_empty() const { return count_ == 0; }

  // And the words of the stack that it will read. `offset`: where in an interpreted function's frame the lowest is.
  [[gnu::always_inline]] void PrefetchStack(intptr_t offset) const {
    for (size_t i = count_; i > count_ - std::min(count_, kMostPrefetched); --i) {
      const RememberedFrame& frame = frames_[i - 1];
      __builtin_prefetch(reinterpret_cast<const void*>(SlotOf(frame)));
      if (frame.kind == RememberedFrame::Kind::kUnoptimized) {
        __builtin_prefetch(reinterpret_cast<const void*>(frame.fp + static_cast<uintptr_t>(offset)));
      }
    }
  }

  // Whether the last walk came by this very frame; then it is found(). To be asked with growing `sp`.
  bool Find(uintptr_t pc, uintptr_t sp, uintptr_t fp) {
    const uintptr_t slot = sp - kWordBytes;
    while (next_ > 0 && SlotOf(frames_[next_ - 1]) < slot) --next_;
    if (next_ == 0) return false;
    const RememberedFrame& frame = frames_[next_ - 1];
    return SlotOf(frame) == slot && frame.pc == pc && frame.fp == fp && frame.kind != RememberedFrame::Kind::kFoundAgain;
  }
  size_t found() const { return next_ - 1; }

  const RememberedFrame& frame(size_t i) const { return frames_[i]; }
  uintptr_t SpOf(const RememberedFrame& frame) const { return SlotOf(frame) + kWordBytes; }

  // Whether frame i + 1, if it is as it was, still leads to frame i. Both words lie above the sp of frame i + 1, or have
  // led there from it, and so are on the stack.
  bool IsStillBehind(size_t i) const {
    const RememberedFrame& frame = frames_[i];
    const uintptr_t slot = SlotOf(frame);
    if (frame.kind == RememberedFrame::Kind::kFoundAgain || AsReturnAddress(StackWordAt(slot)) != frame.pc) return false;
    const uintptr_t fp_slot = slot - frame.fp_words_below_pc * kWordBytes;
    return (frame.fp_words_below_pc == 0 ? frames_[i + 1].fp : StackWordAt(fp_slot)) == frame.fp;
  }

  // The walk has come to found(), by what is remembered of its new callee, and has followed the frames behind it as far as
  // frame `last`. If that is 0, the walk is at its end.
  void Follow(size_t last, bool is_by_two_words, uint16_t fp_words_below_pc) {
    // Its callee may be another one than before. (Of the first frame of a walk nobody asks how the leaf has led to it.)
    if (added_ > 0) {
      RememberedFrame& first = frames_[found()];
      first.fp_words_below_pc = fp_words_below_pc;
      if (!is_by_two_words) first.kind = RememberedFrame::Kind::kFoundAgain;
    }
    if (last == 0) {
      kept_ = next_;
      return;
    }
    for (size_t i = next_; i > last; --i) Add(frames_[i - 1]);
    next_ = last;
  }

  // Adds a frame to the walk under way. If it is the first, nobody will ask how the leaf has led to it.
  void Add(const RememberedFrame& frame) { new_frames_[added_++ % kMostFrames] = frame; }
  bool is_first() const { return added_ == 0; }

  // The walk has come to the thread's first frame. Of a stack that is too deep, the part nearest to the root is kept.
  void End() {
    if (added_ == 0) {
      // Nothing is new. A few frames of functions that may be called again are kept, too.
      constexpr size_t kMostReturned = 16;
      count_ = std::min(count_, kept_ + kMostReturned);
      return;
    }
    const size_t fitting = std::min(added_, kMostFrames - kept_);
    for (size_t i = 0; i < fitting; ++i) frames_[kept_ + i] = new_frames_[(added_ - 1 - i) % kMostFrames];
    count_ = kept_ + fitting;
  }

  // Where the stack has the return address at `slot`, for a frame to be added.
  uint32_t WordsBelowTop(uintptr_t slot) const { return static_cast<uint32_t>((stack_top_ - slot) / kWordBytes); }

 private:
  static constexpr size_t kMostPrefetched = 128;
  static constexpr uintptr_t kWordBytes = sizeof(uintptr_t);

  uintptr_t SlotOf(const RememberedFrame& frame) const { return stack_top_ - frame.words_below_top * kWordBytes; }

  size_t count_ = 0;
  uintptr_t stack_top_ = 0;
  uint32_t tables_version_ = 0;
  // of the walk under way
  size_t next_ = 0;   // frames that it has not passed by yet
  size_t kept_ = 0;   // frames that it has ended with
  size_t added_ = 0;  // frames that it came by before those

  RememberedFrame frames_[kMostFrames];      // root-first
  RememberedFrame new_frames_[kMostFrames];  // leaf-first
};

}  // namespace nativeprof

#endif  // NATIVEPROF_WALK_MEMORY_H_
