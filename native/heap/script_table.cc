// script_table.cc: see script_table.h.

#include "script_table.h"

#include <cstring>

#include "position_table.h"

namespace nativeprof {

namespace {

// More than any script has.
constexpr int32_t kMostLines = 16 << 20;

bool AppendLineEnds(const HeapBytes& words, std::vector<uint8_t>* line_ends) {
  line_ends->reserve(words.count / 4);  // most lines are shorter than 128 characters
  int64_t last = -1;
  for (size_t at = 0; at < words.count; at += 8) {
    uint64_t word;
    std::memcpy(&word, words.at + at, sizeof(word));
    const auto end = static_cast<int64_t>(word >> 32);
    if (!HeapReader::IsSmi(word) || end <= last || end > INT32_MAX) return false;
    uint8_t further[kMostVlqBytes];
    line_ends->insert(line_ends->end(), further, PutUnsigned(further, static_cast<uint64_t>(end - last)));
    last = end;
  }
  return true;
}

}  // namespace

bool ReadFunctionKey(HeapReader& reader, const HeapLayout& layout, uint64_t function, FunctionKey* key) {
  if (reader.TypeOf(function) != layout.type_function) return false;
  const uint64_t script = reader.GetObject(function, layout.function_script, layout.type_script);
  int32_t script_id;
  int32_t literal_id;
  if (script == 0 || !reader.GetSmi(script, layout.script_id, &script_id) ||
      !reader.Get(function, layout.function_literal_id, &literal_id)) {
    return false;
  }
  *key = {static_cast<uint32_t>(script_id), static_cast<uint32_t>(literal_id)};
  return literal_id >= 0;
}

bool ReadScriptTable(HeapReader& reader, const HeapLayout& layout, uint64_t function, uint32_t script_id,
                     ScriptTable* script) {
  if (reader.TypeOf(function) != layout.type_function) return false;
  const uint64_t object = reader.GetObject(function, layout.function_script, layout.type_script);
  int32_t id;
  int32_t count;
  if (object == 0 || !reader.GetSmi(object, layout.script_id, &id) || static_cast<uint32_t>(id) != script_id ||
      !reader.GetSmi(object, layout.script_line_offset, &script->line_offset) ||
      !reader.GetSmi(object, layout.script_column_offset, &script->column_offset)) {
    return false;
  }
  const uint64_t ends = reader.GetObject(object, layout.script_line_ends, layout.type_fixed_array);
  if (ends == 0 || !reader.GetSmi(ends, kArrayLength, &count) || count < 0 || count > kMostLines) return false;
  HeapBytes words;
  if (!reader.Find(static_cast<uintptr_t>(ends - 1) + kArrayData, static_cast<size_t>(count) * 8, &words)) return false;
  script->id = script_id;
  if (!AppendLineEnds(words, &script->line_ends)) return false;
  const uint64_t outer = reader.GetObject(object, layout.script_eval_from_function, layout.type_function);
  if (outer != 0 && ReadFunctionKey(reader, layout, outer, &script->evaluated_in)) {
    int32_t position;
    // Before somebody asks V8 for it, it is the negative offset of the call in the function's code.
    if (reader.GetSmi(object, layout.script_eval_from_position, &position) && position > 0) {
      script->evaluated_at = position;
    }
  }
  return true;
}

}  // namespace nativeprof
