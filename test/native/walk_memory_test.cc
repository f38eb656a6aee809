// walk_memory_test.cc: a walk that follows the one before finds what is on the stack, whatever was called in between, and
// looks at few frames anew. The stacks are made up: functions that save a frame pointer, that keep none, and that need a
// third word to be left, call each other at random in the same few places.

#include "walk_memory.h"

#include <memory>
#include <random>
#include <vector>

#include "tap.h"

using nativeprof::RememberedFrame;
using nativeprof::WalkMemory;

namespace {

constexpr uintptr_t kRoot = 1;
constexpr size_t kStackWords = 16 * 1024;

struct Frame {
  uintptr_t pc;
  uintptr_t sp;
  uintptr_t fp;
  bool operator==(const Frame& other) const { return pc == other.pc && sp == other.sp && fp == other.fp; }
};

uintptr_t& At(uintptr_t address) { return *reinterpret_cast<uintptr_t*>(address); }
enum class Way { kFramePointer, kStackPointer, kThirdWord };
Way WayOf(uintptr_t pc) { return static_cast<Way>(pc % 3); }
uintptr_t SizeBytes(uintptr_t pc) { return (3 + pc % 2) * sizeof(uintptr_t); }

class Stack {
 public:
  Stack() : words_(kStackWords), frames_{{kRoot, top(), 0}} {}

  uintptr_t top() const { return reinterpret_cast<uintptr_t>(words_.data() + words_.size()); }
  size_t depth() const { return frames_.size(); }
  // Leaf first, without the leaf itself.
  std::vector<Frame> Callers() const { return {frames_.rbegin() + 1, frames_.rend()}; }
  const Frame& leaf() const { return frames_.back(); }

  // `more_words` count for functions that need a third word.
  void Call(uintptr_t pc, uintptr_t more_words = 0) {
    Frame frame = leaf();
    At(frame.sp -= sizeof(uintptr_t)) = frame.pc;
    if (WayOf(pc) == Way::kFramePointer) {
      At(frame.sp -= sizeof(uintptr_t)) = frame.fp;
      frame.fp = frame.sp;
    }
    const uintptr_t bytes = SizeBytes(pc) + (WayOf(pc) == Way::kThirdWord ? more_words * sizeof(uintptr_t) : 0);
    frame.sp -= bytes;
    At(frame.sp) = bytes;
    frame.pc = pc;
    frames_.push_back(frame);
  }
  void Return() { frames_.pop_back(); }

 private:
  std::vector<uintptr_t> words_;
  std::vector<Frame> frames_;
};

struct Link {
  bool is_by_two_words;
  uint16_t fp_words_below_pc;
};

Frame CallerOf(const Frame& frame, Link* link) {
  *link = {WayOf(frame.pc) != Way::kThirdWord, 0};
  if (WayOf(frame.pc) == Way::kFramePointer) {
    link->fp_words_below_pc = 1;
    return {At(frame.fp + 8), frame.fp + 16, At(frame.fp)};
  }
  const uintptr_t slot = frame.sp + (link->is_by_two_words ? SizeBytes(frame.pc) : At(frame.sp));
  return {At(slot), slot + 8, frame.fp};
}

struct Walked {
  std::vector<Frame> frames;
  size_t found_out = 0;  // frames that were not just checked
};

// As FrameWalker does.
Walked Walk(const Stack& stack, WalkMemory& memory, uint32_t version) {
  Walked walked;
  Frame now = stack.leaf();
  memory.Begin(stack.top(), version);
  while (now.pc != kRoot) {
    Link link;
    now = CallerOf(now, &link);
    ++walked.found_out;
    if (!memory.Find(now.pc, now.sp, now.fp)) {
      walked.frames.push_back(now);
      const bool is_kept = link.is_by_two_words || memory.is_first();
      memory.Add({now.pc, now.fp, memory.WordsBelowTop(now.sp - 8), link.fp_words_below_pc,
                  is_kept ? RememberedFrame::Kind::kNative : RememberedFrame::Kind::kFoundAgain});
      continue;
    }
    size_t i = memory.found();
    const auto add = [&] {
      const RememberedFrame& frame = memory.frame(i);
      now = {frame.pc, memory.SpOf(frame), frame.fp};
      walked.frames.push_back(now);
    };
    for (add(); i > 0 && memory.IsStillBehind(i - 1); add()) --i;
    memory.Follow(i, link.is_by_two_words, link.fp_words_below_pc);
    if (i == 0) break;
  }
  memory.End();
  return walked;
}

}  // namespace

TEST("every walk finds the stack as it is, through any calls and returns") {
  std::mt19937 random(7);
  size_t frames = 0;
  size_t found_out = 0;
  for (int round = 0; round < 90; ++round) {
    Stack stack;
    const auto memory = std::make_unique<WalkMemory>();
    memory->Forget();
    const size_t most = round % 3 == 0 ? 700 : 8;  // deeper than what is remembered, or so that nearly all changes
    const uint32_t most_moves = round % 3 == 1 ? 2 * static_cast<uint32_t>(most) : static_cast<uint32_t>(most / 3);
    for (int tick = 0; tick < 400; ++tick) {
      for (uint32_t moves = random() % most_moves; moves > 0; --moves) {
        const bool returns = stack.depth() > 2 && (stack.depth() >= most || random() % 5 < 2);
        if (returns) stack.Return();
        else stack.Call(2 + random() % 6, random() % 3);
      }
      if (stack.depth() == 1) continue;
      const Walked walked = Walk(stack, *memory, 1);
      CHECK(walked.frames == stack.Callers());
      frames += walked.frames.size();
      found_out += walked.found_out;
    }
  }
  CHECK(found_out < frames);
}

TEST("of a stack that has not changed only the first caller is looked at, and so when a function has come on top") {
  Stack stack;
  const auto memory = std::make_unique<WalkMemory>();
  memory->Forget();
  for (int i = 0; i < 100; ++i) stack.Call(i % 2 == 0 ? 3 : 4);  // no third word in it
  CHECK_EQUAL(Walk(stack, *memory, 1).found_out, 100u);
  CHECK_EQUAL(Walk(stack, *memory, 1).found_out, 1u);
  stack.Call(3);
  CHECK_EQUAL(Walk(stack, *memory, 1).found_out, 2u);
  stack.Return();
  stack.Return();
  CHECK_EQUAL(Walk(stack, *memory, 1).found_out, 1u);
  // The function that has returned is called again in the same place, then another one.
  stack.Call(4);
  stack.Call(4);
  CHECK_EQUAL(Walk(stack, *memory, 1).found_out, 1u);
  stack.Return();
  stack.Return();
  stack.Call(6);
  stack.Call(4);
  CHECK_EQUAL(Walk(stack, *memory, 1).found_out, 2u);
}

TEST("nothing is followed with other tables, on another stack, or when it was to be forgotten") {
  Stack stack;
  const auto memory = std::make_unique<WalkMemory>();
  memory->Forget();
  for (int i = 0; i < 10; ++i) stack.Call(4);
  Walk(stack, *memory, 1);
  CHECK_EQUAL(Walk(stack, *memory, 2).found_out, 10u);
  CHECK_EQUAL(Walk(stack, *memory, 2).found_out, 1u);
  memory->Forget();
  CHECK_EQUAL(Walk(stack, *memory, 2).found_out, 10u);
  Stack other;
  for (int i = 0; i < 10; ++i) other.Call(4);
  CHECK_EQUAL(Walk(other, *memory, 2).found_out, 10u);
}

TEST("a frame that is to be found out each time is not found") {
  Stack stack;
  const auto memory = std::make_unique<WalkMemory>();
  memory->Forget();
  stack.Call(3);
  const Frame root = stack.Callers()[0];
  for (const auto kind : {RememberedFrame::Kind::kFoundAgain, RememberedFrame::Kind::kCode}) {
    memory->Begin(stack.top(), 1);
    memory->Add({root.pc, root.fp, memory->WordsBelowTop(root.sp - 8), 1, kind});
    memory->End();
    memory->Begin(stack.top(), 1);
    CHECK(memory->Find(root.pc, root.sp, root.fp) == (kind == RememberedFrame::Kind::kCode));
    memory->Forget();
  }
}

int main(int argc, char** argv) { return tap::RunTests(argc, argv); }
