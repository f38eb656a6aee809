// code_tables.h: what V8 knows of a function's code beside the code: which place in which script each instruction comes from,
// and which functions were inlined into it. Read out of V8's heap when V8 announces the code, and believed only as far as it
// has been checked.

#ifndef NATIVEPROF_HEAP_CODE_TABLES_H_
#define NATIVEPROF_HEAP_CODE_TABLES_H_

#include <v8.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "../safe_read.h"
#include "layout.h"
#include "position_table.h"
#include "reader.h"
#include "script_table.h"
#include "trust.h"

namespace nativeprof {

// A call that was inlined: where it stands, and which of the inlined functions is called (-1: the outer one itself).
struct InlinedCall {
  int32_t script_offset;
  int32_t parent;  // the inlined call that it stands in; -1: the outer function
  int32_t function;
};

struct CodeTables {
  FunctionKey function = {0, kNoFunction};
  std::vector<uint8_t> positions;      // as PositionTableWriter has them; empty if not known
  std::vector<InlinedCall> calls;      // by inlining id
  std::vector<FunctionKey> functions;  // what was inlined

  void Clear() {
    function = {0, kNoFunction};
    ClearPositions();
  }
  // And what goes with them: all but the function.
  void ClearPositions() {
    positions.clear();
    calls.clear();
    functions.clear();
  }
};

enum class CodeKind : uint8_t { kBytecode, kBaseline, kMaglev, kTurbofan };

// What V8 announces: a CODE_ADDED event of JavaScript.
struct AnnouncedCode {
  CodeKind kind;
  uintptr_t start;
  size_t bytes;
  uint64_t function;             // the SharedFunctionInfo, a tagged pointer; 0 if V8 does not say
  uint32_t script_id;
  const PositionHash* announced_positions;  // what V8 announced as its positions just before; null if nothing
};

class CodeTableReader {
 public:
  // Finds the layout, and out how to read safely. What is known so far is forgotten.
  // Context: JS thread.
  void Start();

  // Fills `tables` as far as can be; nothing, if anything is not as it should be.
  // Context: JS thread, outside of a collection.
  void Read(const AnnouncedCode& code, CodeTables* tables);

  // The optimized code that `pc` lies in, found by going down from there: V8 does not list what was compiled for a loop that
  // runs. Nothing, if it is of no known kind. 10 to 70 us.
  // Context: JS thread, outside of a collection.
  bool Find(uintptr_t pc, AnnouncedCode* code, CodeTables* tables);

  // Context: JS thread, outside of a collection.
  bool ReadScript(uint64_t function, uint32_t script_id, ScriptTable* script);

  // A collection is over.
  // Context: JS thread.
  void Forget() { reader_.Forget(); }

 private:
  bool ReadFunction(uint64_t function, FunctionKey* key) {
    return ReadFunctionKey(reader_, *layout_, function, key);
  }
  bool ReadOptimized(const AnnouncedCode& code, uint64_t object, CodeTables* tables);
  bool ReadInlining(uint64_t deoptimization_data, CodeTables* tables);
  bool ReadPositions(const AnnouncedCode& code, uint64_t table, size_t code_bytes, CodeTables* tables);
  bool ReadBytecode(const AnnouncedCode& code, CodeTables* tables);
  bool ReadBaseline(const AnnouncedCode& code, uint64_t object, CodeTables* tables);
  uint64_t CodeObjectOf(const AnnouncedCode& code);
  uint64_t FunctionOf(uint64_t deoptimization_data);
  bool FindBytes(uint64_t array, HeapBytes* bytes);
#if defined(NATIVEPROF_COMPARE_WALKS)
  // in oracle.cc; `table`: the positions as V8 has them
  void CompareWithV8(const AnnouncedCode& code, const HeapBytes& table, const CodeTables& tables);
#else
  void CompareWithV8(const AnnouncedCode&, const HeapBytes&, const CodeTables&) {}
#endif

  SafeReader safe_reader_;
  HeapReader reader_{safe_reader_};
  const HeapLayout* layout_ = nullptr;
  const struct BytecodeSizes* sizes_ = nullptr;
  uint64_t stream_map_ = 0;  // of every InstructionStream; 0 until one was seen
};

}  // namespace nativeprof

#endif  // NATIVEPROF_HEAP_CODE_TABLES_H_
