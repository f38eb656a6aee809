// builtin_kinds.cc: see builtin_kinds.h. The patterns are those of V8's code generators, the same from V8 11.3 (Node 20) to 14.6
// (Node 26).

#include "builtin_kinds.h"

#include <algorithm>
#include <cstring>
#include <iterator>

#include "arm64_instructions.h"

namespace nativeprof {

namespace {

#if defined(__aarch64__)
// stp x29, x30, [sp, #-16]!; mov x29, sp, and the same with the two ways of storing x1 and x27, function and context, behind
// it, which makes a JavaScript frame.
constexpr uint32_t kFrameSetup[] = {0xa9bf7bfd, 0x910003fd};
constexpr uint32_t kJsFrameSetup[] = {0xa9bf7bfd, 0x910003fd, 0xa9bf6fe1};              // stp x1, x27, [sp, #-16]!
constexpr uint32_t kJsFrameSetup4[] = {0xa9bf7bfd, 0x910003fd, 0xa9be03ff, 0xa9016fe1};  // stp xzr, x0, …; stp x1, x27, …
#else
// push rbp; mov rbp, rsp, and the same with push rsi; push rdi behind it, which makes a JavaScript frame.
constexpr uint8_t kFrameSetup[] = {0x55, 0x48, 0x89, 0xe5};
constexpr uint8_t kJsFrameSetup[] = {0x55, 0x48, 0x89, 0xe5, 0x56, 0x57};
#endif

// And its twin, …ForProfiling.
constexpr std::string_view kInterpreter = "InterpreterEntryTrampoline";

// Builtins that are jumped to out of a function's code and work in, tear down or rebuild that function's frame.
// Named in V8's src/builtins/builtins-definitions.h; a name that a version lacks does no harm.
constexpr std::string_view kWorkInUnoptimizedFrame[] = {
    "BaselineLeaveFrame",
    "BaselineOrInterpreterEnterAtBytecode",
    "BaselineOrInterpreterEnterAtNextBytecode",
    "InterpreterEnterAtBytecode",
    "InterpreterEnterAtNextBytecode",
};
constexpr std::string_view kWorkInFrameOfAnother[] = {
    "BaselineOnStackReplacement",
    "BaselineOutOfLinePrologueDeopt",
    "ContinueToCodeStubBuiltin",
    "ContinueToCodeStubBuiltinWithResult",
    "ContinueToJavaScriptBuiltin",
    "ContinueToJavaScriptBuiltinWithResult",
    "DeoptimizationEntry_Eager",
    "DeoptimizationEntry_Lazy",
    "DeoptimizationEntry_LazyAfterFastCall",
    "InterpreterOnStackReplacement",
    "InterpreterOnStackReplacement_ToBaseline",
    "MaglevOnStackReplacement",
    "RestartFrameTrampoline",
};

// The beginnings of the names of builtins that have their return address in a register for a while.
constexpr std::string_view kLiftReturnAddress[] = {
    "CEntry_",           "CallBoundFunction",      "ConstructBoundFunction", "ConstructForwardAllArgs",
    "FunctionPrototype", "InterpreterForwardAll",  "InterpreterPush",        "JSBuiltinsConstructStub",
    "JSConstructStub",   "ReflectApply",           "ReflectConstruct",       "ResumeGeneratorTrampoline",
};

template <size_t N>
bool Contains(const std::string_view (&names)[N], std::string_view name) {
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

#if defined(__aarch64__)

// The offset of the pattern in the code, `size` if it is not there.
template <size_t N>
size_t FindCode(const uint8_t* code, size_t size, const uint32_t (&pattern)[N]) {
  for (size_t offset = 0; offset + sizeof(pattern) <= size; offset += arm64::kInstructionBytes) {
    if (std::memcmp(code + offset, pattern, sizeof(pattern)) == 0) return offset;
  }
  return size;
}

size_t FindJsFrameSetup(const uint8_t* code, size_t size) {
  return std::min(FindCode(code, size, kJsFrameSetup), FindCode(code, size, kJsFrameSetup4));
}

// What is pushed before the frame is made.
uint16_t BytesAboveFrame(const uint8_t* code, size_t size) {
  uintptr_t pushed_bytes = 0;
  for (size_t offset = 0; offset + arm64::kInstructionBytes <= size; offset += arm64::kInstructionBytes) {
    uint32_t instruction;
    std::memcpy(&instruction, code + offset, sizeof(instruction));
    if (arm64::IsPushFrame(instruction)) return static_cast<uint16_t>(pushed_bytes);
    if (arm64::PushedBytes(instruction) == 0) break;
    pushed_bytes += arm64::PushedBytes(instruction);
  }
  return 0;
}

// Return addresses are in a register of their own anyway.
bool PopsIntoR8OrR10(const uint8_t*, size_t) { return false; }

#else

template <size_t N>
size_t FindCode(const uint8_t* code, size_t size, const uint8_t (&pattern)[N]) {
  return static_cast<size_t>(std::search(code, code + size, std::begin(pattern), std::end(pattern)) - code);
}

size_t FindJsFrameSetup(const uint8_t* code, size_t size) { return FindCode(code, size, kJsFrameSetup); }

uint16_t BytesAboveFrame(const uint8_t*, size_t) { return 0; }

// pop r8 or pop r10
bool PopsIntoR8OrR10(const uint8_t* code, size_t size) {
  for (size_t i = 0; i + 1 < size; ++i) {
    if (code[i] == 0x41 && (code[i + 1] == 0x58 || code[i + 1] == 0x5a)) return true;
  }
  return false;
}

#endif  // defined(__aarch64__)

}  // namespace

Builtin ClassifyBuiltin(uintptr_t start, size_t size, std::string_view name) {
  const uint8_t* const code = reinterpret_cast<const uint8_t*>(start);
  Builtin builtin = {start, static_cast<uint32_t>(size), BuiltinFrame::kStubOrNone, 0, false, false, false};
  builtin.bytes_above_frame = BytesAboveFrame(code, size);
  const size_t setup = FindJsFrameSetup(code, size);
  if (setup == 0 && size > 0) {
    builtin.frame = BuiltinFrame::kAtEntry;
  } else if (Contains(kWorkInUnoptimizedFrame, name)) {
    builtin.frame = BuiltinFrame::kOfUnoptimized;
  } else if (Contains(kWorkInFrameOfAnother, name)) {
    builtin.frame = BuiltinFrame::kOfAnother;
  } else if (name == "BaselineOutOfLinePrologue") {
    // Before Node 24 this one builds the frame in several pieces; its first push rbp is what counts.
    // (On arm64 its caller has one already.)
    builtin.frame = BuiltinFrame::kForItsCaller;
    builtin.setup_offset = static_cast<uint16_t>(FindCode(code, size, kFrameSetup));
  } else if (setup != size) {
    builtin.frame = BuiltinFrame::kLate;
    builtin.setup_offset = static_cast<uint16_t>(setup);
    builtin.interprets = name.substr(0, kInterpreter.size()) == kInterpreter;
  } else {
    builtin.lifts_return_address =
        std::any_of(std::begin(kLiftReturnAddress), std::end(kLiftReturnAddress),
                    [name](std::string_view beginning) { return name.substr(0, beginning.size()) == beginning; });
    builtin.lifts_into_r8_or_r10 = builtin.lifts_return_address && PopsIntoR8OrR10(code, size);
  }
  return builtin;
}

// The interpreter's entry loads it soon behind its frame setup: mov r9d, imm32, on arm64 mov x19, imm16. 0 if that is not there.
uint32_t FindFirstBytecode(const Builtin& interpreter) {
#if defined(__aarch64__)
  constexpr uint32_t kOffsetRegister = 19;
  constexpr uintptr_t kSoonInstructions = 16;
  const uint8_t* const from = reinterpret_cast<const uint8_t*>(interpreter.start) + interpreter.setup_offset;
  for (uintptr_t i = 0; i < kSoonInstructions; ++i) {
    uint32_t code;
    uint32_t offset;
    std::memcpy(&code, from + i * arm64::kInstructionBytes, sizeof(code));
    if (arm64::IsMoveImmediate(code, kOffsetRegister, &offset)) return offset < 256 ? offset : 0;
  }
  return 0;
#else
  constexpr uint8_t kMoveR9[] = {0x41, 0xb9};
  constexpr size_t kSoonBytes = 32;
  const uint8_t* const from = reinterpret_cast<const uint8_t*>(interpreter.start) + interpreter.setup_offset;
  const uint8_t* const to = from + kSoonBytes;
  const uint8_t* const found = std::search(from, to, std::begin(kMoveR9), std::end(kMoveR9));
  uint32_t offset = 0;
  if (found != to) std::memcpy(&offset, found + sizeof(kMoveR9), sizeof(offset));
  return offset < 256 ? offset : 0;
#endif
}

}  // namespace nativeprof
