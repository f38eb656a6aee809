// leaf_frame_arm64.cc: leaf_frame.h for arm64; leaf_frame.cc is that for x64.
//
// A call leaves the return address in the link register, so most of what x64 has to search the stack for is at hand: the
// question is only whether the register is the leaf's, or left over from a call that has returned. It is the leaf's before the
// frame is made and behind the load that gives it up, which the instructions show, and in a builtin without a frame until
// it calls something. (V8's code generators for arm64, the same from V8 11.3, Node 20, to 14.6, Node 26.)

#include "leaf_frame.h"

#if defined(__aarch64__)

#include "arm64_code_window.h"
#include "interpreter_leaf.h"
#include "record.h"

namespace nativeprof {

namespace {

constexpr uintptr_t kWordBytes = sizeof(uintptr_t);
constexpr uintptr_t kLeastFrameBytes = 2 * kWordBytes;  // V8 looks below the frame pointer: its walk fails with less
constexpr uintptr_t kPushedBytes = 8 * kWordBytes;      // a few registers and the link register, by a builtin without a frame
// Optimized code first looks whether it has been deoptimized.
constexpr int kMostBeforeFrame = 12;

// Where the return address of a leaf is.
enum class Where : uint8_t {
  kHasFrame,    // V8 will find it
  kInOwnFrame,  // above the saved frame pointer, in a frame that V8 cannot use: it is still too small
  kInLink,      // in the link register
  kOnStack,     // `value` bytes above sp
  kLost,
};

struct ReturnSlot {
  Where where = Where::kHasFrame;
  uintptr_t value = 0;
};

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
        link_(AsReturnAddress(registers.lr)),
        stack_low_(registers.sp),
        stack_top_(stack_top),
        leaf_{registers, {registers.pc}, 1, false, false} {}

  Leaf Unwind() {
    if (code_.IsAtCallOfC()) {
      leaf_.announced = true;
      return leaf_;
    }
    const Builtin* const builtin = v8_code_.FindBuiltin(context_, now_.pc);
    runs_bytecode_ =
        builtin != nullptr && (builtin->interprets || builtin->frame == BuiltinFrame::kBytecodeHandler);
    ReturnSlot slot = FindReturn(builtin);
    if (slot.where == Where::kHasFrame && builtin != nullptr) {
      if (builtin->WorksInUnoptimizedFrame() && !IsStubFrame(now_.fp)) {
        GoOnInUnoptimizedFunction();
        return leaf_;
      }
      // V8 would take the frame of the helper's caller for the helper's own. What the interpreter works at is known only here.
      if (IsStubFrame(now_.fp) &&
          (runs_bytecode_ || IsFramelessHelper(AsReturnAddress(Word(now_.fp + kWordBytes)), Word(now_.fp)))) {
        slot.where = Where::kInOwnFrame;
      }
    }
    Return(slot);
    if (leaf_.count != 2) return leaf_;
    // Code without a frame calls a helper: a store its write barrier.
    if (IsFramelessHelper(now_.pc, now_.fp)) {
      Return(FindNearTop());
    } else if (const Builtin* const caller = FindBuiltinOfCall(now_.pc);
               caller != nullptr && caller->frame == BuiltinFrame::kBytecodeHandler && !IsStubFrame(now_.fp)) {
      GoOnInUnoptimizedFunction();
    }
    return leaf_;
  }

 private:
  // A word of the stack, 0 outside of it.
  uintptr_t Word(uintptr_t address) const {
    const bool inside = address >= stack_low_ && address < stack_top_ && stack_top_ - address >= kWordBytes &&
                        address % kWordBytes == 0;
    return inside ? *reinterpret_cast<const uintptr_t*>(address) : 0;
  }
  bool IsReturnAddress(uintptr_t address) const { return v8_code_.IsReturnAddress(context_, address, call_sites_); }

  // A frame that V8 makes for code of its own has a small integer where a JavaScript function's has its context.
  bool IsStubFrame(uintptr_t fp) const { return (Word(fp - kWordBytes) & 1) == 0; }

  const Builtin* FindBuiltinOfCall(uintptr_t return_address) const {
    return return_address == 0 ? nullptr : v8_code_.FindBuiltin(context_, return_address - 1);
  }

  // Whether returning to `address`, with the frame pointer at `fp`, is returning into a builtin without a frame.
  bool IsFramelessHelper(uintptr_t address, uintptr_t fp) const {
    const Builtin* const builtin = FindBuiltinOfCall(address);
    return builtin != nullptr && builtin->frame == BuiltinFrame::kStubOrNone && !IsStubFrame(fp);
  }

  ReturnSlot FindReturn(const Builtin* builtin) const {
    // Of several instructions that make a frame, the frame pointer is set last.
    if (code_.IsBeforeFrame(builtin == nullptr ? kMostBeforeFrame : 4) || code_.IsBehindFrame()) return {Where::kInLink};
    if (now_.sp <= now_.fp && now_.fp - now_.sp < kLeastFrameBytes && Word(now_.fp) > now_.fp) {
      return {Where::kInOwnFrame};
    }
    return builtin == nullptr ? ReturnSlot() : FindInBuiltin(*builtin);
  }

  ReturnSlot FindInBuiltin(const Builtin& builtin) const {
    const uintptr_t offset = v8_code_.Canonical(context_, now_.pc) - builtin.start;
    const bool has_called = v8_code_.Canonical(context_, link_) - builtin.start <= builtin.size;
    const bool is_own_frame = AsReturnAddress(Word(now_.fp + kWordBytes)) == link_;
    switch (builtin.frame) {
      case BuiltinFrame::kLate:
        if (offset < builtin.setup_offset) return {Where::kInLink};
        // It has parts without a frame, for functions of which there is better code by now.
        return has_called || is_own_frame || IsStubFrame(now_.fp) || !IsLinkUsable() ? ReturnSlot()
                                                                                     : ReturnSlot{Where::kInLink};
      case BuiltinFrame::kForItsCaller:
        // Works in the frame that its caller has begun, and calls in frames of its own.
        return has_called || is_own_frame || !IsLinkUsable() ? ReturnSlot() : ReturnSlot{Where::kInLink};
      case BuiltinFrame::kStubOrNone:
        break;
      default:
        return {};
    }
    if (IsStubFrame(now_.fp)) {
      // Its own, or its caller's: only a caller that has called this very builtin is believed.
      return !has_called && !is_own_frame && IsLinkCallOf(builtin) ? ReturnSlot{Where::kInLink} : ReturnSlot();
    }
    if (has_called || code_.IsLinkPushed()) return FindNearTop();
    return IsLinkUsable() ? ReturnSlot{Where::kInLink} : FindNearTop();
  }

  bool IsLinkUsable() const {
    return v8_code_.Contains(context_, link_) ? IsReturnAddress(link_)
                                              : call_sites_.IsCallSite(context_, link_, Mapped::kUnknown);
  }

  bool IsLinkCallOf(const Builtin& builtin) const {
    if (!v8_code_.IsInBuiltins(context_, link_ - arm64::kInstructionBytes)) return false;
    uint32_t call;
    const uintptr_t address = link_ - arm64::kInstructionBytes;
    std::memcpy(&call, reinterpret_cast<const void*>(address), sizeof(call));
    return v8_code_.Canonical(context_, arm64::CallTarget(address, call)) == builtin.start;
  }

  // Under what code without a frame has pushed.
  ReturnSlot FindNearTop() const {
    for (uintptr_t bytes = 0; bytes <= kPushedBytes && now_.sp + bytes < now_.fp; bytes += kWordBytes) {
      if (IsReturnAddress(AsReturnAddress(Word(now_.sp + bytes)))) return {Where::kOnStack, bytes};
    }
    return {Where::kLost};
  }

  void Return(ReturnSlot slot) {
    switch (slot.where) {
      case Where::kHasFrame:
        return;
      case Where::kInOwnFrame: {
        const uintptr_t fp = now_.fp;
        now_.fp = Word(fp);
        return ReturnTo(AsReturnAddress(Word(fp + kWordBytes)), fp + 2 * kWordBytes);
      }
      case Where::kInLink:
        return ReturnTo(link_, now_.sp);
      case Where::kOnStack:
        return ReturnTo(AsReturnAddress(Word(now_.sp + slot.value)), now_.sp + slot.value + kWordBytes);
      case Where::kLost:
        leaf_.caller_unknown = true;
    }
  }

  // As if the leaf had returned to `address`, with the stack pointer at `sp`.
  void ReturnTo(uintptr_t address, uintptr_t sp) {
    now_.pc = address;
    now_.sp = sp;
    now_.lr = 0;
    const Builtin* const builtin = v8_code_.FindBuiltin(context_, address);
    if (builtin != nullptr && builtin->interprets) {
      AddUnoptimizedFunction();
    } else {
      leaf_.addresses[leaf_.count++] = v8_code_.Contains(context_, address) ? address : address | kNativeAddress;
    }
  }

  // The function that the frame pointer belongs to is what goes on. V8 does this itself for pcs in bytecode handlers, but not
  // on all versions, nor at their two ends.
  void GoOnInUnoptimizedFunction() {
    AddUnoptimizedFunction();
    now_.pc = 0;
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
  const Arm64CodeWindow code_;
  const uintptr_t link_;
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

#endif  // defined(__aarch64__)
