// layout.h: where V8's heap objects keep what we read of them: the tables that say which function and which line an
// instruction belongs to. V8 has no interface for these. One column per version of V8, in layout.cc.
//
// Pointers are tagged: an object lies one byte before what points to it. A Smi is a number in the upper 32 bits. No build with
// compressed pointers is among the columns.

#ifndef NATIVEPROF_HEAP_LAYOUT_H_
#define NATIVEPROF_HEAP_LAYOUT_H_

#include <cstddef>
#include <string>

namespace nativeprof {

// Offsets count from the start of the object, in bytes, unless they are indexes into an array. All members are ints, so that
// a test can break each of them.
struct HeapLayout {
  int v8_major;
  int v8_minor;

  // Where the instructions begin in an InstructionStream, and where it keeps its Code.
  int stream_instructions;
  int stream_code;

  int code_deoptimization_data;  // baseline code: its BytecodeArray
  int code_position_table;       // baseline code: its table of bytecode offsets
  int code_instruction_stream;   // 0: not checked
  int code_instruction_start;
  int code_flags;
  int code_instruction_size;
  int kind_baseline;
  int kind_maglev;
  int kind_turbofan;

  // Indexes into the DeoptimizationData.
  int deopt_inlined_count;
  int deopt_literals;
  int deopt_function;
  int deopt_inlining_positions;
  int deopt_function_is_wrapped;  // 1: behind a SharedFunctionInfoWrapper

  int function_script;
  int function_literal_id;  // i32: its number in the script, unlike any other's

  int script_line_offset;
  int script_column_offset;
  int script_line_ends;
  int script_id;
  int script_eval_from_function;
  int script_eval_from_position;

  int bytecode_position_table;
  int bytecode_first;

  // Instance types.
  int type_code;
  int type_instruction_stream;
  int type_function;
  int type_function_wrapper;  // 0: there is none
  int type_script;
  int type_bytecode_array;
  int type_interpreter_data;
  int type_fixed_array;
  int type_deoptimization_data;
  int type_literals;
  int type_inlining_positions;
  int type_position_table;

  // How the position table is written: see position_table.h.
  int position_encoding;
};

// The same on all versions.
constexpr int kMapInstanceType = 12;
constexpr int kArrayLength = 8;
constexpr int kArrayData = 16;
constexpr int kWrapperFunction = 8;

// The layout of the V8 that runs. Null if it is not known or if any symbol that V8 exports for debuggers (v8dbg_…) says
// otherwise; `why_not` is then a clause that says so.
// Context: any thread.
const HeapLayout* FindHeapLayout(std::string* why_not);

}  // namespace nativeprof

#endif  // NATIVEPROF_HEAP_LAYOUT_H_
