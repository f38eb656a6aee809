// leaf_frame.cc: leaf_frame.h for x64; leaf_frame_arm64.cc is that for arm64. The byte patterns are those of V8's code generators
// for x64, the same from V8 11.3 (Node 20) to 14.6 (Node 26); each stands below with the instructions it means.

#include "leaf_frame.h"

#if defined(__x86_64__)

#include <algorithm>

#include "call_of_c.h"
#include "interpreter_leaf.h"
#include "record.h"

namespace nativeprof {

namespace {

constexpr uintptr_t kWordBytes = sizeof(uintptr_t);

constexpr uint8_t kPushFp[] = {0x55, 0x48, 0x89, 0xe5};     // push rbp; mov rbp, rsp
constexpr uint8_t kMoveFp[] = {0x48, 0x89, 0xe5};           // mov rbp, rsp
constexpr uint8_t kPopFrame[] = {0x48, 0x8b, 0xe5, 0x5d};   // mov rsp, rbp; pop rbp
constexpr uint8_t kLeave = 0xc9;
constexpr uint8_t kReturn = 0xc3;
constexpr uint8_t kReturnAndPop = 0xc2;
constexpr uint8_t kCall = 0xe8;
constexpr uint8_t kAddSp8[] = {0x48, 0x83, 0xc4};           // add rsp, imm8
constexpr uint8_t kAddSp32[] = {0x48, 0x81, 0xc4};          // add rsp, imm32
constexpr uint8_t kPushR8[] = {0x41, 0x50};
constexpr uint8_t kPushR10[] = {0x41, 0x52};
constexpr uint8_t kMoveImmediateR12[] = {0x49, 0xbc};       // mov r12, imm64: baseline code loads its bytecode array
constexpr uint8_t kClearEbx[] = {0x33, 0xdb};               // xor ebx, ebx: …and its frame size
constexpr uint8_t kMoveEbx = 0xbb;                          // mov ebx, imm32: the frame size when it is not 0

constexpr uintptr_t kLeastFrameBytes = 2 * kWordBytes;  // V8 looks below the frame pointer: its walk fails with less
constexpr uintptr_t kMostFrameBytes = 48 * kWordBytes;  // of a builtin that is giving up its frame
constexpr uintptr_t kPushedBytes = 6 * kWordBytes;      // a few registers, by a builtin without a frame

// Where the return address of a leaf is.
enum class Where : uint8_t {
  kHasFrame,     // V8 will find it
  kInOwnFrame,   // above the saved frame pointer, in a frame that V8 cannot use: it is still or already too small
  kOnStack,      // `value` bytes above sp; a word just popped, which signal handlers leave alone, is at -8
  kInRegister,   // it is `value`
  kUnderCaller,  // on the stack, below the one of the function that called the leaf
  kLost,
};

struct ReturnSlot {
  Where where = Where::kHasFrame;
  intptr_t value = 0;
};

constexpr ReturnSlot kTopOfStack = {Where::kOnStack, 0};
constexpr ReturnSlot kJustPopped = {Where::kOnStack, -static_cast<intptr_t>(kWordBytes)};

// The two ends of any function of V8's, by the instructions alone.
// Context: signal handler (async-signal-safe).
ReturnSlot FindByInstructions(const CodeWindow& code, const Registers& registers) {
  if (code.Has(0, kPushFp)) return kTopOfStack;
  if (code.At(-1) == kPushFp[0] && code.Has(0, kMoveFp)) return {Where::kOnStack, kWordBytes};
  if (code.At(0) == kReturn || code.At(0) == kReturnAndPop) return kTopOfStack;
  // Behind `pop rbp`, functions compare their argument count, then return or drop the surplus first.
  if (code.Has(-4, kPopFrame) || code.Has(-4 - code.CompareBytes(0), kPopFrame)) return kTopOfStack;
  // To drop it: pop the return address, lea rsp, push it again, return.
  if (code.IsLeaSp(0) && code.EndsWithPop(0)) return kJustPopped;
  for (const ptrdiff_t pop_bytes : {1, 2}) {
    if (code.IsLeaSp(pop_bytes) && code.EndsWithPop(pop_bytes)) return kTopOfStack;
  }
  const ptrdiff_t push_bytes = code.PushBytes(0);
  if (push_bytes == 0 || code.At(push_bytes) != kReturn) return {Where::kHasFrame};
  if (code.Has(0, kPushR10)) return {Where::kInRegister, static_cast<intptr_t>(registers.general[10])};
  if (code.Has(0, kPushR8)) return {Where::kInRegister, static_cast<intptr_t>(registers.general[8])};
  return {Where::kLost};
}

// The first instructions of compiled JavaScript, ahead of those that set up the frame.
// Context: signal handler (async-signal-safe).
ReturnSlot FindInFunctionEntry(const CodeWindow& code) {
  // Optimized code first looks whether it has been deoptimized: mov, test, jnz, 14 bytes.
  for (ptrdiff_t ahead = 1; ahead <= 24; ++ahead) {
    if (code.Has(ahead, kPushFp)) return kTopOfStack;
  }
  // Baseline code: xor ebx, ebx or mov ebx, imm32; mov r12, imm64; call BaselineOutOfLinePrologue.
  for (const ptrdiff_t move_r12 : {2, 5, 0, -10}) {
    if (!code.Has(move_r12, kMoveImmediateR12) || code.At(move_r12 + 10) != kCall) continue;
    if (code.Has(move_r12 - 2, kClearEbx) || code.At(move_r12 - 5) == kMoveEbx) return kTopOfStack;
  }
  return {Where::kHasFrame};
}

// Context: signal handler (async-signal-safe).
class Unwinder {
 public:
  Unwinder(SignalContext context, const Registers& registers, uintptr_t stack_top, const V8Code& v8_code,
           CallSites& call_sites, BytecodeLengths& lengths)
      : context_(context),
        v8_code_(v8_code),
        call_sites_(call_sites),
        lengths_(lengths),
        code_(context, registers.pc, call_sites.safe_reader()),
        stack_low_(registers.sp),
        stack_top_(stack_top),
        leaf_{registers, {registers.pc}, 1, false, false} {}

  Leaf Unwind() {
    if (IsAtCallOfC(code_)) {
      leaf_.announced = true;
      return leaf_;
    }
    const Builtin* const builtin = v8_code_.FindBuiltin(context_, now_.pc);
    runs_bytecode_ =
        builtin != nullptr && (builtin->interprets || builtin->frame == BuiltinFrame::kBytecodeHandler);
    ReturnSlot slot = FindReturn(builtin);
    if (slot.where == Where::kHasFrame && builtin != nullptr) {
      if (builtin->WorksInUnoptimizedFrame() && !IsStubFrame(now_.fp)) {
        AddUnoptimizedFunction();
        // V8 does this itself for pcs in bytecode handlers, but not on all versions, nor at their two ends.
        now_.pc = 0;
        return leaf_;
      }
      // V8 would take the frame of the helper's caller for the helper's own. What the interpreter works at is known only here.
      if (IsStubFrame(now_.fp) &&
          (runs_bytecode_ || IsFramelessHelper(Word(now_.fp + kWordBytes), Word(now_.fp)))) {
        slot.where = Where::kInOwnFrame;
      }
    }
    Return(slot);
    // A helper without a frame calls another one: a store its write barrier.
    if (leaf_.count == 2 && IsFramelessHelper(now_.pc, now_.fp)) Return(FindNearTop());
    return leaf_;
  }

 private:
  // A word of the stack, 0 outside of it.
  uintptr_t Word(uintptr_t address) const {
    const bool inside = address >= stack_low_ && address < stack_top_ && stack_top_ - address >= kWordBytes &&
                        address % kWordBytes == 0;
    return inside ? StackWordAt(address) : 0;
  }
  bool IsReturnAddress(uintptr_t address) const { return v8_code_.IsReturnAddress(context_, address, call_sites_); }
  bool IsReturnAddressAt(uintptr_t bytes) const { return IsReturnAddress(Word(now_.sp + bytes)); }

  // A frame that V8 makes for code of its own has a small integer where a JavaScript function's has its context.
  bool IsStubFrame(uintptr_t fp) const { return (Word(fp - kWordBytes) & 1) == 0; }

  // Whether returning to `address`, with the frame pointer at `fp`, is returning into a builtin without a frame.
  bool IsFramelessHelper(uintptr_t address, uintptr_t fp) const {
    const Builtin* const builtin = address == 0 ? nullptr : v8_code_.FindBuiltin(context_, address - 1);
    return builtin != nullptr && builtin->frame == BuiltinFrame::kStubOrNone && !builtin->lifts_return_address &&
           !IsStubFrame(fp);
  }

  ReturnSlot FindReturn(const Builtin* builtin) const {
    if (now_.sp <= now_.fp && now_.fp - now_.sp < kLeastFrameBytes && Word(now_.fp) > now_.fp) {
      return {Where::kInOwnFrame};
    }
    if (builtin != nullptr) return FindInBuiltin(*builtin);
    const ReturnSlot found = FindByInstructions(code_, now_);
    return found.where == Where::kHasFrame ? FindInFunctionEntry(code_) : found;
  }

  ReturnSlot FindInBuiltin(const Builtin& builtin) const {
    const uintptr_t offset = v8_code_.Canonical(context_, now_.pc) - builtin.start;
    if (builtin.frame == BuiltinFrame::kForItsCaller && offset + 2 <= builtin.setup_offset) {
      return {Where::kUnderCaller};  // the instruction before push rbp, of 2 bytes, pops what it returns to itself
    }
    if (builtin.frame == BuiltinFrame::kLate) {
      if (offset < builtin.setup_offset) return kTopOfStack;
      // The interpreter leaves its frame, pops the return address, drops the arguments and pushes it again.
      if (code_.At(-1) == kLeave) return kTopOfStack;
      if (code_.At(-2) == kLeave && code_.EndsWithPop(0)) return kJustPopped;
    }
    const ReturnSlot found = FindByInstructions(code_, now_);
    if (found.where != Where::kHasFrame) return found;
    if (code_.Has(0, CodeWindow::kRestoreFp)) return {Where::kInOwnFrame};
    if (builtin.frame == BuiltinFrame::kAtEntry) return FindUnderGivenUpFrame();
    if (builtin.frame == BuiltinFrame::kStubOrNone && !IsStubFrame(now_.fp)) return FindOfFrameless(builtin);
    return found;
  }

  // Before a builtin jumps to another one, it restores its caller's frame pointer, moves arguments and return address to
  // where the other expects them, and gives up its frame.
  ReturnSlot FindUnderGivenUpFrame() const {
    const bool given_up = code_.Has(-4, kAddSp8) || code_.Has(-7, kAddSp32);
    if (given_up && code_.IsJump(0)) return kTopOfStack;
    const uintptr_t final_bytes = code_.BytesToGiveUp();
    const uintptr_t most_bytes = std::min(now_.fp - now_.sp, kMostFrameBytes);
    if (final_bytes == 0 || final_bytes >= most_bytes) return {Where::kHasFrame};
    if (IsReturnAddressAt(final_bytes)) return OnStack(final_bytes);
    // Not moved yet: it stands above the saved frame pointer, which is the restored one.
    for (uintptr_t bytes = kWordBytes; bytes < most_bytes; bytes += kWordBytes) {
      if (Word(now_.sp + bytes - kWordBytes) == now_.fp && IsReturnAddressAt(bytes)) return OnStack(bytes);
    }
    return {Where::kHasFrame};
  }

  ReturnSlot FindOfFrameless(const Builtin& builtin) const {
    const ReturnSlot found = FindUnderGivenUpFrame();
    if (found.where != Where::kHasFrame) return found;
    if (IsReturnAddressAt(0)) return kTopOfStack;
    if (!builtin.lifts_return_address) return FindNearTop();
    if (builtin.lifts_into_r8_or_r10) {
      for (const uintptr_t lifted : {now_.general[10], now_.general[8]}) {
        if (IsReturnAddress(lifted)) return {Where::kInRegister, static_cast<intptr_t>(lifted)};
      }
    }
    return {Where::kLost};
  }

  // Under what a builtin without a frame has pushed.
  ReturnSlot FindNearTop() const {
    for (uintptr_t bytes = 0; bytes <= kPushedBytes && now_.sp + bytes < now_.fp; bytes += kWordBytes) {
      if (IsReturnAddressAt(bytes)) return OnStack(bytes);
    }
    return {Where::kLost};
  }

  static ReturnSlot OnStack(uintptr_t bytes) { return {Where::kOnStack, static_cast<intptr_t>(bytes)}; }

  void Return(ReturnSlot slot) {
    switch (slot.where) {
      case Where::kHasFrame:
        return;
      case Where::kInOwnFrame: {
        const uintptr_t fp = now_.fp;
        now_.fp = Word(fp);
        return ReturnTo(Word(fp + kWordBytes), fp + 2 * kWordBytes);
      }
      case Where::kOnStack: {
        const uintptr_t address = now_.sp + slot.value;
        return ReturnTo(StackWordAt(address), address + kWordBytes);
      }
      case Where::kInRegister:
        return ReturnTo(static_cast<uintptr_t>(slot.value), now_.sp);
      case Where::kUnderCaller:
        ReturnTo(Word(now_.sp), now_.sp + kWordBytes);
        return ReturnTo(Word(now_.sp), now_.sp + kWordBytes);
      case Where::kLost:
        leaf_.caller_unknown = true;
    }
  }

  // As if the leaf had returned to `address`, with the stack pointer at `sp`.
  void ReturnTo(uintptr_t address, uintptr_t sp) {
    now_.pc = address;
    now_.sp = sp;
    const Builtin* const builtin = v8_code_.FindBuiltin(context_, address);
    if (builtin != nullptr && builtin->interprets) {
      AddUnoptimizedFunction();
    } else {
      leaf_.addresses[leaf_.count++] = v8_code_.Contains(context_, address) ? address : address | kNativeAddress;
    }
  }

  // The interpreted or baseline function that the frame pointer belongs to, by the bytecode array in its frame.
  void AddUnoptimizedFunction() {
    const UnoptimizedFrame& layout = v8_code_.unoptimized_frame(context_);
    const uintptr_t array = Word(now_.fp + layout.bytecode_array);
    uintptr_t offset = Word(now_.fp + layout.bytecode_offset);
    if (runs_bytecode_ && leaf_.count == 1) {
      offset = RunningBytecodeOffset(context_, now_, {array, offset}, v8_code_, lengths_, call_sites_.safe_reader());
    }
    const uint64_t address = v8_code_.UnoptimizedFunction(context_, array, offset);
    if (address != 0) leaf_.addresses[leaf_.count++] = address;
  }

  const SignalContext context_;
  const V8Code& v8_code_;
  CallSites& call_sites_;
  BytecodeLengths& lengths_;
  const CodeWindow code_;
  const uintptr_t stack_low_;
  const uintptr_t stack_top_;
  Leaf leaf_;
  bool runs_bytecode_ = false;  // the leaf is the interpreter
  Registers& now_ = leaf_.registers;
};

}  // namespace

Leaf UnwindLeaf(SignalContext context, const Registers& registers, uintptr_t stack_top, const V8Code& v8_code,
                CallSites& call_sites, BytecodeLengths& lengths) {
  if (registers.sp + 2 * kWordBytes <= stack_top) {
    return Unwinder(context, registers, stack_top, v8_code, call_sites, lengths).Unwind();
  }
  return {registers, {registers.pc}, 1, false, false};
}

}  // namespace nativeprof

#endif  // defined(__x86_64__)
