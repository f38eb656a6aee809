// code_events.cc: see code_events.h.
//
// The layout of the bytes, in native byte order; every item is a multiple of 8 bytes. lib/records.ts is the reader.
//
//   added   u8 kind = 1, u8 code type (v8::JitCodeEvent::CodeType), u8 1 if it is a builtin that JavaScript can call, u8 0,
//           u32 sequence
//           u64 start, u32 size in bytes, u32 hash of the name without the mark of its tier
//           u32 script id (0: none), u32 length of the name in bytes
//           u32 number of the function in its script (0xffffffff: not known), u32 bytes of positions
//           u32 number of inlined calls, u32 number of inlined functions
//           the positions, as PositionTableWriter in heap/position_table.h has them
//           for each inlined call: i32 offset in the script, i32 the inlined call it stands in, i32 the function called
//           for each inlined function: u32 script id, u32 its number in the script
//           the name in UTF-8; each of these four with zeroes up to a multiple of 8
//   script  u8 kind = 3, u8[3] 0, u32 sequence of the event before it
//           u32 script id, i32 offset of its lines, i32 offset of its first line's columns, u32 bytes of its lines
//           u32 script id and u32 number of the function that evaluated it (0xffffffff: not known), i32 at which offset in
//           its script (-1: not known), u32 length of its source map's URL in bytes
//           the lines, as ScriptTable in heap/script_table.h has them; the URL in UTF-8; both with zeroes up to a multiple of 8
//   listing u8 kind = 4, u8 0, u8 0 for the begin and 1 for the end, u8 0, u32 sequence of the event before it
//           Between the two, V8 lists what is there; some of it may have been told of before.
//   lost    u8 kind = 5, u8[3] 0, u32 sequence: there was no room for what came then
//   moved   u8 kind = 2, u8[3] 0, u32 sequence
//           u64 number of moves, then for each: u64 from, u64 to

#include "code_events.h"

#include <atomic>
#include <cstring>
#include <utility>

namespace nativeprof {

namespace {

constexpr uint64_t kAdded = 1;
constexpr uint64_t kMoved = 2;
constexpr uint64_t kScript = 3;
constexpr uint64_t kListing = 4;
constexpr uint64_t kLost = 5;

// written by KeepAll()
std::atomic<bool> keeps_all{false};

void AppendTo(ByteBuffer* all, const ByteBuffer& bytes, size_t from) {
  const size_t size = bytes.size() - from;
  if (size > 0) std::memcpy(all->Append(size), bytes.data() + from, size);
}

uint64_t Header(uint64_t kind, uint32_t sequence) { return kind | static_cast<uint64_t>(sequence) << 32; }

constexpr uint64_t Pair(uint32_t low, uint32_t high) { return low | static_cast<uint64_t>(high) << 32; }

constexpr size_t Padded(size_t bytes) { return (bytes + 7) / 8 * 8; }

template <typename T>
size_t BytesOf(const T& items) {
  return items.size() * sizeof(items[0]);
}

uint8_t* PutWord(uint8_t* at, uint64_t word) {
  std::memcpy(at, &word, sizeof(word));
  return at + sizeof(word);
}

// And zeroes up to a multiple of 8.
template <typename T>
uint8_t* PutAll(uint8_t* at, const T& items) {
  const size_t bytes = BytesOf(items);
  if (bytes == 0) return at;
  PutWord(at + Padded(bytes) - sizeof(uint64_t), 0);
  std::memcpy(at, items.data(), bytes);
  return at + Padded(bytes);
}

// FNV-1a, of what all code of a function has in common: V8's name for it behind the mark of the tier, as in `JS:*parse /app/a.js:1:9`.
// A function whose name begins like a mark has it in all of its code.
uint32_t NameHash(std::string_view name) {
  size_t at = name.find(':') + 1;  // 0 if there is none
  while (at < name.size() && std::string_view("o~^+*'").find(name[at]) != std::string_view::npos) at++;
  uint32_t hash = 2166136261u;
  for (; at < name.size(); at++) hash = (hash ^ static_cast<uint8_t>(name[at])) * 16777619u;
  return hash;
}

}  // namespace

void CodeEvents::AddCode(const AddedCode& code) {
  const auto& [function, positions, calls, functions] = code.tables;
  constexpr size_t kWords = 6;
  uint8_t* at = bytes_.Append(kWords * sizeof(uint64_t) + Padded(BytesOf(positions)) + Padded(BytesOf(calls)) +
                              Padded(BytesOf(functions)) + Padded(BytesOf(code.name)));
  at = PutWord(at, Header(kAdded, code.sequence) | static_cast<uint64_t>(code.type) << 8 |
                       static_cast<uint64_t>(code.is_callable) << 16);
  at = PutWord(at, code.start);
  at = PutWord(at, Pair(static_cast<uint32_t>(code.bytes), NameHash(code.name)));
  at = PutWord(at, Pair(code.script_id, static_cast<uint32_t>(code.name.size())));
  at = PutWord(at, Pair(function.literal_id, static_cast<uint32_t>(positions.size())));
  at = PutWord(at, Pair(static_cast<uint32_t>(calls.size()), static_cast<uint32_t>(functions.size())));
  at = PutAll(at, positions);
  at = PutAll(at, calls);
  at = PutAll(at, functions);
  PutAll(at, code.name);
}

void CodeEvents::AddScript(uint32_t sequence, const ScriptTable& script, std::string_view source_map_url) {
  constexpr size_t kWords = 5;
  uint8_t* at = bytes_.Append(kWords * sizeof(uint64_t) + Padded(BytesOf(script.line_ends)) +
                              Padded(BytesOf(source_map_url)));
  at = PutWord(at, Header(kScript, sequence));
  at = PutWord(at, Pair(script.id, static_cast<uint32_t>(script.line_offset)));
  at = PutWord(at, Pair(static_cast<uint32_t>(script.column_offset), static_cast<uint32_t>(script.line_ends.size())));
  at = PutWord(at, Pair(script.evaluated_in.script_id, script.evaluated_in.literal_id));
  at = PutWord(at, Pair(static_cast<uint32_t>(script.evaluated_at), static_cast<uint32_t>(source_map_url.size())));
  at = PutAll(at, script.line_ends);
  PutAll(at, source_map_url);
}

void CodeEvents::AddMoves(uint32_t sequence, const std::vector<CodeMove>& moves) {
  uint8_t* at = bytes_.Append(2 * sizeof(uint64_t) + BytesOf(moves));
  at = PutWord(at, Header(kMoved, sequence));
  at = PutWord(at, moves.size());
  PutAll(at, moves);
}

void CodeEvents::AddListing(uint32_t sequence, bool is_end) {
  if (!is_end) KeepFromHere();
  PutWord(bytes_.Append(sizeof(uint64_t)), Header(kListing, sequence) | static_cast<uint64_t>(is_end) << 16);
}

void CodeEvents::AddLost(uint32_t sequence) {
  KeepFromHere();
  PutWord(bytes_.Append(sizeof(uint64_t)), Header(kLost, sequence));
}

void CodeEvents::KeepFromHere() {
  kept_ = {};
  kept_from_ = bytes_.size();
}

ByteBuffer CodeEvents::Take() {
  if (keeps_all.load(std::memory_order_relaxed)) AppendTo(&kept_, bytes_, kept_from_);
  kept_from_ = 0;
  return std::exchange(bytes_, {});
}

void CodeEvents::KeepAll() { keeps_all.store(true, std::memory_order_relaxed); }

ByteBuffer CodeEvents::CopyAll() const {
  ByteBuffer all;
  AppendTo(&all, kept_, 0);
  AppendTo(&all, bytes_, kept_from_);
  return all;
}

void CodeEvents::Clear() {
  bytes_ = {};
  kept_ = {};
  kept_from_ = 0;
}

}  // namespace nativeprof
