// frame_list.h: the addresses of one stack, leaf first, as many as there is room for: the ones nearest to the leaf and the
// ones nearest to the root, for a reader wants to know both where the time went and what asked for it.

#ifndef NATIVEPROF_FRAME_LIST_H_
#define NATIVEPROF_FRAME_LIST_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "record.h"

namespace nativeprof {

// Context: signal handler (async-signal-safe).
class FrameList {
 public:
  // `room` addresses at `storage`, which outlives the list. A quarter of them is kept for the root end.
  FrameList(uint64_t* storage, size_t room)
      : leaf_end_(storage), leaf_room_(room - room / 4), root_end_(storage + leaf_room_), root_room_(room / 4) {}

  void Add(uint64_t address) {
    if (count_ < leaf_room_) {
      leaf_end_[count_] = address;
    } else {
      root_end_[(count_ - leaf_room_) % root_room_] = address;
    }
    ++count_;
  }

  // Takes back all but the first `count`.
  void Truncate(size_t count) { count_ = std::min(std::min(count, leaf_room_), count_); }

  size_t count() const { return count_; }
  bool IsCut() const { return count_ > leaf_room_ + root_room_; }

  // How many words WriteTo() writes.
  size_t length() const { return IsCut() ? leaf_room_ + 1 + root_room_ : count_; }

  void WriteTo(uint64_t* words) const {
    std::memcpy(words, leaf_end_, std::min(count_, leaf_room_) * sizeof(uint64_t));
    if (count_ <= leaf_room_) return;
    words += leaf_room_;
    size_t kept = count_ - leaf_room_;
    size_t first = 0;
    if (IsCut()) {
      *words++ = kFramesLeftOut;
      first = kept % root_room_;
      kept = root_room_;
    }
    for (size_t i = 0; i < kept; ++i) words[i] = root_end_[(first + i) % root_room_];
  }

 private:
  uint64_t* const leaf_end_;
  const size_t leaf_room_;
  uint64_t* const root_end_;
  const size_t root_room_;
  size_t count_ = 0;
};

}  // namespace nativeprof

#endif  // NATIVEPROF_FRAME_LIST_H_
