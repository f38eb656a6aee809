// interpreter_leaf.h: at which bytecode an interpreted function is while the interpreter's own code runs. Its frame says it only
// when something has been called: between calls the offset is in a register, and what the frame has is that of an earlier call.

#ifndef NATIVEPROF_INTERPRETER_LEAF_H_
#define NATIVEPROF_INTERPRETER_LEAF_H_

#include <cstddef>
#include <cstdint>

#include "bytecode_lengths.h"
#include "registers.h"
#include "safe_read.h"
#include "signal_safe.h"
#include "v8_code.h"

namespace nativeprof {

// What the frame of an interpreted function has: its BytecodeArray, and the offset in it, a Smi.
struct BytecodePlace {
  uintptr_t array;
  uintptr_t offset;
};

// The offset as the frame should have it; as it has it, if the registers do not tell.
// The code for a bytecode begins with the array in r12 (arm64: x20) and the offset, counted from the tagged pointer, in r9
// (x19); at its end it counts that up and goes to the code for the next one (V8's src/codegen/x64/register-x64.h, and arm64).
// In between it may use r9 for something else, which is nearly never an offset in this array.
// Context: signal handler (async-signal-safe).
inline uintptr_t RunningBytecodeOffset(SignalContext context, const Registers& registers, BytecodePlace in_frame,
                                       const V8Code& v8_code, BytecodeLengths& lengths,
                                       const SafeReader& safe_reader) {
#if defined(__aarch64__)
  constexpr size_t kOffsetRegister = 19;
  constexpr size_t kArrayRegister = 20;
#else
  constexpr size_t kOffsetRegister = 9;
  constexpr size_t kArrayRegister = 12;
#endif
  const uintptr_t offset = registers.general[kOffsetRegister];
  const uintptr_t first = v8_code.unoptimized_frame(context).first_bytecode;
  if (registers.general[kArrayRegister] == in_frame.array && offset >= first &&
      offset - first < lengths.Find(context, in_frame.array, safe_reader)) {
    return offset << 32;
  }
  return in_frame.offset;
}

}  // namespace nativeprof

#endif  // NATIVEPROF_INTERPRETER_LEAF_H_
