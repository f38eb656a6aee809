// ring_buffer_fuzz.cc: any order of what writers and the reader may do, a signal in the midst of a writer included: whatever was
// published comes out once, whole and in order, or is counted as lost.

#include "ring_buffer.h"

#include <deque>

#include "input.h"

using namespace nativeprof;

namespace {

struct Open {
  RingBuffer::Reservation record;
  uint64_t id;
  uint32_t length;
};

struct Run {
  RingBuffer ring;
  std::vector<Open> open;
  std::deque<uint64_t> expected;  // ids in the order of their reservation
  uint64_t next_id = 1;
  uint64_t lost = 0;
  uint64_t told_lost = 0;
  std::vector<uint64_t> out = std::vector<uint64_t>(1 << 14);

  void Reserve(uint32_t length) {
    ring.FlushOverflow();
    const RingBuffer::Reservation record = ring.Reserve(length);
    if (!record) {
      ring.AddOverflow(1, 77);
      ++lost;
      return;
    }
    for (uint32_t i = 0; i < length; ++i) REQUIRE(record.words[i] == 0);  // nobody else has these slots
    for (uint32_t i = 1; i < length; ++i) record.words[i] = next_id << 16 | i;
    expected.push_back(next_id);
    open.push_back({record, next_id++, length});
  }

  void Publish(size_t which) {
    const Open one = open[which];
    open.erase(open.begin() + static_cast<std::ptrdiff_t>(which));
    ring.Publish(one.record, MakeHeader(RecordKind::kSample, 0, one.length));
  }

  void Read(size_t most) {
    const size_t words = ring.Read(out.data(), most);
    REQUIRE(words <= most);
    for (size_t at = 0; at < words;) {
      const uint32_t length = LengthWordsOf(out[at]);
      REQUIRE(length > 0 && at + length <= words);
      if (KindOf(out[at]) == RecordKind::kOverflow) {
        REQUIRE(length == kOverflowWords && out[at + 1] == 77);
        told_lost += out[at + 2];
      } else {
        REQUIRE(KindOf(out[at]) == RecordKind::kSample && !expected.empty());
        const uint64_t id = expected.front();
        expected.pop_front();
        for (uint32_t i = 1; i < length; ++i) REQUIRE(out[at + i] == (id << 16 | i));
      }
      at += length;
    }
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t bytes) {
  Input input(data, bytes);
  Run run;
  if (!run.ring.Allocate(4096)) return 0;
  while (!input.done()) {
    const uint8_t action = input.Take<uint8_t>();
    switch (action & 3) {
      case 0:
        // A record is as deep as a stack, and never longer than half the ring.
        run.Reserve(kSampleFixedWords + (action >> 2) * 4u);
        break;
      case 1:
        if (!run.open.empty()) run.Publish((action >> 2) % run.open.size());
        break;
      case 2:
        run.Read((action >> 2) * 16u + 260);
        break;
      default:
        run.ring.Rewind();
        REQUIRE(run.ring.UsedWords() <= run.ring.capacity_words());
    }
  }
  while (!run.open.empty()) run.Publish(0);
  for (size_t left = SIZE_MAX; left != run.ring.UsedWords();) {
    left = run.ring.UsedWords();
    run.Read(run.out.size());
  }
  REQUIRE(run.expected.empty() && run.ring.IsEmpty());
  REQUIRE(run.told_lost + run.ring.TakeOverflow() == run.lost);
  return 0;
}
