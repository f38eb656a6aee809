// numbered_records.h: writers whose records say who wrote them, in which order, and whether they are whole; and a
// reader that checks just that. For the tests in which writers, signals and the reader get in each other's way.
//
// A numbered record: header; writer << 32 | note; number, from 1 in steps of one per writer, lost ones left out;
// words that follow from these two; the last word is the sum of all others but the header.

#ifndef NATIVEPROF_TEST_NATIVE_NUMBERED_RECORDS_H_
#define NATIVEPROF_TEST_NATIVE_NUMBERED_RECORDS_H_

#include <array>
#include <atomic>
#include <vector>

#include "ring_buffer.h"
#include "tap.h"

namespace numbered {

constexpr size_t kFewestWords = 4;
constexpr size_t kMostWords = 64;
constexpr size_t kMostWriters = 16;

// What one writer writes is only written by it, in a signal handler or out of it.
struct Writer {
  uint32_t id = 0;
  size_t most_words = kMostWords;
  uint64_t written = 0;
  uint64_t lost = 0;
  uint64_t lengths = 1;  // what the lengths of its records follow from

  size_t NextLength() {
    lengths = lengths * 6364136223846793005u + 1442695040888963407u;  // Knuth's MMIX
    return kFewestWords + (lengths >> 33) % (most_words - kFewestWords + 1);
  }
};

// A record that is not in the ring yet.
struct Draft {
  size_t length;
  uint64_t words[kMostWords];  // words[0] is the header
};

// The writer's next record.
// Context: signal handler (async-signal-safe).
inline Draft MakeDraft(Writer& writer, uint32_t note = 0) {
  using namespace nativeprof;
  Draft draft;
  draft.length = writer.NextLength();
  uint64_t* const words = draft.words;
  words[0] = MakeHeader(RecordKind::kSample, 0, static_cast<uint32_t>(draft.length));
  words[1] = static_cast<uint64_t>(writer.id) << 32 | note;
  words[2] = writer.written + 1;
  uint64_t sum = words[1] + words[2];
  for (size_t i = 3; i < draft.length - 1; ++i) sum += words[i] = words[1] * i ^ words[2];
  words[draft.length - 1] = sum;
  return draft;
}

// As the handler does for a tick: losses first, then the record, or a loss. `before_publish` runs while the record is
// reserved and not published. False if there was no room.
// Context: signal handler (async-signal-safe), if `before_publish` is.
template <typename Function>
bool Put(nativeprof::RingBuffer& ring, const Draft& draft, Function before_publish) {
  ring.FlushOverflow();
  const nativeprof::RingBuffer::Reservation record = ring.Reserve(draft.length);
  if (!record) {
    ring.AddOverflow(1, 1);
    return false;
  }
  std::memcpy(record.words + 1, draft.words + 1, (draft.length - 1) * sizeof(uint64_t));
  before_publish();
  ring.Publish(record, draft.words[0]);
  return true;
}

// Context: signal handler (async-signal-safe).
inline bool Count(Writer& writer, bool was_written) {
  (was_written ? writer.written : writer.lost)++;
  return was_written;
}

// All of it.
// Context: signal handler (async-signal-safe), if `before_publish` is.
template <typename Function>
bool Write(nativeprof::RingBuffer& ring, Writer& writer, uint32_t note, Function before_publish) {
  return Count(writer, Put(ring, MakeDraft(writer, note), before_publish));
}
inline bool Write(nativeprof::RingBuffer& ring, Writer& writer) {
  return Write(ring, writer, 0, [] {});
}

// Takes everything out of a ring and checks it.
class Reader {
 public:
  // Returns the words read, at most `max_words`. `on_record` gets the writer and the note of each record.
  template <typename Function>
  size_t Read(nativeprof::RingBuffer& ring, size_t max_words, Function on_record) {
    const size_t read = Take(ring, max_words);
    Check(read, on_record);
    return read;
  }
  size_t Read(nativeprof::RingBuffer& ring, size_t max_words = SIZE_MAX) {
    return Read(ring, max_words, [](uint64_t, uint32_t) {});
  }

  // Read() in two steps.
  size_t Take(nativeprof::RingBuffer& ring, size_t max_words) {
    return ring.Read(buffer_.data(), max_words < buffer_.size() ? max_words : buffer_.size());
  }
  template <typename Function>
  void Check(size_t read, Function on_record) {
    using namespace nativeprof;
    for (size_t at = 0; at < read;) {
      const uint64_t* const record = buffer_.data() + at;
      const size_t length = LengthWordsOf(record[0]);
      if (!CHECK(length > 0 && at + length <= read)) break;
      at += length;
      if (KindOf(record[0]) == RecordKind::kOverflow) {
        CHECK_EQUAL(length, kOverflowWords);
        CHECK(record[2] > 0);
        overflow_ += record[2];
      } else if (CHECK(KindOf(record[0]) == RecordKind::kSample)) {
        if (CheckRecord(record, length)) on_record(record[1] >> 32, static_cast<uint32_t>(record[1]));
      }
    }
  }

  // When all writers are done: nothing is missing, and what is missing has been counted.
  void CheckComplete(nativeprof::RingBuffer& ring, std::initializer_list<const Writer*> writers) {
    while (Read(ring) > 0) {
    }
    CHECK(ring.IsEmpty());
    uint64_t lost = 0;
    for (const Writer* const writer : writers) {
      CHECK_EQUAL(read_[writer->id], writer->written);
      lost += writer->lost;
    }
    CHECK_EQUAL(overflow_ + ring.TakeOverflow(), lost);
  }

 private:
  bool CheckRecord(const uint64_t* record, size_t length) {
    const uint64_t id = record[1] >> 32;
    if (!CHECK(length >= kFewestWords && length <= kMostWords && id < kMostWriters)) return false;
    uint64_t sum = record[1] + record[2];
    for (size_t i = 3; i < length - 1; ++i) {
      if (!CHECK_EQUAL(record[i], (record[1] * i ^ record[2]))) return false;
      sum += record[i];
    }
    CHECK_EQUAL(record[length - 1], sum);
    return CHECK_EQUAL(record[2], ++read_[id]);
  }

  std::vector<uint64_t> buffer_ = std::vector<uint64_t>(1 << 16);
  std::array<uint64_t, kMostWriters> read_ = {};  // by writer
  uint64_t overflow_ = 0;
};

}  // namespace numbered

#endif  // NATIVEPROF_TEST_NATIVE_NUMBERED_RECORDS_H_
