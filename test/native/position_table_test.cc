// position_table_test.cc: V8's two encodings of source positions, and bytes that are none.

#include "heap/position_table.h"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "tap.h"

using nativeprof::DecodePosition;
using nativeprof::PositionEntry;
using nativeprof::PositionHash;
using nativeprof::PositionTableReader;
using nativeprof::PositionTableWriter;
using nativeprof::SourcePosition;
using nativeprof::VlqReader;

namespace {

using Bytes = std::vector<uint8_t>;

// How many entries there are; -1 if one is refused. The last one is in `last`.
int Count(const Bytes& bytes, int encoding, PositionEntry* last) {
  PositionTableReader reader(bytes.data(), bytes.size(), encoding);
  int count = 0;
  for (; !reader.done(); ++count) {
    if (!reader.Next(last)) return -1;
  }
  return count;
}

}  // namespace

TEST("a position has its offset, its inlined call, and whether it is in a script at all") {
  const SourcePosition none = DecodePosition(0);
  CHECK(none.script_offset == -1 && none.inlining_id == -1 && !none.is_external);
  const SourcePosition inlined = DecodePosition(uint64_t{5 + 1} << 31 | uint64_t{1000 + 1} << 1);
  CHECK(inlined.script_offset == 1000 && inlined.inlining_id == 5 && !inlined.is_external);
  const SourcePosition last = DecodePosition(uint64_t{0xffff} << 31 | uint64_t{0x3fffffff} << 1 | 1);
  CHECK(last.script_offset == 0x3ffffffe && last.inlining_id == 0xfffe && last.is_external);
}

TEST("encoding 1: signed code offsets, negative ones for what is no statement") {
  // +1 (folded 2), position +200 (400: 0x90 0x03); -(5 + 1) = -6 (folded 11) stands for +5, position -2 (folded 3).
  const Bytes bytes = {2, 0x90, 0x03, 11, 3};
  PositionTableReader reader(bytes.data(), bytes.size(), 1);
  PositionEntry entry;
  CHECK(reader.Next(&entry) && entry.code_offset == 0 && entry.raw_position == 200);
  CHECK(reader.Next(&entry) && entry.code_offset == 5 && entry.raw_position == 198);
  CHECK(reader.done());
}

TEST("encoding 2: unsigned code offsets above two bits") {
  // +1, a statement; +300 (1200 + 3 = 1203: 0xb3 0x09), a statement that is breakable.
  const Bytes bytes = {1 << 2 | 1, 0x90, 0x03, 0xb3, 0x09, 3};
  PositionTableReader reader(bytes.data(), bytes.size(), 2);
  PositionEntry entry;
  CHECK(reader.Next(&entry) && entry.code_offset == 0 && entry.raw_position == 200);
  CHECK(reader.Next(&entry) && entry.code_offset == 300 && entry.raw_position == 198);
  CHECK(reader.done());
}

TEST("the entry of a function, in front of its code, is at -1") {
  PositionEntry entry;
  for (const int encoding : {1, 2}) {
    CHECK(Count({0, 10}, encoding, &entry) == 1);
    CHECK(entry.code_offset == -1 && entry.raw_position == 5);
  }
}

TEST("tables that are cut off are refused, an empty one is none") {
  const Bytes whole = {0x82, 0x01, 0x90, 0x83, 0x03};
  PositionEntry entry;
  for (const int encoding : {1, 2}) {
    CHECK(Count(whole, encoding, &entry) == 1);
    CHECK(Count({}, encoding, &entry) == 0);
    for (size_t size = 1; size < whole.size(); ++size) {
      CHECK(Count(Bytes(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(size)), encoding, &entry) == -1);
    }
  }
}

TEST("a number of more than 64 bits is refused, one of 64 is read") {
  const Bytes most = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01};
  uint64_t value;
  VlqReader reader(most.data(), most.size());
  CHECK(reader.Unsigned(&value) && value == UINT64_MAX && reader.done());
  const Bytes too_long(11, 0x80);
  VlqReader refusing(too_long.data(), too_long.size());
  CHECK(!refusing.Unsigned(&value));
}

TEST("any bytes at all come to an end") {
  uint32_t state = 1;
  for (int round = 0; round < 2000; ++round) {
    Bytes bytes;
    for (int i = 0; i < round % 40; ++i) {
      state = state * 1664525 + 1013904223;
      bytes.push_back(static_cast<uint8_t>(state >> 24));
    }
    PositionEntry entry;
    for (const int encoding : {1, 2}) CHECK(Count(bytes, encoding, &entry) <= round % 40);
  }
}

TEST("what is written has code offsets and script offsets as differences, and the inlined call + 1 where it is another") {
  std::vector<uint8_t> bytes;
  PositionTableWriter writer(&bytes);
  writer.Add(3, 100, -1);
  writer.Add(203, 99, 4);
  writer.Add(204, 99, 4);
  writer.Add(204, 98, -1);
  writer.Flush();
  CHECK(bytes == Bytes({6, 0xc8, 0x01, 0x91, 0x03, 1, 5, 2, 0, 1, 1, 0}));
}

TEST("a table of any length is written whole") {
  std::vector<uint8_t> bytes;
  PositionTableWriter writer(&bytes);
  for (int i = 1; i <= 1000; ++i) writer.Add(i, i, -1);
  writer.Flush();
  CHECK_EQUAL(bytes.size(), 2000);
  CHECK(std::count(bytes.begin(), bytes.end(), 2) == 2000);
}

TEST("a hash tells order, number and each of both offsets") {
  const auto hash_of = [](std::vector<std::pair<uint64_t, int64_t>> pairs) {
    PositionHash hash;
    for (const auto& [code, script] : pairs) hash.Add(code, script);
    return hash;
  };
  const PositionHash hash = hash_of({{1, 2}, {3, 4}});
  CHECK(hash == hash_of({{1, 2}, {3, 4}}));
  CHECK(!(hash == hash_of({{3, 4}, {1, 2}})));
  CHECK(!(hash == hash_of({{1, 2}})));
  CHECK(!(hash == hash_of({{1, 2}, {3, 5}})));
  CHECK(!(hash == hash_of({{1, 2}, {4, 4}})));
  CHECK_EQUAL(hash.count(), 2);
}

int main(int argc, char** argv) { return tap::RunTests(argc, argv); }
