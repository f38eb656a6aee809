// builtin_kinds.h: how each builtin of V8's treats the stack frame, by its name and its code. Runs on the JS thread.

#ifndef NATIVEPROF_BUILTIN_KINDS_H_
#define NATIVEPROF_BUILTIN_KINDS_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace nativeprof {

// When a builtin has a frame of its own.
enum class BuiltinFrame : uint8_t {
  // A JavaScript frame, from its first instructions on: push rbp; mov rbp, rsp; push rsi; push rdi.
  kAtEntry,
  // A JavaScript frame, but only from `setup_offset` on: the interpreter's entry trampoline.
  kLate,
  // Like kLate, and called by the function whose frame it sets up: two return addresses lie on the stack until then.
  kForItsCaller,
  // A stub frame, or on some paths none. (No builtin mixes a JavaScript frame with none: checked on V8 11.3, 12.4, 13.6
  // and 14.6, so the marker in the frame tells the two apart.)
  kStubOrNone,
  // Works in the frame of the interpreted or baseline function that it belongs to: leaves it, or goes on in it.
  kOfUnoptimized,
  // Works in the frame of the function it was jumped to from, or rebuilds it.
  kOfAnother,
  // Runs in the frame of the interpreted function, or in a stub frame on top of it.
  kBytecodeHandler,
};

struct Builtin {
  uintptr_t start;
  uint32_t size;
  BuiltinFrame frame;
  uint16_t setup_offset;  // bytes from start to `push rbp`; only for kLate and kForItsCaller
  // Where it is returned to, an interpreted function goes on.
  bool interprets;
  // Takes its return address off the stack into a register, to push or drop arguments; with the second, into r8 or r10.
  bool lifts_return_address;
  bool lifts_into_r8_or_r10;
  // What it pushes before its frame: on arm64 the entry from C++ saves registers above it. Its caller's stack pointer is higher.
  uint16_t bytes_above_frame = 0;

  bool WorksInUnoptimizedFrame() const {
    return interprets || frame == BuiltinFrame::kBytecodeHandler || frame == BuiltinFrame::kForItsCaller ||
           frame == BuiltinFrame::kOfUnoptimized;
  }
};

// `name` is V8's own, without `Builtin:`. The code is in memory from `start` on.
// Context: JS thread.
Builtin ClassifyBuiltin(uintptr_t start, size_t size, std::string_view name);

// The offset of an interpreted function's first bytecode, counted from the tagged pointer to its array, which the interpreter's
// entry begins with; 0 if it is not found there.
// Context: JS thread.
uint32_t FindFirstBytecode(const Builtin& interpreter);

}  // namespace nativeprof

#endif  // NATIVEPROF_BUILTIN_KINDS_H_
