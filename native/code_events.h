// code_events.h: what V8 said about code, as bytes for lib/code-events.ts. The layout is in code_events.cc.

#ifndef NATIVEPROF_CODE_EVENTS_H_
#define NATIVEPROF_CODE_EVENTS_H_

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "byte_buffer.h"
#include "heap/code_tables.h"

namespace nativeprof {

struct CodeMove {
  uint64_t from;
  uint64_t to;
};

struct AddedCode {
  uint8_t type;      // v8::JitCodeEvent::CodeType
  bool is_callable;  // a builtin that JavaScript can call
  uint32_t sequence;
  uintptr_t start;
  size_t bytes;
  uint32_t script_id;  // 0: none
  std::string_view name;
  const CodeTables& tables;
};

// Bounded: whoever adds asks room() first, for the reader may be held up for as long as a program pleases. Not thread-safe.
class CodeEvents {
 public:
  void AddCode(const AddedCode& code);
  void AddScript(uint32_t sequence, const ScriptTable& script, std::string_view source_map_url);
  void AddMoves(uint32_t sequence, const std::vector<CodeMove>& moves);
  void AddListing(uint32_t sequence, bool is_end);

  // From here on, nothing of what was told before holds.
  void AddLost(uint32_t sequence);

  // What the next event may be. In the first half of the room, whatever it is; then names alone, which are a fifth of it; then
  // nothing.
  enum class Room : uint8_t { kAll, kNames, kNone };
  Room room() const {
    return bytes_.size() < kMostBytes / 2 ? Room::kAll : bytes_.size() < kMostBytes ? Room::kNames : Room::kNone;
  }
  size_t bytes() const { return bytes_.size(); }

  // Everything since the last call.
  ByteBuffer Take();

  // From here on what is taken is also kept, from the beginning of V8's latest listing of its code on: what came before is in it,
  // or gone. So there are at most as many bytes as call for a listing, beside those of one.
  // Context: any thread.
  static void KeepAll();

  // What is kept, and what waits. Nothing is taken.
  ByteBuffer CopyAll() const;

  void Clear();

  // One event more may stand behind it: a script with its source map.
  static constexpr size_t kMostBytes = 128 << 20;

 private:
  void KeepFromHere();

  ByteBuffer bytes_;
  ByteBuffer kept_;
  size_t kept_from_ = 0;  // of bytes_: what stands before is not to be kept
};

}  // namespace nativeprof

#endif  // NATIVEPROF_CODE_EVENTS_H_
