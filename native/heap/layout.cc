// layout.cc: see layout.h. To add a version of V8, add a column: most numbers are those of the v8dbg_… symbols that this
// node exports (`nm -D`), the others stand in V8's src/objects/*.tq. CONTRIBUTING.md says what to run then.

#include "layout.h"

#include <dlfcn.h>
#include <v8.h>

#include <cstdio>
#include <cstdlib>
#include <utility>

namespace nativeprof {

namespace {

constexpr HeapLayout kLayouts[] = {
    // Node 20
    {11, 3,
     16, 8,
     16, 24, 32, 40, 48, 56, 11, 12, 13,
     1, 2, 6, 7, 0,
     32, 52,
     24, 32, 56, 64, 72, 80,
     32, 54,
     245, 252, 262, 0, 167, 191, 159, 175, 175, 240, 190, 190,
     1},
    // Node 22
    {12, 4,
     32, 8,
     8, 16, 32, 40, 48, 52, 10, 11, 12,
     1, 2, 6, 7, 0,
     32, 52,
     24, 32, 56, 64, 72, 80,
     24, 64,
     206, 210, 274, 0, 167, 205, 207, 174, 213, 247, 186, 212,
     1},
    // Node 24
    {13, 6,
     32, 8,
     8, 16, 32, 40, 52, 56, 10, 11, 12,
     1, 3, 7, 8, 1,
     40, 60,
     24, 32, 56, 64, 72, 80,
     24, 64,
     187, 192, 282, 195, 167, 186, 188, 205, 193, 199, 196, 196,
     1},
    // Node 26
    {14, 6,
     32, 8,
     8, 16, 32, 40, 52, 56, 11, 12, 13,
     1, 3, 7, 8, 1,
     40, 60,
     24, 32, 56, 64, 72, 80,
     24, 64,
     186, 192, 288, 195, 166, 185, 187, 205, 193, 199, 196, 196,
     2},
};

// What V8 exports for debuggers, and what we take it for. A name is that of some versions only.
struct DebugSymbol {
  const char* name;
  int HeapLayout::* member;
  int difference;  // of the symbol to the member
};
constexpr DebugSymbol kSymbols[] = {
    {"v8dbg_class_InstructionStream__instruction_start__uintptr_t", &HeapLayout::stream_instructions, 0},
    {"v8dbg_class_Code__deoptimization_data__FixedArray", &HeapLayout::code_deoptimization_data, 0},
    {"v8dbg_class_Code__bytecode_or_interpreter_data__HeapObject", &HeapLayout::code_deoptimization_data, 0},
    {"v8dbg_class_Code__source_position_table__ByteArray", &HeapLayout::code_position_table, 0},
    {"v8dbg_class_Code__bytecode_offset_table__ByteArray", &HeapLayout::code_position_table, 0},
    {"v8dbg_class_Code__wrapper__Tagged_CodeWrapper_", &HeapLayout::code_position_table, 8},
    {"v8dbg_class_Code__instruction_stream__Tagged_InstructionStream_", &HeapLayout::code_instruction_stream, 0},
    {"v8dbg_class_Code__instruction_start__Address", &HeapLayout::code_instruction_start, 0},
    {"v8dbg_class_Code__flags__uint32_t", &HeapLayout::code_flags, 0},
    {"v8dbg_class_Code__instruction_size__int", &HeapLayout::code_instruction_size, 0},
    {"v8dbg_CodeKindBaseline", &HeapLayout::kind_baseline, 0},
    {"v8dbg_DeoptimizationDataInlinedFunctionCountIndex", &HeapLayout::deopt_inlined_count, 0},
    {"v8dbg_DeoptimizationDataLiteralArrayIndex", &HeapLayout::deopt_literals, 0},
    {"v8dbg_DeoptimizationDataSharedFunctionInfoIndex", &HeapLayout::deopt_function, 0},
    {"v8dbg_DeoptimizationDataWrappedSharedFunctionInfoIndex", &HeapLayout::deopt_function, 0},
    {"v8dbg_DeoptimizationDataInliningPositionsIndex", &HeapLayout::deopt_inlining_positions, 0},
    {"v8dbg_class_SharedFunctionInfo__script_or_debug_info__HeapObject", &HeapLayout::function_script, 0},
    {"v8dbg_class_SharedFunctionInfo__script__Tagged_HeapObject_", &HeapLayout::function_script, 0},
    {"v8dbg_class_SharedFunctionInfo__flags__int", &HeapLayout::function_literal_id, -4},
    {"v8dbg_class_Script__line_ends__Object", &HeapLayout::script_line_ends, 0},
    {"v8dbg_class_Script__eval_from_position__SMI", &HeapLayout::script_eval_from_position, 0},
    {"v8dbg_class_BytecodeArray__data__uintptr_t", &HeapLayout::bytecode_first, 0},
    {"v8dbg_type_Code__CODE_TYPE", &HeapLayout::type_code, 0},
    {"v8dbg_type_InstructionStream__INSTRUCTION_STREAM_TYPE", &HeapLayout::type_instruction_stream, 0},
    {"v8dbg_type_SharedFunctionInfo__SHARED_FUNCTION_INFO_TYPE", &HeapLayout::type_function, 0},
    {"v8dbg_type_SharedFunctionInfoWrapper__SHARED_FUNCTION_INFO_WRAPPER_TYPE", &HeapLayout::type_function_wrapper, 0},
    {"v8dbg_type_Script__SCRIPT_TYPE", &HeapLayout::type_script, 0},
    {"v8dbg_type_BytecodeArray__BYTECODE_ARRAY_TYPE", &HeapLayout::type_bytecode_array, 0},
    {"v8dbg_type_InterpreterData__INTERPRETER_DATA_TYPE", &HeapLayout::type_interpreter_data, 0},
    {"v8dbg_type_FixedArray__FIXED_ARRAY_TYPE", &HeapLayout::type_fixed_array, 0},
};

// The same on all versions that are known.
struct Constant {
  const char* name;
  int value;
};
constexpr Constant kConstants[] = {
    {"v8dbg_SmiShiftSize", 31},  // not so with compressed pointers
    {"v8dbg_HeapObjectTag", 1},
    {"v8dbg_TaggedSize", 8},
    {"v8dbg_class_Map__instance_type__uint16_t", kMapInstanceType},
    {"v8dbg_class_FixedArrayBase__length__SMI", kArrayLength},
    {"v8dbg_class_FixedArray__data__uintptr_t", kArrayData},
};

// Each version has some thirty. A build without them cannot be checked, so it is not trusted.
constexpr int kFewestSymbols = 20;

#if defined(NATIVEPROF_COMPARE_WALKS)
// For tests: NATIVEPROF_BREAK_LAYOUT=<member>:<what is added to it>, or <member>=<member> for two that change places. A member is
// its number in the struct.
const HeapLayout* Break(const HeapLayout* layout) {
  static HeapLayout broken;
  const char* const how = std::getenv("NATIVEPROF_BREAK_LAYOUT");
  constexpr int kMembers = sizeof(HeapLayout) / sizeof(int);
  int member = 0;
  char kind = 0;
  int value = 0;
  if (how == nullptr || std::sscanf(how, "%d%c%d", &member, &kind, &value) != 3 || member < 0 || member >= kMembers) {
    return layout;
  }
  broken = *layout;
  int* const members = reinterpret_cast<int*>(&broken);
  if (kind == ':') members[member] += value;
  if (kind == '=' && value >= 0 && value < kMembers) std::swap(members[member], members[value]);
  return &broken;
}
#else
const HeapLayout* Break(const HeapLayout* layout) { return layout; }
#endif

bool Contradicts(const char* name, int expected, int* symbols) {
  const void* const symbol = dlsym(RTLD_DEFAULT, name);
  if (symbol == nullptr) return false;
  ++*symbols;
  return *static_cast<const int*>(symbol) != expected;
}

}  // namespace

const HeapLayout* FindHeapLayout(std::string* why_not) {
  int major = 0;
  int minor = 0;
  std::sscanf(v8::V8::GetVersion(), "%d.%d", &major, &minor);
  for (const HeapLayout& layout : kLayouts) {
    if (layout.v8_major != major || layout.v8_minor != minor) continue;
    int symbols = 0;
    for (const Constant& constant : kConstants) {
      if (!Contradicts(constant.name, constant.value, &symbols)) continue;
      *why_not = std::string("this V8 has another ") + constant.name + " than known";
      return nullptr;
    }
    for (const DebugSymbol& symbol : kSymbols) {
      if (!Contradicts(symbol.name, layout.*symbol.member + symbol.difference, &symbols)) continue;
      *why_not = std::string("this V8 has another ") + symbol.name + " than known";
      return nullptr;
    }
    if (symbols >= kFewestSymbols) return Break(&layout);
    *why_not = "this V8 exports no symbols to check its layout by";
    return nullptr;
  }
  *why_not = std::string("V8 ") + v8::V8::GetVersion() + " is not among those whose tables are known";
  return nullptr;
}

}  // namespace nativeprof
