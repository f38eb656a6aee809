// code_events.cc: see code_events.h.
//
// The layout of the bytes, in native byte order; every item is a multiple of 8 bytes. lib/records.ts is the reader.
//
//   added   u8 kind = 1, u8 code type (v8::JitCodeEvent::CodeType), u8 1 if it is a builtin that JavaScript can call, u8 0,
//           u32 sequence
//           u64 start, u64 size in bytes
//           u32 script id (0: none), u32 length of the name in bytes
//           u32 number of the function in its script (0xffffffff: not known), u32 bytes of positions
//           u32 number of inlined calls, u32 number of inlined functions
//           the positions, as PositionTableWriter in heap/position_table.h has them
//           for each inlined call: i32 offset in the script, i32 the inlined call it stands in, i32 the function called
//           for each inlined function: u32 script id, u32 its number in the script
//           the name in UTF-8; each of these four with zeroes up to a multiple of 8
//   script  u8 kind = 3, u8[3] 0, u32 sequence of the event before it
//           u32 script id, i32 offset of its lines, i32 offset of its first line's columns, u32 number of lines
//           u32 script id and u32 number of the function that evaluated it (0xffffffff: not known), i32 at which offset in
//           its script (-1: not known), u32 length of its source map's URL in bytes
//           for each line: u32 the offset at which it ends; the URL in UTF-8; both with zeroes up to a multiple of 8
//   listing u8 kind = 4, u8 0, u8 0 for the begin and 1 for the end, u8 0, u32 sequence of the event before it
//           Between the two, V8 lists what is there; some of it may have been told of before.
//   lost    u8 kind = 5, u8[3] 0, u32 sequence: there was no room for what came then
//   moved   u8 kind = 2, u8[3] 0, u32 sequence
//           u64 number of moves, then for each: u64 from, u64 to

#include "code_events.h"

#include <cstring>
#include <utility>

namespace nativeprof {

namespace {

constexpr uint64_t kAdded = 1;
constexpr uint64_t kMoved = 2;
constexpr uint64_t kScript = 3;
constexpr uint64_t kListing = 4;
constexpr uint64_t kLost = 5;

uint64_t Header(uint64_t kind, uint32_t sequence) { return kind | static_cast<uint64_t>(sequence) << 32; }

}  // namespace

void CodeEvents::AddCode(const AddedCode& code) {
  AppendWord(Header(kAdded, code.sequence) | static_cast<uint64_t>(code.type) << 8 |
             static_cast<uint64_t>(code.is_callable) << 16);
  AppendWord(code.start);
  AppendWord(code.bytes);
  AppendPair(code.script_id, static_cast<uint32_t>(code.name.size()));
  const auto& [function, positions, calls, functions] = code.tables;
  AppendPair(function.literal_id, static_cast<uint32_t>(positions.size()));
  AppendPair(static_cast<uint32_t>(calls.size()), static_cast<uint32_t>(functions.size()));
  AppendBytes(positions.data(), positions.size());
  AppendBytes(calls.data(), calls.size() * sizeof(InlinedCall));
  AppendBytes(functions.data(), functions.size() * sizeof(FunctionKey));
  AppendBytes(code.name.data(), code.name.size());
}

void CodeEvents::AddScript(uint32_t sequence, const ScriptTable& script, std::string_view source_map_url) {
  AppendWord(Header(kScript, sequence));
  AppendPair(script.id, static_cast<uint32_t>(script.line_offset));
  AppendPair(static_cast<uint32_t>(script.column_offset), static_cast<uint32_t>(script.line_ends.size()));
  AppendPair(script.evaluated_in.script_id, script.evaluated_in.literal_id);
  AppendPair(static_cast<uint32_t>(script.evaluated_at), static_cast<uint32_t>(source_map_url.size()));
  AppendBytes(script.line_ends.data(), script.line_ends.size() * sizeof(uint32_t));
  AppendBytes(source_map_url.data(), source_map_url.size());
}

void CodeEvents::AddMoves(uint32_t sequence, const std::vector<CodeMove>& moves) {
  AppendWord(Header(kMoved, sequence));
  AppendWord(moves.size());
  AppendBytes(moves.data(), moves.size() * sizeof(CodeMove));
}

void CodeEvents::AddListing(uint32_t sequence, bool is_end) {
  AppendWord(Header(kListing, sequence) | static_cast<uint64_t>(is_end) << 16);
}

void CodeEvents::AddLost(uint32_t sequence) { AppendWord(Header(kLost, sequence)); }

std::vector<uint8_t> CodeEvents::Take() { return std::exchange(bytes_, {}); }

void CodeEvents::AppendWord(uint64_t word) { AppendBytes(&word, sizeof(word)); }

void CodeEvents::AppendPair(uint32_t low, uint32_t high) { AppendWord(low | static_cast<uint64_t>(high) << 32); }

void CodeEvents::AppendBytes(const void* bytes, size_t size) {
  const size_t end = bytes_.size();
  bytes_.resize(end + (size + 7) / 8 * 8);
  if (size > 0) std::memcpy(bytes_.data() + end, bytes, size);
}

}  // namespace nativeprof
