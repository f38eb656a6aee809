// code_tables_fuzz.cc: V8's heap, made up: objects whose types, fields and lengths are whatever the fuzzer likes, in a few pages
// with nothing mapped around them. Whatever the reader makes of it is in itself as the reader of its events expects it.
// With: heap/code_tables.cc heap/reader.cc heap/script_table.cc code_events.cc
// Node

#include <sys/mman.h>

#include <atomic>
#include <cstdint>
// One contradiction ends the use of all tables for the life of a process; here every input is a process of its own.
#define private public
#include "heap/trust.h"
#undef private
#include "heap/code_tables.h"

#include "code_events.h"
#include "input.h"

using namespace nativeprof;

namespace {

constexpr size_t kHeapBytes = 16 * 4096;

// Of Node 24, and the other encoding of positions beside it. In the place of layout.cc, which asks the V8 that runs.
HeapLayout layout = {13, 6, 32, 8, 8,  16, 32, 40,  52,  56,  10,  11,  12,  1,   3,   7,   8,   1,   40,  60,  24,  32,
                     56, 64, 72, 80, 24, 64, 187, 192, 282, 195, 167, 186, 188, 205, 193, 199, 196, 196, 1};

uint8_t* MapHeap() {
  // Between two pages that nobody may touch.
  auto* const all = static_cast<uint8_t*>(
      mmap(nullptr, kHeapBytes + 2 * 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
  REQUIRE(all != MAP_FAILED);
  REQUIRE(mprotect(all + 4096, kHeapBytes, PROT_READ | PROT_WRITE) == 0);
  return all + 4096;
}

uint8_t* Heap() {
  static uint8_t* const heap = MapHeap();
  return heap;
}

// A word of the input that says so becomes a pointer into the heap, tagged or not; any other stays.
uint64_t Relocate(uint64_t word, uintptr_t heap) {
  constexpr uint64_t kTagged = 0x50;
  constexpr uint64_t kPlain = 0x51;
  const uint64_t mark = word >> 56;
  if (mark != kTagged && mark != kPlain) return word;
  return heap + (word & 0xffff) + (mark == kTagged ? 1 : 0);
}

void CheckTables(const AnnouncedCode& code, const CodeTables& tables) {
  const auto calls = static_cast<int32_t>(tables.calls.size());
  for (int32_t id = 0; id < calls; ++id) {
    const InlinedCall& call = tables.calls[static_cast<size_t>(id)];
    REQUIRE(call.parent >= -1 && call.parent < id);
    REQUIRE(call.function >= -1 && call.function < static_cast<int32_t>(tables.functions.size()));
  }
  VlqReader reader(tables.positions.data(), tables.positions.size());
  int64_t code_offset = 0;
  uint64_t call = 0;
  while (!reader.done()) {
    uint64_t step;
    int64_t script;
    REQUIRE(reader.Unsigned(&step) && reader.Signed(&script));
    REQUIRE((step & 1) == 0 || reader.Unsigned(&call));
    code_offset += static_cast<int64_t>(step >> 1);
    REQUIRE(code_offset >= 0 && code_offset <= static_cast<int64_t>(code.bytes));
    REQUIRE(static_cast<int64_t>(call) <= calls);
  }
  CodeEvents events;
  events.AddCode({0, false, 1, code.start, code.bytes, code.script_id, "JS:*", tables});
  REQUIRE(events.Take().size() % 8 == 0);
}

}  // namespace

namespace nativeprof {

const HeapLayout* FindHeapLayout(std::string*) { return &layout; }

// In the place of safe_read.cc, which finds AddressSanitizer's own memory readable, too.
void SafeReader::Probe() { way_ = Way::kByKernel; }

bool SafeReader::IsPageReadable(uintptr_t page) const {
  return page - reinterpret_cast<uintptr_t>(Heap()) < kHeapBytes;
}

}  // namespace nativeprof

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t bytes) {
  uint8_t* const heap = Heap();
  static CodeTableReader& reader = *new CodeTableReader();
  Input input(data, bytes);
  const uint8_t how = input.Take<uint8_t>();
  layout.position_encoding = (how & 4) != 0 ? 2 : 1;
  const uintptr_t base = reinterpret_cast<uintptr_t>(heap);
  AnnouncedCode code = {};
  code.kind = static_cast<CodeKind>(how & 3);
  code.start = base + input.Take<uint16_t>();
  code.bytes = input.Take<uint16_t>();
  code.function = base + input.Take<uint16_t>() + 1;
  code.script_id = input.Take<uint8_t>();
  std::memset(heap, 0, kHeapBytes);
  for (size_t at = 0; at < kHeapBytes && !input.done(); at += 8) {
    const uint64_t word = Relocate(input.Take<uint64_t>(), base);
    std::memcpy(heap + at, &word, 8);
  }
  HeapTrust::state_ = HeapTrust::State::kQuarantine;
  HeapTrust::why_off_ = nullptr;
  reader.Start();
  CodeTables tables;
  reader.Read(code, &tables);
  CheckTables(code, tables);
  ScriptTable script;
  if (reader.ReadScript(code.function, code.script_id, &script)) {
    VlqReader line_ends(script.line_ends.data(), script.line_ends.size());
    for (uint64_t further; !line_ends.done();) REQUIRE(line_ends.Unsigned(&further) && further > 0);
  }
  AnnouncedCode found = {};
  if (reader.Find(code.start + (how >> 3) * 8, &found, &tables)) CheckTables(found, tables);
  return 0;
}
