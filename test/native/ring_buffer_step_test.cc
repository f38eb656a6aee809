// ring_buffer_step_test.cc: the ring with one interruption at every single instruction, one after the other. The trap flag
// of the processor raises SIGTRAP after each instruction; the handler of the n-th one gets in the way, for every n.
// So nothing is left to chance, unlike in ring_buffer_concurrency_test.cc, where threads and more than one interruption
// are.
//
// x64 only, and not with sanitizers, which would be stepped through as well.

#include "tap.h"

#if defined(__x86_64__) && !defined(NATIVEPROF_SANITIZED)

#include <ucontext.h>
#include <x86intrin.h>

#include <algorithm>
#include <csignal>

#include "numbered_records.h"

using namespace nativeprof;
using numbered::Reader;
using numbered::Writer;

namespace {

constexpr size_t kRingBytes = 4096;
constexpr size_t kRewoundRingBytes = 512 * 1024;  // half of it is what Rewind() begins at
constexpr size_t kMostWords = 8;  // of a record: short ones, so that most instructions are the ring's

struct Scene {
  RingBuffer ring;
  Reader reader;
  Writer writer = {1, kMostWords};
  Writer in_handler = {2, kMostWords};
};

constexpr int kTrapFlag = 0x100;

// written between two interruptions
Scene* scene = nullptr;
void (*interrupt)() = nullptr;
int steps_to_go = 0;

// The processor clears the trap flag for the handler and sets it again behind it, unless told otherwise.
void HandleTrap(int, siginfo_t*, void* context) {
  if (--steps_to_go > 0) return;
  interrupt();
  auto& registers = static_cast<ucontext_t*>(context)->uc_mcontext;
#if defined(__APPLE__)
  registers->__ss.__rflags &= ~static_cast<uint64_t>(kTrapFlag);
#else
  registers.gregs[REG_EFL] &= ~kTrapFlag;
#endif
}

// Calls `body`, and `interrupt` after its `step`th instruction. False if it has fewer.
template <typename Body>
__attribute__((noinline)) bool StepThrough(int step, Body body) {
  steps_to_go = step;
  __writeeflags(__readeflags() | kTrapFlag);
  body();
  __writeeflags(__readeflags() & ~static_cast<unsigned long long>(kTrapFlag));
  return steps_to_go <= 0;
}

// Goes through the same scene again and again: `set_up`, then `body`, interrupted at its first instruction the first
// time, at its second the second time, and so on to the last; then `tear_down`.
template <typename SetUp, typename Body, typename TearDown>
void InterruptEverywhere(void (*by)(), bool may_lose, SetUp set_up, Body body, TearDown tear_down) {
  struct sigaction action = {};
  action.sa_sigaction = HandleTrap;
  action.sa_flags = SA_SIGINFO;
  CHECK(sigaction(SIGTRAP, &action, nullptr) == 0);
  interrupt = by;
  int step = 1;
  for (bool is_longer = true; is_longer; ++step) {
    Scene now;
    scene = &now;
    CHECK(now.ring.Allocate(kRingBytes));
    set_up();
    is_longer = StepThrough(step, body);
    tear_down();
    // The ring goes on as if nothing had been.
    now.reader.Read(now.ring);
    for (int i = 0; i < 100; ++i) {
      CHECK(numbered::Write(now.ring, now.writer));
      CHECK(numbered::Write(now.ring, now.in_handler));
      now.reader.Read(now.ring);
    }
    now.reader.CheckComplete(now.ring, {&now.writer, &now.in_handler});
    if (!may_lose) CHECK_EQUAL(now.writer.lost + now.in_handler.lost, 0u);
  }
  CHECK(step > 20);
  std::signal(SIGTRAP, SIG_DFL);
}

template <typename SetUp>
void InterruptWriter(void (*by)(), bool may_lose, SetUp set_up) {
  numbered::Draft draft;
  bool was_written;
  InterruptEverywhere(
      by, may_lose,
      [&] {
        set_up();
        draft = numbered::MakeDraft(scene->writer);
      },
      [&] { was_written = numbered::Put(scene->ring, draft, [] {}); },
      [&] { numbered::Count(scene->writer, was_written); });
}

template <typename SetUp>
void InterruptReader(void (*by)(), bool may_lose, SetUp set_up) {
  size_t taken;
  InterruptEverywhere(
      by, may_lose, set_up, [&] { taken = scene->reader.Take(scene->ring, 3 * kMostWords); },
      [&] { scene->reader.Check(taken, [](uint64_t, uint32_t) {}); });
}

// Moves on until `words` are left before the end of the ring, and all has been read.
void LeaveToEnd(size_t words) {
  size_t at = 0;
  const size_t end = scene->ring.capacity_words() - words;
  while (at < end) {
    const size_t length = std::min<size_t>(end - at, 256);
    const RingBuffer::Reservation record = scene->ring.Reserve(length);
    if (!CHECK(static_cast<bool>(record))) return;
    scene->ring.Publish(record, MakeHeader(RecordKind::kPadding, 0, static_cast<uint32_t>(length)));
    at += length;
  }
  scene->reader.Read(scene->ring);
}

void WriteOne() { numbered::Write(scene->ring, scene->writer); }
void WriteSome() {
  for (int i = 0; i < 3; ++i) WriteOne();
}
void Fill() {
  while (numbered::Write(scene->ring, scene->writer)) {
  }
}

// What may come in between.
void OtherWrites() { numbered::Write(scene->ring, scene->in_handler); }
void OtherFills() {
  while (numbered::Write(scene->ring, scene->in_handler)) {
  }
}
void OthersWriteAndRead() {
  for (int i = 0; i < 5; ++i) {
    numbered::Write(scene->ring, scene->in_handler);
    scene->reader.Read(scene->ring);
  }
}

}  // namespace

TEST("a writer interrupted at any instruction by a writer loses nothing") {
  InterruptWriter(OtherWrites, false, [] {});
}

TEST("a writer interrupted at any instruction by writers and the reader finds room where there is room") {
  InterruptWriter(OthersWriteAndRead, false, [] {});
}

TEST("a writer at the end of the ring, interrupted at any instruction, loses nothing") {
  for (const size_t words : {1, 5, 12}) {
    InterruptWriter(OtherWrites, false, [words] { LeaveToEnd(words); });
    InterruptWriter(OthersWriteAndRead, false, [words] { LeaveToEnd(words); });
  }
}

TEST("a writer that finds no room, interrupted at any instruction by others, counts its loss once") {
  InterruptWriter(OtherWrites, true, Fill);
  InterruptWriter(OthersWriteAndRead, true, Fill);
}

TEST("a writer that reports losses, interrupted at any instruction by others, reports each once") {
  for (void (*const by)() : {OtherWrites, OtherFills, OthersWriteAndRead}) {
    InterruptWriter(by, true, [] {
      Fill();
      WriteOne();
      scene->reader.Read(scene->ring, 3 * kMostWords);
    });
  }
}

TEST("a reader interrupted at any instruction by writers takes every record once") {
  InterruptReader(OtherWrites, false, WriteSome);
  InterruptReader(OtherFills, true, WriteSome);
  InterruptReader(OtherFills, true, Fill);
}

TEST("rewinding, interrupted at any instruction by a writer, loses nothing") {
  InterruptEverywhere(
      OtherWrites, false,
      [] {
        CHECK(scene->ring.Allocate(kRewoundRingBytes));
        LeaveToEnd(kRewoundRingBytes / sizeof(uint64_t) / 4);
      },
      [] { scene->ring.Rewind(); }, [] {});
}

#else

TEST("stepping through the ring # SKIP needs x64, and no sanitizer that would be stepped through, too") {}

#endif

int main(int argc, char** argv) { return tap::RunTests(argc, argv); }
