// ring_buffer_test.cc: what one writer and one reader see of the ring, in turns, word for word. What happens when they
// get in each other's way is in ring_buffer_concurrency_test.cc.

#include "ring_buffer.h"

#include <sys/mman.h>
#if defined(__linux__)
#include <sys/prctl.h>
#endif
#include <unistd.h>

#include <vector>

#include "tap.h"

using namespace nativeprof;

namespace {

constexpr size_t kSmallWords = 512;  // what Allocate() gives at least
constexpr size_t kSmallBytes = kSmallWords * sizeof(uint64_t);

// Records of nothing but their own number.
uint64_t HeaderOf(size_t words) {
  return MakeHeader(RecordKind::kSample, 0, static_cast<uint32_t>(words));
}
bool Write(RingBuffer& ring, size_t words, uint64_t number, uint64_t** at = nullptr) {
  const RingBuffer::Reservation record = ring.Reserve(words);
  if (!record) return false;
  for (size_t i = 1; i < words; ++i) record.words[i] = number;
  ring.Publish(record, HeaderOf(words));
  if (at != nullptr) *at = record.words;
  return true;
}
std::vector<uint64_t> ReadAll(RingBuffer& ring) {
  std::vector<uint64_t> words(ring.UsedWords());
  words.resize(ring.Read(words.data(), words.size()));
  return words;
}
void CheckWords(const std::vector<uint64_t>& found, const std::vector<uint64_t>& wanted) {
  if (!CHECK_EQUAL(found.size(), wanted.size())) return;
  for (size_t i = 0; i < wanted.size(); ++i) CHECK_EQUAL(found[i], wanted[i]);
}
// Where the ring's memory begins; the ring must be new.
uint64_t* FirstSlot(RingBuffer& ring) {
  uint64_t* first = nullptr;
  CHECK(Write(ring, 1, 0, &first));
  ReadAll(ring);
  return first;
}
size_t PagesTouched(uint64_t* first, size_t capacity_words) {
  const size_t page_bytes = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  std::vector<unsigned char> resident(capacity_words * sizeof(uint64_t) / page_bytes);
  CHECK(mincore(first, resident.size() * page_bytes, resident.data()) == 0);
  size_t touched = 0;
  for (const unsigned char page : resident) touched += page & 1;
  return touched;
}

}  // namespace

TEST("the capacity is the power of two that holds the bytes asked for, and 4 KiB at least") {
  struct {
    size_t bytes;
    size_t words;
  } const cases[] = {{1, 512},           {kSmallBytes, 512},     {kSmallBytes + 1, 1024},
                     {65536, 8192},      {65537, 16384},         {(8 << 20) - 1, 1 << 20},
                     {8 << 20, 1 << 20}, {(8 << 20) + 1, 2 << 20}};
  for (const auto& [bytes, words] : cases) {
    RingBuffer ring;
    CHECK(ring.Allocate(bytes));
    CHECK_EQUAL(ring.capacity_words(), words);
    CHECK(ring.IsEmpty());
  }
}

TEST("a record comes out word for word as it was written") {
  RingBuffer ring;
  CHECK(ring.Allocate(kSmallBytes));
  const RingBuffer::Reservation record = ring.Reserve(6);
  CHECK(static_cast<bool>(record));
  record.words[1] = 0x0123456789abcdef;
  record.words[2] = UINT64_MAX;
  record.words[3] = 1;
  record.words[4] = 0x00007f1234567890;
  record.words[5] = 0;
  ring.Publish(record, MakeHeader(RecordKind::kSample, 0xbeef, 6));
  CheckWords(ReadAll(ring), {0x00000006'beef'00'01, 0x0123456789abcdef, UINT64_MAX, 1, 0x00007f1234567890, 0});
  CHECK(ring.IsEmpty());
}

TEST("records come out in order, whole ones only, as many as fit") {
  RingBuffer ring;
  CHECK(ring.Allocate(kSmallBytes));
  CHECK(Write(ring, 2, 10) && Write(ring, 4, 20) && Write(ring, 1, 30) && Write(ring, 3, 40));
  CHECK_EQUAL(ring.UsedWords(), 10u);
  uint64_t out[10];
  CHECK_EQUAL(ring.Read(out, 1), 0u);
  CHECK_EQUAL(ring.Read(out, 5), 2u);
  CHECK_EQUAL(out[1], 10u);
  CHECK_EQUAL(ring.Read(out, 5), 5u);
  CheckWords({out, out + 5}, {HeaderOf(4), 20, 20, 20, HeaderOf(1)});
  CheckWords(ReadAll(ring), {HeaderOf(3), 40, 40});
}

TEST("the reader stops at a record that is reserved but not published, and goes on once it is") {
  RingBuffer ring;
  CHECK(ring.Allocate(kSmallBytes));
  CHECK(Write(ring, 2, 10));
  const RingBuffer::Reservation open = ring.Reserve(3);
  CHECK(Write(ring, 2, 30));
  CheckWords(ReadAll(ring), {HeaderOf(2), 10});
  open.words[1] = 20;
  CheckWords(ReadAll(ring), {});
  CHECK_EQUAL(ring.UsedWords(), 5u);
  open.words[2] = 21;
  ring.Publish(open, HeaderOf(3));
  CheckWords(ReadAll(ring), {HeaderOf(3), 20, 21, HeaderOf(2), 30});
}

TEST("a record never wraps, and padding is never handed out") {
  RingBuffer ring;
  CHECK(ring.Allocate(kSmallBytes));
  uint64_t* const first = FirstSlot(ring);
  size_t offset = 1;
  uint64_t random = 1;
  for (uint64_t number = 1; number <= 20'000; ++number) {
    random = random * 6364136223846793005u + 1442695040888963407u;  // Knuth's MMIX
    const size_t words = 2 + (random >> 33) % 97;
    offset = offset + words > kSmallWords ? 0 : offset;
    uint64_t* at = nullptr;
    CHECK(Write(ring, words, number, &at));
    CHECK(at == first + offset);
    offset += words;
    std::vector<uint64_t> wanted(words, number);
    wanted[0] = HeaderOf(words);
    CheckWords(ReadAll(ring), wanted);
    CHECK(ring.IsEmpty());
  }
}

TEST("the ring takes records until every word is used, then none, then as much as was read") {
  RingBuffer ring;
  CHECK(ring.Allocate(kSmallBytes));
  for (uint64_t number = 0; number < 32; ++number) CHECK(Write(ring, 16, number));
  CHECK_EQUAL(ring.UsedWords(), kSmallWords);
  CHECK(!Write(ring, 1, 99));
  uint64_t out[16];
  CHECK_EQUAL(ring.Read(out, 16), 16u);
  CHECK(!Write(ring, 17, 99));
  CHECK(Write(ring, 16, 32));
  CHECK(!Write(ring, 1, 99));
  std::vector<uint64_t> wanted;
  for (uint64_t number = 1; number <= 32; ++number) {
    wanted.push_back(HeaderOf(16));
    wanted.insert(wanted.end(), 15, number);
  }
  CheckWords(ReadAll(ring), wanted);
}

TEST("padding counts as used: a record that fits in sum, but in no one piece, finds no room") {
  RingBuffer ring;
  CHECK(ring.Allocate(kSmallBytes));
  CHECK(Write(ring, 100, 1) && Write(ring, 400, 2));
  uint64_t out[100];
  CHECK_EQUAL(ring.Read(out, 100), 100u);
  CHECK(!Write(ring, 101, 3));  // 12 words at the end, 100 at the start
  CHECK(Write(ring, 100, 4));
  CHECK_EQUAL(ring.UsedWords(), 400u + 12 + 100);
}

TEST("half full is said from half the capacity on") {
  RingBuffer ring;
  CHECK(ring.Allocate(kSmallBytes));
  CHECK(Write(ring, kSmallWords / 2 - 1, 1));
  CHECK(!ring.IsHalfFull());
  CHECK(Write(ring, 1, 2));
  CHECK(ring.IsHalfFull());
}

TEST("every slot is zero once it has been read") {
  RingBuffer ring;
  CHECK(ring.Allocate(kSmallBytes));
  uint64_t* const first = FirstSlot(ring);
  for (int lap = 0; lap < 50; ++lap) {
    for (uint64_t i = 0; i < 9; ++i) CHECK(Write(ring, 17 + (i + static_cast<uint64_t>(lap)) % 31, UINT64_MAX));
    ReadAll(ring);
    for (size_t i = 0; i < kSmallWords; ++i) CHECK_EQUAL(first[i], 0u);
  }
}

TEST("what found no room stands in the stream as an overflow record, at its place, with the exact number") {
  RingBuffer ring;
  CHECK(ring.Allocate(kSmallBytes));
  CHECK(Write(ring, 500, 1));
  CHECK(!Write(ring, 20, 2));
  ring.AddOverflow(1, 1'000'001);
  ring.AddOverflow(3, 1'000'002);
  ring.AddOverflow(1, 1'000'003);
  CHECK_EQUAL(ReadAll(ring).size(), 500u);
  ring.FlushOverflow();
  CHECK(Write(ring, 2, 3));
  ring.FlushOverflow();  // nothing is left to say
  CHECK(Write(ring, 2, 4));
  CheckWords(ReadAll(ring), {0x00000003'0000'00'02, 1'000'001, 5, HeaderOf(2), 3, HeaderOf(2), 4});
  CHECK_EQUAL(ring.TakeOverflow(), 0u);
}

TEST("an overflow that finds no room itself is kept, with the time of its first tick") {
  RingBuffer ring;
  CHECK(ring.Allocate(kSmallBytes));
  CHECK(Write(ring, kSmallWords - 2, 1));
  ring.AddOverflow(7, 1'000'001);
  ring.FlushOverflow();
  ring.AddOverflow(2, 1'000'002);
  CHECK_EQUAL(ReadAll(ring).size(), kSmallWords - 2);
  ring.FlushOverflow();
  CheckWords(ReadAll(ring), {0x00000003'0000'00'02, 1'000'001, 9});
}

TEST("the reader takes the losses that no writer came to report") {
  RingBuffer ring;
  CHECK(ring.Allocate(kSmallBytes));
  CHECK_EQUAL(ring.TakeOverflow(), 0u);
  ring.AddOverflow(2, 1'000'001);
  ring.AddOverflow(5, 1'000'002);
  CHECK_EQUAL(ring.TakeOverflow(), 7u);
  CHECK_EQUAL(ring.TakeOverflow(), 0u);
  ring.AddOverflow(1, 2'000'000);
  ring.FlushOverflow();
  CheckWords(ReadAll(ring), {0x00000003'0000'00'02, 2'000'000, 1});
}

TEST("a ring that is drained often touches the start of its memory only, if it is rewound") {
  constexpr size_t kBytes = 8 << 20;
  constexpr size_t kBatchWords = 10 * 1000;
  constexpr size_t kRewoundBytes = 256 * 1024;  // from here on it is worth it, says Rewind()
  const size_t page_bytes = static_cast<size_t>(sysconf(_SC_PAGESIZE));
#if defined(__linux__)
  CHECK(prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0) == 0);  // or one touch may count for 2 MiB
#endif
  size_t touched[2];
  for (const bool rewinds : {false, true}) {
    RingBuffer ring;
    CHECK(ring.Allocate(kBytes));
    uint64_t* const first = FirstSlot(ring);
    for (uint64_t number = 0; number < 2 * kBytes / sizeof(uint64_t) / kBatchWords; ++number) {
      for (int i = 0; i < 10; ++i) CHECK(Write(ring, kBatchWords / 10, number));
      CHECK_EQUAL(ReadAll(ring).size(), kBatchWords);
      if (rewinds) ring.Rewind();
      CHECK(ring.IsEmpty());
    }
    touched[rewinds] = PagesTouched(first, ring.capacity_words());
  }
  CHECK(touched[false] * page_bytes > kBytes / 2);
  CHECK(touched[true] * page_bytes <= kRewoundBytes + kBatchWords * sizeof(uint64_t) + page_bytes);
}

TEST("rewinding leaves alone what has not been read, and keeps the stream going") {
  constexpr size_t kBytes = 1 << 20;
  RingBuffer ring;
  CHECK(ring.Allocate(kBytes));
  uint64_t* const first = FirstSlot(ring);
  uint64_t* at = nullptr;
  for (int i = 0; i < 40; ++i) CHECK(Write(ring, 1000, 1, &at));
  ring.Rewind();
  CHECK_EQUAL(ReadAll(ring).size(), 40'000u);
  const RingBuffer::Reservation open = ring.Reserve(2);
  CHECK(open.words == at + 1000);
  ring.Rewind();
  open.words[1] = 7;
  ring.Publish(open, HeaderOf(2));
  CheckWords(ReadAll(ring), {HeaderOf(2), 7});
  ring.Rewind();
  CHECK(Write(ring, 2, 8, &at));
  CHECK(at == first);
  CheckWords(ReadAll(ring), {HeaderOf(2), 8});
  ring.Rewind();  // not worth it
  CHECK(Write(ring, 2, 9, &at));
  CHECK(at == first + 2);
}

TEST("a record longer than the ring, and any record without a ring, finds no room") {
  RingBuffer ring;
  CHECK(!ring.Reserve(1));
  CHECK(ring.Allocate(kSmallBytes));
  CHECK(!ring.Reserve(kSmallWords + 1));
  CHECK(Write(ring, kSmallWords, 5));
  ring.AddOverflow(1, 1);
  CHECK(ring.Allocate(2 * kSmallBytes));
  CHECK(ring.IsEmpty());
  CHECK_EQUAL(ring.TakeOverflow(), 0u);
  CHECK(Write(ring, 2 * kSmallWords, 6));
  ring.Release();
  CHECK(!ring.Reserve(1));
}

int main(int argc, char** argv) { return tap::RunTests(argc, argv); }
