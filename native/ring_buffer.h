// ring_buffer.h: records on their way from signal handlers, on any threads, to the one reader.
//
// The protocol, after Go's runtime/profbuf.go, for several writers:
//
//   head_ and tail_ count words since the start and never wrap; word n lives in slot n & mask_.
//   Slots between tail_ and head_ belong to writers until published, then to the reader. All others are zero.
//
//   1. reserve  A writer moves head_ forward by compare-and-swap. A record never wraps: if it does not fit before the
//               end of the buffer, the same swap also reserves the rest as padding.
//   2. write    It fills every word but the header. A signal may strike here and write a record of its own behind.
//   3. publish  It stores the header with release. A header is never zero.
//
//   The reader takes records in order and stops at the first zero header: that record is reserved but not published
//   yet, and will be. Having copied a record out it zeroes the slots, then moves tail_ with release.
//
//   A writer that finds no room adds its ticks to overflow_ticks_. The next one that finds room writes an overflow
//   record first; what is left is for the reader to take at the end. So a loss is in the stream, at its place.
//
// Writers never wait, for each other or for the reader: when a compare-and-swap fails, another writer got ahead.
// The memory is address space; pages are touched as records reach them.

#ifndef NATIVEPROF_RING_BUFFER_H_
#define NATIVEPROF_RING_BUFFER_H_

#include <sys/mman.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "record.h"

namespace nativeprof {

class RingBuffer {
 public:
  RingBuffer() = default;
  ~RingBuffer() { Release(); }
  RingBuffer(const RingBuffer&) = delete;
  RingBuffer& operator=(const RingBuffer&) = delete;

  // Allocates at least `bytes`, rounded up to a power of two. False if the kernel refuses.
  // Context: JS thread, no handler running.
  bool Allocate(size_t bytes) {
    Release();
    size_t words = 512;
    while (words * sizeof(uint64_t) < bytes) words *= 2;
    void* const memory = mmap(nullptr, words * sizeof(uint64_t), PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) return false;
    slots_ = static_cast<uint64_t*>(memory);
    capacity_words_ = words;
    head_.store(0, std::memory_order_relaxed);
    tail_.store(0, std::memory_order_relaxed);
    overflow_ticks_.store(0, std::memory_order_relaxed);
    overflow_since_nanos_.store(0, std::memory_order_relaxed);
    return true;
  }

  // Context: JS thread, no handler running.
  void Release() {
    if (slots_ != nullptr) munmap(slots_, capacity_words_ * sizeof(uint64_t));
    slots_ = nullptr;
    capacity_words_ = 0;
  }

  // A reserved run of words. `words[0]` is the header: leave it alone, Publish() writes it.
  struct Reservation {
    uint64_t* words;
    explicit operator bool() const { return words != nullptr; }
  };

  // Reserves `length_words`; empty if the ring is full. Every reservation must be published.
  // Context: signal handler (async-signal-safe).
  Reservation Reserve(size_t length_words) {
    uint64_t head = head_.load(std::memory_order_relaxed);
    for (;;) {
      const uint64_t tail = tail_.load(std::memory_order_acquire);  // acquire: pairs with the release in Read()
      const size_t offset = head & (capacity_words_ - 1);
      const size_t to_end = capacity_words_ - offset;
      const size_t padding = length_words > to_end ? to_end : 0;
      if (head + padding + length_words - tail > capacity_words_) {
        // Full, unless head is out of date: others, and the reader behind them, may have gone on since it was loaded.
        const uint64_t head_now = head_.load(std::memory_order_relaxed);
        if (head_now == head) return {nullptr};
        head = head_now;
        continue;
      }
      // Relaxed: the swap only hands out slots; what is in them is ordered by the header.
      if (!head_.compare_exchange_weak(head, head + padding + length_words, std::memory_order_relaxed)) continue;
      if (padding == 0) return {slots_ + offset};
      Publish({slots_ + offset}, MakeHeader(RecordKind::kPadding, 0, static_cast<uint32_t>(padding)));
      return {slots_};
    }
  }

  // Context: signal handler (async-signal-safe).
  void Publish(Reservation record, uint64_t header) {
    // Headers are plain words between two uses, so no std::atomic; what is meant is C++20's std::atomic_ref.
    __atomic_store_n(record.words, header, __ATOMIC_RELEASE);  // release: pairs with the acquire in Read()
  }

  // Counts ticks that found no room.
  // Context: signal handler (async-signal-safe).
  void AddOverflow(uint64_t ticks, uint64_t now_nanos) {
    uint64_t none = 0;
    overflow_since_nanos_.compare_exchange_strong(none, now_nanos, std::memory_order_relaxed);
    overflow_ticks_.fetch_add(ticks, std::memory_order_relaxed);
  }

  // Puts the losses so far into the stream, if there are any and there is room.
  // Context: signal handler (async-signal-safe).
  void FlushOverflow() {
    if (overflow_ticks_.load(std::memory_order_relaxed) == 0) return;
    // Taken before there is room for them: of two writers that come here, one must find nothing to write.
    const uint64_t ticks = overflow_ticks_.exchange(0, std::memory_order_relaxed);
    if (ticks == 0) return;
    const uint64_t since_nanos = overflow_since_nanos_.exchange(0, std::memory_order_relaxed);
    const Reservation record = Reserve(kOverflowWords);
    if (!record) return AddOverflow(ticks, since_nanos);
    record.words[1] = since_nanos;
    record.words[2] = ticks;
    Publish(record, MakeHeader(RecordKind::kOverflow, 0, kOverflowWords));
  }

  // Words reserved and not yet read.
  // Context: signal handler (async-signal-safe).
  size_t UsedWords() const {
    // tail_ first, or it might overtake. acquire: pairs with the release in Read(), whose records head_ then includes.
    const uint64_t tail = tail_.load(std::memory_order_acquire);
    return static_cast<size_t>(head_.load(std::memory_order_relaxed) - tail);
  }
  bool IsEmpty() const { return UsedWords() == 0; }
  bool IsHalfFull() const { return UsedWords() * 2 >= capacity_words_; }

  // Copies whole published records to `out`, at most `max_words`; returns the words written. Padding is left out.
  // Context: JS thread (the only reader).
  size_t Read(uint64_t* out, size_t max_words) {
    size_t written = 0;
    uint64_t tail = tail_.load(std::memory_order_relaxed);
    for (;;) {
      uint64_t* const record = slots_ + (tail & (capacity_words_ - 1));
      const uint64_t header = __atomic_load_n(record, __ATOMIC_ACQUIRE);  // acquire: pairs with the release in Publish()
      if (header == 0) break;
      const size_t length = LengthWordsOf(header);
      if (KindOf(header) != RecordKind::kPadding) {
        if (written + length > max_words) break;
        std::memcpy(out + written, record, length * sizeof(uint64_t));
        written += length;
        std::memset(record, 0, length * sizeof(uint64_t));
      } else {
        record[0] = 0;  // the rest of a padding was never written
      }
      tail += length;
      tail_.store(tail, std::memory_order_release);  // release: pairs with the acquire in Reserve()
    }
    return written;
  }

  // Returns to the first page when everything has been read, so that a ring that is drained often stays small in
  // memory: the reader reserves the rest of the buffer as padding, by the ordinary protocol.
  // Context: JS thread (the only reader).
  void Rewind() {
    constexpr size_t kWorthRewindingWords = 32 * 1024;  // 256 KiB
    uint64_t head = head_.load(std::memory_order_relaxed);
    const size_t offset = head & (capacity_words_ - 1);
    if (offset < kWorthRewindingWords || head != tail_.load(std::memory_order_relaxed)) return;
    const size_t padding = capacity_words_ - offset;
    if (!head_.compare_exchange_strong(head, head + padding, std::memory_order_relaxed)) return;
    tail_.store(head + padding, std::memory_order_release);  // nothing was written there, so nothing need be zeroed
  }

  // Takes the losses that no writer has put into the stream yet.
  // Context: JS thread, no handler running.
  uint64_t TakeOverflow() {
    overflow_since_nanos_.store(0, std::memory_order_relaxed);
    return overflow_ticks_.exchange(0, std::memory_order_relaxed);
  }

  size_t capacity_words() const { return capacity_words_; }

 private:
  // immutable while a handler can run
  uint64_t* slots_ = nullptr;
  size_t capacity_words_ = 0;

  // written by writers, in handlers
  std::atomic<uint64_t> head_{0};
  std::atomic<uint64_t> overflow_ticks_{0};
  std::atomic<uint64_t> overflow_since_nanos_{0};

  // written by the reader
  std::atomic<uint64_t> tail_{0};
};

static_assert(std::atomic<uint64_t>::is_always_lock_free && __atomic_always_lock_free(sizeof(uint64_t), nullptr),
              "a handler may only touch lock-free atomics");

}  // namespace nativeprof

#endif  // NATIVEPROF_RING_BUFFER_H_
