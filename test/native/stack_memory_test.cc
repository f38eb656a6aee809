// stack_memory_test.cc: a stack is read within its bounds, whether they are known or end where the mapping does.
// With: safe_read.cc

#include "stack_memory.h"

#include <sys/mman.h>
#include <unistd.h>

#include <vector>

#include "signal_context.h"
#include "tap.h"

using namespace nativeprof;

namespace {

const SignalContext kContext = SignalContextForTests::Make();
constexpr uintptr_t kWordBytes = sizeof(uintptr_t);
constexpr uintptr_t kRedZoneBytes = 128;
constexpr uintptr_t kMostBytes = uintptr_t{8} << 20;
const uintptr_t kPageBytes = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));

SafeReader MakeReader() {
  SafeReader reader;
  reader.Probe();
  return reader;
}

// Some pages whose words are their own addresses, and one before and behind that are not there.
class Stack {
 public:
  explicit Stack(size_t pages) : bytes_((pages + 2) * kPageBytes) {
    void* const memory = mmap(nullptr, bytes_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memory_ = reinterpret_cast<uintptr_t>(memory);
    CHECK(memory != MAP_FAILED);
    CHECK(mprotect(reinterpret_cast<void*>(low()), pages * kPageBytes, PROT_READ | PROT_WRITE) == 0);
    for (uintptr_t at = low(); at < high(); at += kWordBytes) *reinterpret_cast<uintptr_t*>(at) = at;
  }
  ~Stack() { munmap(reinterpret_cast<void*>(memory_), bytes_); }
  Stack(const Stack&) = delete;
  Stack& operator=(const Stack&) = delete;

  uintptr_t low() const { return memory_ + kPageBytes; }
  uintptr_t high() const { return memory_ + bytes_ - kPageBytes; }

 private:
  const size_t bytes_;
  uintptr_t memory_ = 0;
};

}  // namespace

TEST("a stack of known bounds reaches from the red zone to its top, word by word") {
  const SafeReader reader = MakeReader();
  const Stack pages(4);
  const uintptr_t sp = pages.low() + 1024;
  const uintptr_t top = pages.high() - 512;
  StackMemory stack(kContext, sp, top, reader);
  CHECK_EQUAL(stack.top(), top);
  for (uintptr_t at = pages.low(); at < pages.high(); ++at) {
    const bool is_there = at >= sp - kRedZoneBytes && at <= top - kWordBytes && at % kWordBytes == 0;
    CHECK_EQUAL(stack.Has(at), is_there);
    CHECK_EQUAL(stack.Word(at), is_there ? at : 0);
  }
  for (const uintptr_t at : {uintptr_t{0}, kWordBytes, uintptr_t{0} - kWordBytes, top + (uintptr_t{1} << 32)}) {
    CHECK(!stack.Has(at));
    CHECK_EQUAL(stack.Word(at), 0u);
  }
}

TEST("a stack of known bounds needs no safe read") {
  const SafeReader none;
  const Stack pages(1);
  StackMemory stack(kContext, pages.low(), pages.high(), none);
  CHECK_EQUAL(stack.Word(pages.low()), pages.low());
}

TEST("a stack of unknown bounds reaches 8 MiB up from its stack pointer") {
  const SafeReader reader = MakeReader();
  const uintptr_t sp = uintptr_t{1} << 40;
  const StackMemory stack(kContext, sp, 0, reader);
  CHECK(!stack.Has(sp - kRedZoneBytes - kWordBytes));
  CHECK(stack.Has(sp - kRedZoneBytes));
  CHECK(stack.Has(sp + kMostBytes - kWordBytes));
  CHECK(!stack.Has(sp + kMostBytes));
}

TEST("a stack of unknown bounds is read up to the last word that is mapped, in any order") {
  const SafeReader reader = MakeReader();
  if (!reader.available()) return;
  const Stack pages(5);
  // Just above a page's start, in its middle, and in its last words.
  for (const uintptr_t offset : {uintptr_t{0}, uintptr_t{8}, uintptr_t{2048}, kPageBytes - 16, kPageBytes - 8}) {
    const uintptr_t sp = pages.low() + kPageBytes + offset;
    StackMemory up(kContext, sp, 0, reader);
    for (uintptr_t at = sp - kRedZoneBytes; at < pages.high(); at += kWordBytes) CHECK_EQUAL(up.Word(at), at);
    StackMemory down(kContext, sp, 0, reader);
    for (uintptr_t at = pages.high() - kWordBytes; at >= sp - kRedZoneBytes; at -= kWordBytes) {
      CHECK_EQUAL(down.Word(at), at);
    }
    StackMemory anywhere(kContext, sp, 0, reader);
    uint64_t random = offset + 1;
    for (int i = 0; i < 2000; ++i) {
      random = random * 6364136223846793005u + 1442695040888963407u;  // Knuth's MMIX
      const uintptr_t at = sp + (random >> 33) % (pages.high() - sp) / kWordBytes * kWordBytes;
      CHECK_EQUAL(anywhere.Word(at), at);
    }
  }
}

TEST("what is not mapped is zero, and the rest can be read as before") {
  const SafeReader reader = MakeReader();
  if (!reader.available()) return;
  const Stack pages(2);
  StackMemory stack(kContext, pages.low(), 0, reader);
  const uintptr_t last = pages.high() - kWordBytes;
  for (const uintptr_t at : {pages.high(), pages.high() + kPageBytes / 2, pages.low() - kWordBytes}) {
    CHECK(stack.Has(at));
    CHECK_EQUAL(stack.Word(last), last);
    CHECK_EQUAL(stack.Word(at), 0u);
    CHECK_EQUAL(stack.Word(at), 0u);
    CHECK_EQUAL(stack.Word(last), last);
    CHECK_EQUAL(stack.Word(pages.low()), pages.low());
  }
}

TEST("words that do not lie at a multiple of their size are none") {
  const SafeReader reader = MakeReader();
  const Stack pages(1);
  StackMemory stack(kContext, pages.low(), 0, reader);
  for (uintptr_t at = pages.low() + 1; at < pages.low() + kWordBytes; ++at) CHECK_EQUAL(stack.Word(at), 0u);
}

TEST("without a safe read a stack of unknown bounds has no words") {
  const SafeReader none;
  const Stack pages(1);
  StackMemory stack(kContext, pages.low(), 0, none);
  CHECK_EQUAL(stack.Word(pages.low()), 0u);
}

TEST("a stack pointer that is none is no way into other memory") {
  const SafeReader reader = MakeReader();
  const Stack pages(1);
  for (const uintptr_t sp : {uintptr_t{0}, uintptr_t{8}, ~uintptr_t{0}, ~uintptr_t{0} - 7}) {
    StackMemory stack(kContext, sp, 0, reader);
    CHECK_EQUAL(stack.Word(pages.low()), 0u);
    CHECK_EQUAL(stack.Word(0), 0u);
  }
}

int main(int argc, char** argv) { return tap::RunTests(argc, argv); }
