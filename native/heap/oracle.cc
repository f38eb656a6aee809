// oracle.cc: in builds with NATIVEPROF_COMPARE_WALKS, holds what was read of each piece of code against V8's own functions for
// it. In any other build nothing of this exists. V8 does not export them: a test looks up where they are and says so in
// NATIVEPROF_ORACLE, as hexadecimal addresses in the file: of SourcePosition::InliningStack(), of AbstractCode::SourcePosition()
// and of the symbol v8dbg_SmiShiftSize, which tells where the file was loaded. What came of it goes into the file that
// NATIVEPROF_ORACLE_FILE names when the process ends.

#if defined(NATIVEPROF_COMPARE_WALKS)

#include <dlfcn.h>

#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "code_tables.h"

namespace nativeprof {

namespace {

// V8's SourcePositionInfo (src/codegen/source-position.h). The two in the middle are handles.
struct PositionInfo {
  uint64_t position;
  const uint64_t* function;
  const uint64_t* script;
  int line;
  int column;
};

using InliningStack = std::vector<PositionInfo> (*)(const uint64_t* position, v8::Isolate* isolate, uint64_t code);
#if V8_MAJOR_VERSION < 12
struct NoCage {};
using SourcePositionAt = int (*)(const uint64_t* code, NoCage cage, int offset);
NoCage CageOf(v8::Isolate*) { return {}; }
#else
using SourcePositionAt = int (*)(const uint64_t* code, v8::Isolate* isolate, int offset);
v8::Isolate* CageOf(v8::Isolate* isolate) { return isolate; }
#endif

// At most as many places of one piece of code are asked for, since V8 reads the whole table for each.
constexpr size_t kMostPlaces = 200;

struct Oracle {
  InliningStack inlining_stack = nullptr;
  SourcePositionAt position_at = nullptr;
  uint64_t optimized = 0;  // pieces of code
  uint64_t bytecode = 0;
  uint64_t stacks = 0;          // entries of their tables…
  uint64_t inlined_stacks = 0;  // …of which in inlined functions
  uint64_t places = 0;
  uint64_t mismatches = 0;

  Oracle() {
    const char* const where = std::getenv("NATIVEPROF_ORACLE");
    const void* const anchor = dlsym(RTLD_DEFAULT, "v8dbg_SmiShiftSize");
    uintptr_t stack = 0;
    uintptr_t position = 0;
    uintptr_t anchor_in_file = 0;
    if (where == nullptr || anchor == nullptr ||
        std::sscanf(where, "%" SCNxPTR ":%" SCNxPTR ":%" SCNxPTR, &stack, &position, &anchor_in_file) != 3) {
      return;
    }
    const uintptr_t bias = reinterpret_cast<uintptr_t>(anchor) - anchor_in_file;
    inlining_stack = reinterpret_cast<InliningStack>(stack + bias);
    position_at = reinterpret_cast<SourcePositionAt>(position + bias);
  }

  ~Oracle() {
    const char* const name = std::getenv("NATIVEPROF_ORACLE_FILE");
    std::FILE* const file = name == nullptr ? nullptr : std::fopen(name, "w");
    if (file == nullptr) return;
    std::fprintf(file,
                 "{\"optimized\":%" PRIu64 ",\"bytecode\":%" PRIu64 ",\"stacks\":%" PRIu64 ",\"inlinedStacks\":%" PRIu64
                 ",\"places\":%" PRIu64 ",\"mismatches\":%" PRIu64 "}\n",
                 optimized, bytecode, stacks, inlined_stacks, places, mismatches);
    std::fclose(file);
  }
};

Oracle oracle;

bool IsSame(const FunctionKey& a, const FunctionKey& b) {
  return a.script_id == b.script_id && a.literal_id == b.literal_id;
}

}  // namespace

void CodeTableReader::CompareWithV8(const AnnouncedCode& code, const HeapBytes& table,
                                    const CodeTables& tables) {
  if (oracle.inlining_stack == nullptr) return;
  v8::Isolate* const isolate = v8::Isolate::GetCurrent();
  const bool is_bytecode = code.kind == CodeKind::kBytecode;
  const uint64_t object =
      is_bytecode ? code.start - static_cast<uintptr_t>(layout_->bytecode_first) + 1 : CodeObjectOf(code);
  ++(is_bytecode ? oracle.bytecode : oracle.optimized);

  std::vector<PositionEntry> entries;
  PositionTableReader reader(table.at, table.count, layout_->position_encoding);
  for (PositionEntry entry; !reader.done() && reader.Next(&entry);) entries.push_back(entry);

  for (const PositionEntry& entry : entries) {
    if (is_bytecode) break;
    const v8::HandleScope scope(isolate);
    const std::vector<PositionInfo> stack = oracle.inlining_stack(&entry.raw_position, isolate, object);
    SourcePosition position = DecodePosition(entry.raw_position);
    ++oracle.stacks;
    if (stack.size() > 1) ++oracle.inlined_stacks;
    for (size_t i = 0; i < stack.size(); ++i) {
      const bool is_outer = i + 1 == stack.size();
      FunctionKey function = tables.function;
      FunctionKey wanted;
      bool is_right = (position.inlining_id < 0) == is_outer && ReadFunction(*stack[i].function, &wanted) &&
                      DecodePosition(stack[i].position).script_offset == position.script_offset;
      if (is_right && !is_outer) {
        const InlinedCall& call = tables.calls[static_cast<size_t>(position.inlining_id)];
        if (call.function >= 0) function = tables.functions[static_cast<size_t>(call.function)];
        position = {call.script_offset, call.parent, false};
      }
      if (is_right && IsSame(function, wanted)) continue;
      ++oracle.mismatches;
      break;
    }
  }

  // V8 asks for the place before a return address in machine code, and for the place of a bytecode itself.
  const size_t step = entries.size() / kMostPlaces + 1;
  for (size_t i = 0; i < entries.size(); i += step) {
    const int64_t at = entries[i].code_offset;
    if (at < 0) continue;
    size_t last = i;
    while (last + 1 < entries.size() && entries[last + 1].code_offset == at) ++last;
    const int found = oracle.position_at(&object, CageOf(isolate), static_cast<int>(at) + (is_bytecode ? 0 : 1));
    ++oracle.places;
    if (found != DecodePosition(entries[last].raw_position).script_offset) ++oracle.mismatches;
  }
}

}  // namespace nativeprof

#endif  // defined(NATIVEPROF_COMPARE_WALKS)
