// script_table.h: scripts and their functions, as V8 numbers them, and where a script's lines end.

#ifndef NATIVEPROF_HEAP_SCRIPT_TABLE_H_
#define NATIVEPROF_HEAP_SCRIPT_TABLE_H_

#include <cstdint>
#include <vector>

#include "layout.h"
#include "reader.h"

namespace nativeprof {

constexpr uint32_t kNoFunction = UINT32_MAX;

// A function as V8 numbers it: the script's id, and the function's number in the script.
struct FunctionKey {
  uint32_t script_id;
  uint32_t literal_id;
};

// What a script is, and where its lines end.
struct ScriptTable {
  uint32_t id = 0;
  int32_t line_offset = 0;
  int32_t column_offset = 0;
  FunctionKey evaluated_in = {0, kNoFunction};
  int32_t evaluated_at = -1;  // offset in that function's script; -1 if not known
  std::vector<uint8_t> line_ends;  // per line a number of 7 bits a byte (position_table.h): how much further it ends, from -1 on
};

// `function`: a SharedFunctionInfo, a tagged pointer. False, if it is none or not as it should be.
// Context: JS thread, outside of a collection.
bool ReadFunctionKey(HeapReader& reader, const HeapLayout& layout, uint64_t function, FunctionKey* key);

// Of the script that a function is of, if that has this id.
// Context: JS thread, outside of a collection.
bool ReadScriptTable(HeapReader& reader, const HeapLayout& layout, uint64_t function, uint32_t script_id,
                     ScriptTable* script);

}  // namespace nativeprof

#endif  // NATIVEPROF_HEAP_SCRIPT_TABLE_H_
