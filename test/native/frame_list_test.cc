// frame_list_test.cc: of a stack of any depth the leaf end and the root end are kept, and what is left out is marked.

#include "frame_list.h"

#include <vector>

#include "tap.h"

using nativeprof::FrameList;
using nativeprof::kFramesLeftOut;

namespace {

constexpr uint64_t kUntouched = 0xdeadbeefdeadbeef;

// Adds the numbers from 1 to `count` to a list with `room`; returns what it writes. Nothing but that is written.
std::vector<uint64_t> Written(const FrameList& frames) {
  std::vector<uint64_t> words(frames.length() + 1, kUntouched);
  frames.WriteTo(words.data());
  CHECK_EQUAL(words.back(), kUntouched);
  words.pop_back();
  return words;
}

void AddUpTo(FrameList& frames, uint64_t from, uint64_t to) {
  for (uint64_t i = from; i <= to; ++i) frames.Add(i);
}

// What is to be written, worked out from a list that has room for all.
std::vector<uint64_t> Wanted(size_t room, uint64_t count) {
  std::vector<uint64_t> words;
  const size_t root_room = room / 4;
  const size_t leaf_room = room - root_room;
  for (uint64_t i = 1; i <= count; ++i) {
    if (count <= room || i <= leaf_room || i > count - root_room) words.push_back(i);
    if (count > room && i == leaf_room) words.push_back(kFramesLeftOut);
  }
  return words;
}

void CheckWords(const std::vector<uint64_t>& found, const std::vector<uint64_t>& wanted) {
  if (!CHECK_EQUAL(found.size(), wanted.size())) return;
  for (size_t i = 0; i < wanted.size(); ++i) CHECK_EQUAL(found[i], wanted[i]);
}

}  // namespace

TEST("a list is whole up to its room, and beyond it has both ends and a mark between them") {
  for (const size_t room : {4u, 5u, 7u, 16u, 64u, 255u, 256u}) {
    for (uint64_t count = 0; count <= 3 * room + 3; ++count) {
      std::vector<uint64_t> storage(room + 1, kUntouched);
      FrameList frames(storage.data(), room);
      AddUpTo(frames, 1, count);
      CHECK_EQUAL(storage[room], kUntouched);
      CHECK_EQUAL(frames.count(), count);
      CHECK_EQUAL(frames.IsCut(), count > room);
      CHECK_EQUAL(frames.length(), count > room ? room + 1 : count);
      CheckWords(Written(frames), Wanted(room, count));
    }
  }
}

TEST("three quarters are for the leaf end") {
  uint64_t storage[16];
  FrameList frames(storage, 16);
  AddUpTo(frames, 1, 1000);
  CheckWords(Written(frames), {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, kFramesLeftOut, 997, 998, 999, 1000});
}

TEST("a list that is written twice says the same, and goes on") {
  uint64_t storage[8];
  FrameList frames(storage, 8);
  for (uint64_t count = 1; count <= 40; ++count) {
    frames.Add(count);
    CheckWords(Written(frames), Wanted(8, count));
    CheckWords(Written(frames), Wanted(8, count));
  }
}

TEST("what was taken back is replaced by what comes then") {
  for (uint64_t added = 0; added <= 50; ++added) {
    for (uint64_t kept = 0; kept <= 12; ++kept) {
      uint64_t storage[16];
      FrameList frames(storage, 16);
      AddUpTo(frames, 1, added);
      frames.Truncate(kept);
      const uint64_t left = kept < added ? kept : added;
      CHECK_EQUAL(frames.count(), left);
      CHECK(!frames.IsCut());
      CheckWords(Written(frames), Wanted(16, left));
      AddUpTo(frames, left + 1, 30);
      CheckWords(Written(frames), Wanted(16, 30));
    }
  }
}

TEST("of a list that is taken back no more than the leaf end is left") {
  uint64_t storage[16];
  FrameList frames(storage, 16);
  AddUpTo(frames, 1, 100);
  frames.Truncate(50);
  CHECK_EQUAL(frames.count(), 12u);
  CheckWords(Written(frames), Wanted(16, 12));
}

int main(int argc, char** argv) { return tap::RunTests(argc, argv); }
