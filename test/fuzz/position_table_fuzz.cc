// position_table_fuzz.cc: V8's tables of positions from any bytes, and ours, which are read back as they were written.

#include "heap/position_table.h"

#include "input.h"

using namespace nativeprof;

namespace {

// As lib/position-table.ts reads them.
void CheckWritten(const std::vector<uint8_t>& bytes, const std::vector<PositionEntry>& expected) {
  VlqReader reader(bytes.data(), bytes.size());
  int64_t code_offset = 0;
  int64_t script_offset = 0;
  uint64_t call = 0;
  for (const PositionEntry& entry : expected) {
    uint64_t code;
    int64_t script;
    REQUIRE(reader.Unsigned(&code) && reader.Signed(&script));
    REQUIRE((code & 1) == 0 || reader.Unsigned(&call));
    code_offset += static_cast<int64_t>(code >> 1);
    script_offset += script;
    const SourcePosition position = DecodePosition(entry.raw_position);
    REQUIRE(code_offset == entry.code_offset && script_offset == position.script_offset);
    REQUIRE(static_cast<int64_t>(call) - 1 == position.inlining_id);
  }
  REQUIRE(reader.done());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t bytes) {
  Input input(data, bytes);
  const int encoding = (input.Take<uint8_t>() & 1) + 1;
  const std::vector<uint8_t> table = input.TakeBytes(SIZE_MAX);
  PositionTableReader reader(table.data(), table.size(), encoding);
  std::vector<uint8_t> output;
  PositionTableWriter writer(&output);
  std::vector<PositionEntry> written;
  int64_t last = 0;
  size_t entries = 0;
  for (PositionEntry entry; !reader.done() && reader.Next(&entry);) {
    REQUIRE(++entries <= table.size());
    // What code_tables.cc lets pass.
    if (entry.code_offset < last || entry.code_offset > 1 << 30) break;
    last = entry.code_offset;
    const SourcePosition position = DecodePosition(entry.raw_position);
    writer.Add(entry.code_offset, position.script_offset, position.inlining_id);
    written.push_back(entry);
  }
  writer.Flush();
  CheckWritten(output, written);
  return 0;
}
