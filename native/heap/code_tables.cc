// code_tables.cc: see code_tables.h.

#include "code_tables.h"

#include <algorithm>
#include <cstring>

#include "bytecode_sizes.h"

namespace nativeprof {

namespace {

// More than V8 makes of anything.
constexpr int32_t kMostInlined = 1 << 16;
constexpr int32_t kMostBytes = 64 << 20;

// A table of this many entries does not agree with what was announced by chance.
constexpr uint64_t kTellingPositions = 8;

// Where bytecode has the check of the stack, before its first instruction; V8 does not announce it.
constexpr int64_t kEntry = -1;

// Instructions begin at a multiple of this on x64 and arm64 (kCodeAlignment in V8's src/execution/*/…-constants).
constexpr uintptr_t kCodeAlignment = 64;
constexpr uintptr_t kMostCodeBytes = 1 << 20;

constexpr int kCodeKindMask = 15;  // of Code's flags

// An element of the array of inlining positions, 16 bytes (V8's src/codegen/source-position.h).
struct RawInlinedCall {
  uint64_t position;
  int32_t function;
  int32_t padding;
};

constexpr int ElementAt(int index) { return kArrayData + 8 * index; }

constexpr const char* kOtherFunction = "the tables of a piece of code are those of another function";
constexpr const char* kOtherPositions = "V8 announced other source positions for a piece of code than its tables have";

}  // namespace

void CodeTableReader::Start() {
  reader_.Forget();
  stream_map_ = 0;
  static std::string why_not;  // lives as long as the process, as HeapTrust wants it
  static const HeapLayout* const layout = FindHeapLayout(&why_not);
  layout_ = layout;
  sizes_ = nullptr;
  if (layout_ == nullptr) return HeapTrust::TurnOff(why_not.c_str());
  safe_reader_.Probe();
  if (!safe_reader_.available()) return HeapTrust::TurnOff("this machine lets no process read its own memory safely");
  for (const BytecodeSizes& sizes : kBytecodeSizes) {
    if (sizes.v8_major == layout_->v8_major && sizes.v8_minor == layout_->v8_minor) sizes_ = &sizes;
  }
}

void CodeTableReader::Read(const AnnouncedCode& code, CodeTables* tables) {
  tables->Clear();
  if (layout_ == nullptr || HeapTrust::Get() == HeapTrust::State::kOff) return;
  if (!ReadFunction(code.function, &tables->function) || tables->function.script_id != code.script_id) {
    return tables->Clear();
  }
  if (code.kind == CodeKind::kBytecode) {
    if (!ReadBytecode(code, tables)) tables->positions.clear();
    return;
  }
  const uint64_t object = CodeObjectOf(code);
  const bool ok = object != 0 && (code.kind == CodeKind::kBaseline ? ReadBaseline(code, object, tables)
                                                                   : ReadOptimized(code, object, tables));
  if (!ok) tables->ClearPositions();
}

// The Code object of the instructions, if it says the same of them as V8 does.
uint64_t CodeTableReader::CodeObjectOf(const AnnouncedCode& code) {
  const uint64_t stream = code.start - static_cast<uintptr_t>(layout_->stream_instructions) + 1;
  if (reader_.TypeOf(stream) != layout_->type_instruction_stream) return 0;
  const uint64_t object = reader_.GetObject(stream, layout_->stream_code, layout_->type_code);
  uint64_t back;
  uint64_t start;
  uint32_t flags;
  int32_t bytes;
  if (object == 0 || !reader_.Get(object, layout_->code_instruction_stream, &back) || back != stream ||
      !reader_.Get(object, layout_->code_instruction_start, &start) || start != code.start ||
      !reader_.Get(object, layout_->code_flags, &flags) ||
      !reader_.Get(object, layout_->code_instruction_size, &bytes) || static_cast<size_t>(bytes) != code.bytes) {
    return 0;
  }
  const int kind = code.kind == CodeKind::kBaseline ? layout_->kind_baseline
                   : code.kind == CodeKind::kMaglev ? layout_->kind_maglev
                                                    : layout_->kind_turbofan;
  if (static_cast<int>(flags & kCodeKindMask) != kind) return 0;
  if (stream_map_ == 0) reader_.Get(stream, 0, &stream_map_);
  return object;
}

bool CodeTableReader::ReadOptimized(const AnnouncedCode& code, uint64_t object, CodeTables* tables) {
  const int type = layout_->type_deoptimization_data;
  const uint64_t data = reader_.GetObject(object, layout_->code_deoptimization_data, type);
  if (data == 0) return false;
  // The anchor: the function that the tables name is the one that V8 announced.
  const uint64_t function = FunctionOf(data);
  if (function != code.function) {
    HeapTrust::TurnOff(kOtherFunction);
    return false;
  }
  const uint64_t table = reader_.GetObject(object, layout_->code_position_table, layout_->type_position_table);
  if (table == 0 || !ReadInlining(data, tables) || !ReadPositions(code, table, code.bytes, tables)) return false;
  if (code.announced_positions != nullptr && !tables->calls.empty()) {
    HeapTrust::Pass(HeapTrust::State::kLinesAndInlining);
  }
  return true;
}

uint64_t CodeTableReader::FunctionOf(uint64_t data) {
  const int field = ElementAt(layout_->deopt_function);
  if (layout_->deopt_function_is_wrapped == 0) return reader_.GetObject(data, field, layout_->type_function);
  const uint64_t wrapper = reader_.GetObject(data, field, layout_->type_function_wrapper);
  return wrapper == 0 ? 0 : reader_.GetObject(wrapper, kWrapperFunction, layout_->type_function);
}

bool CodeTableReader::Find(uintptr_t pc, AnnouncedCode* code, CodeTables* tables) {
  tables->Clear();
  if (stream_map_ == 0 || HeapTrust::Get() == HeapTrust::State::kOff) return false;
  const auto header = static_cast<uintptr_t>(layout_->stream_instructions);
  for (uintptr_t start = pc & ~(kCodeAlignment - 1); start > header && pc - start < kMostCodeBytes;
       start -= kCodeAlignment) {
    uint64_t map;
    if (!reader_.Get(start - header + 1, 0, &map)) return false;
    if (map != stream_map_) continue;
    const uint64_t object = reader_.GetObject(start - header + 1, layout_->stream_code, layout_->type_code);
    uint32_t flags;
    int32_t bytes;
    if (object == 0 || !reader_.Get(object, layout_->code_flags, &flags) ||
        !reader_.Get(object, layout_->code_instruction_size, &bytes) || bytes <= 0 ||
        pc - start >= static_cast<uintptr_t>(bytes)) {
      return false;
    }
    const int kind = static_cast<int>(flags & kCodeKindMask);
    if (kind != layout_->kind_maglev && kind != layout_->kind_turbofan) return false;
    const int type = layout_->type_deoptimization_data;
    const uint64_t data = reader_.GetObject(object, layout_->code_deoptimization_data, type);
    const uint64_t function = data == 0 ? 0 : FunctionOf(data);
    FunctionKey key;
    if (function == 0 || !ReadFunction(function, &key)) return false;
    const CodeKind found = kind == layout_->kind_maglev ? CodeKind::kMaglev : CodeKind::kTurbofan;
    *code = {found, start, static_cast<size_t>(bytes), function, key.script_id, nullptr};
    Read(*code, tables);
    return tables->function.literal_id != kNoFunction;
  }
  return false;
}

bool CodeTableReader::ReadInlining(uint64_t data, CodeTables* tables) {
  int32_t functions;
  if (!reader_.GetSmi(data, ElementAt(layout_->deopt_inlined_count), &functions) || functions < 0 ||
      functions > kMostInlined) {
    return false;
  }
  const uint64_t literals = reader_.GetObject(data, ElementAt(layout_->deopt_literals), layout_->type_literals);
  int32_t literal_count = 0;
  if (functions > 0 && (literals == 0 || !reader_.GetSmi(literals, kArrayLength, &literal_count) ||
                        literal_count < functions)) {
    return false;
  }
  for (int32_t i = 0; i < functions; ++i) {
    uint64_t function;
    FunctionKey key;
    // References from code may be weak (bit 1), and are cleared when what they lead to dies.
    if (!reader_.Get(literals, ElementAt(i), &function) || (function & 1) == 0 ||
        !ReadFunction(function & ~uint64_t{2}, &key)) {
      return false;
    }
    tables->functions.push_back(key);
  }
  const int type = layout_->type_inlining_positions;
  const uint64_t positions = reader_.GetObject(data, ElementAt(layout_->deopt_inlining_positions), type);
  if (positions == 0) return functions == 0;
  HeapBytes bytes;
  if (!FindBytes(positions, &bytes) || bytes.count % sizeof(RawInlinedCall) != 0) return false;
  for (size_t at = 0; at < bytes.count; at += sizeof(RawInlinedCall)) {
    RawInlinedCall raw;
    std::memcpy(&raw, bytes.at + at, sizeof(raw));
    const SourcePosition position = DecodePosition(raw.position);
    const auto id = static_cast<int32_t>(tables->calls.size());
    if (raw.function < -1 || raw.function >= functions || position.inlining_id >= id) return false;
    // A call from no place in the script is one that V8 made itself.
    tables->calls.push_back({position.is_external ? -1 : position.script_offset, position.inlining_id, raw.function});
  }
  return true;
}

bool CodeTableReader::ReadPositions(const AnnouncedCode& code, uint64_t table, size_t code_bytes, CodeTables* tables) {
  HeapBytes bytes;
  if (!FindBytes(table, &bytes)) return false;
  PositionTableReader reader(bytes.at, bytes.count, layout_->position_encoding);
  PositionTableWriter writer(&tables->positions);
  PositionHash hash;
  int64_t last = kEntry;
  while (!reader.done()) {
    PositionEntry entry;
    if (!reader.Next(&entry) || entry.code_offset < last || entry.code_offset > static_cast<int64_t>(code_bytes)) {
      return false;
    }
    last = entry.code_offset;
    const SourcePosition position = DecodePosition(entry.raw_position);
    if (position.is_external || position.inlining_id >= static_cast<int32_t>(tables->calls.size())) return false;
    writer.Add(std::max<int64_t>(entry.code_offset, 0), position.script_offset, position.inlining_id);
    if (entry.code_offset != kEntry) hash.Add(static_cast<uint64_t>(entry.code_offset), position.script_offset);
  }
  writer.Flush();
  if (code.announced_positions != nullptr && !(*code.announced_positions == hash)) {
    HeapTrust::TurnOff(kOtherPositions);
    return false;
  }
  if (code.announced_positions != nullptr && hash.count() >= kTellingPositions) {
    HeapTrust::Pass(HeapTrust::State::kLines);
  }
  CompareWithV8(code, bytes, *tables);
  return true;
}

bool CodeTableReader::ReadBytecode(const AnnouncedCode& code, CodeTables* tables) {
  const uint64_t array = code.start - static_cast<uintptr_t>(layout_->bytecode_first) + 1;
  if (reader_.TypeOf(array) != layout_->type_bytecode_array) return false;
  const uint64_t table = reader_.GetObject(array, layout_->bytecode_position_table, layout_->type_position_table);
  return table != 0 && ReadPositions(code, table, code.bytes, tables);
}

// Baseline code has a table of where the code of each bytecode ends, the prologue's end first (BytecodeOffsetTableBuilder in
// V8's src/baseline/baseline-compiler.h); the bytecode has the positions.
bool CodeTableReader::ReadBaseline(const AnnouncedCode& code, uint64_t object, CodeTables* tables) {
  if (sizes_ == nullptr) return false;
  const uint64_t array = reader_.GetObject(object, layout_->code_deoptimization_data, layout_->type_bytecode_array);
  const uint64_t offsets = reader_.GetObject(object, layout_->code_position_table, layout_->type_position_table);
  const uint64_t table =
      array == 0 ? 0 : reader_.GetObject(array, layout_->bytecode_position_table, layout_->type_position_table);
  int32_t bytecode_bytes;
  if (offsets == 0 || table == 0 || !reader_.GetSmi(array, kArrayLength, &bytecode_bytes) || bytecode_bytes <= 0 ||
      bytecode_bytes > kMostBytes) {
    return false;
  }
  HeapBytes bytecode;
  HeapBytes positions;
  HeapBytes lengths;
  const uintptr_t first = static_cast<uintptr_t>(array - 1) + static_cast<uintptr_t>(layout_->bytecode_first);
  if (!reader_.Find(first, static_cast<size_t>(bytecode_bytes), &bytecode) || !FindBytes(table, &positions) ||
      !FindBytes(offsets, &lengths)) {
    return false;
  }
  PositionTableReader reader(positions.at, positions.count, layout_->position_encoding);
  VlqReader ends(lengths.at, lengths.count);
  PositionTableWriter writer(&tables->positions);
  uint64_t code_offset;
  if (!ends.Unsigned(&code_offset) || code_offset > code.bytes) return false;
  PositionEntry next = {-1, 0};
  bool has_next = !reader.done() && reader.Next(&next);
  for (size_t at = 0; at < bytecode.count;) {
    bool is_new = false;
    uint64_t raw = 0;
    for (; has_next && next.code_offset <= static_cast<int64_t>(at); has_next = !reader.done() && reader.Next(&next)) {
      raw = next.raw_position;
      is_new = true;
    }
    if (is_new) writer.Add(static_cast<int64_t>(code_offset), DecodePosition(raw).script_offset, -1);
    const size_t length = BytecodeLength(*sizes_, bytecode.at + at, bytecode.count - at);
    uint64_t code_length;
    if (length == 0 || !ends.Unsigned(&code_length) || code_length > code.bytes - code_offset) return false;
    at += length;
    code_offset += code_length;
  }
  writer.Flush();
  return ends.done();
}

bool CodeTableReader::ReadScript(uint64_t function, uint32_t script_id, ScriptTable* script) {
  return layout_ != nullptr && HeapTrust::Get() != HeapTrust::State::kOff &&
         ReadScriptTable(reader_, *layout_, function, script_id, script);
}

bool CodeTableReader::FindBytes(uint64_t array, HeapBytes* bytes) {
  int32_t length;
  return reader_.GetSmi(array, kArrayLength, &length) && length >= 0 && length <= kMostBytes &&
         reader_.Find(static_cast<uintptr_t>(array - 1) + kArrayData, static_cast<size_t>(length), bytes);
}

}  // namespace nativeprof
