// bytecode_lengths_test.cc: the length of a bytecode array is the one that it has, soon also after another array has come to lie
// there, and nothing is read of what is gone but by a call that may fail.
// With: safe_read.cc

#include "bytecode_lengths.h"

#include <sys/mman.h>

#include "signal_context.h"
#include "tap.h"

using namespace nativeprof;

namespace {

const SignalContext kContext = SignalContextForTests::Make();
constexpr size_t kPageBytes = SafeReader::kPageBytes;

// What of a BytecodeArray is looked at: the length, a Smi, behind its map.
uintptr_t MakeArray(void* at, uint32_t length) {
  static_cast<uint64_t*>(at)[1] = uint64_t{length} << 32;
  return reinterpret_cast<uintptr_t>(at) + 1;
}

SafeReader Reader() {
  SafeReader reader;
  reader.Probe();
  return reader;
}

}  // namespace

TEST("each array has its own length, whatever else was asked for") {
  const SafeReader reader = Reader();
  BytecodeLengths lengths;
  constexpr size_t kArrays = 1000;  // more than are remembered
  static uint64_t heap[kArrays][2];
  for (int round = 0; round < 3; ++round) {
    size_t wrong = 0;
    for (uint32_t i = 0; i < kArrays; ++i) {
      if (lengths.Find(kContext, MakeArray(heap[i], i + 1), reader) != i + 1) ++wrong;
    }
    CHECK_EQUAL(wrong, 0u);
  }
}

TEST("another array in the same place is noticed after some uses") {
  const SafeReader reader = Reader();
  BytecodeLengths lengths;
  uint64_t heap[2];
  const uintptr_t array = MakeArray(heap, 40);
  CHECK_EQUAL(lengths.Find(kContext, array, reader), 40u);
  MakeArray(heap, 7);
  CHECK_EQUAL(lengths.Find(kContext, array, reader), 40u);  // remembered: this is what the class is for
  size_t uses = 0;
  while (uses < 1000 && lengths.Find(kContext, array, reader) != 7) ++uses;
  CHECK(uses < 32);
}

TEST("an array that is gone has no length, and does no harm") {
  const SafeReader reader = Reader();
  BytecodeLengths lengths;
  void* const page = mmap(nullptr, kPageBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  const uintptr_t array = MakeArray(page, 40);
  munmap(page, kPageBytes);
  CHECK_EQUAL(lengths.Find(kContext, array, reader), 0u);
  CHECK_EQUAL(lengths.Find(kContext, 1, reader), 0u);
}

int main(int argc, char** argv) { return tap::RunTests(argc, argv); }
