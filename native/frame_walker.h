// frame_walker.h: walks a thread's whole stack, from the interrupted instruction to the thread's first frame: C++, libc,
// V8's builtins, interpreted and compiled JavaScript, WebAssembly, and C++ again.
//
// V8 and node keep frame pointers, so their frames are a linked list. Native code from elsewhere (libc, OpenSSL's
// assembly, addons) need not; there the caller is found by the unwind tables that come with it (unwind_rules.h). Code with
// neither is taken to keep frame pointers. A walk is believed only if each of its return addresses stands behind a call
// and it comes to the thread's first frame; any other is wrong somewhere, and its caller must know a better way.
//
// Work per tick is bounded; nothing is read but the thread's stack, code, and the tables.

#ifndef NATIVEPROF_FRAME_WALKER_H_
#define NATIVEPROF_FRAME_WALKER_H_

#include <cstddef>
#include <cstdint>

#include "frame_list.h"
#include "leaf_rules.h"
#include "registers.h"
#include "signal_safe.h"
#include "stack_memory.h"
#include "v8_code.h"
#include "walk_memory.h"
#include "walk_resources.h"

namespace nativeprof {

// Context: signal handler (async-signal-safe).
class FrameWalker {
 public:
  // `v8_code` is null on threads that run no JavaScript. `memory` (null: there is none) is of this very stack,
  // `leaf_rules` (likewise) of the thread.
  FrameWalker(SignalContext context, WalkResources& resources, const V8Code* v8_code, WalkMemory* memory,
              LeafRules* leaf_rules, StackMemory& stack, FrameList& frames)
      : context_(context), resources_(resources),
        tables_version_(resources.tables_version.load(std::memory_order_acquire)),
        tables_(resources.tables.load(std::memory_order_acquire)), v8_code_(v8_code), memory_(memory),
        leaf_rules_(leaf_rules), stack_(stack), frames_(frames) {}

  // Adds the callers of what is in the list already. The interrupted function is at `registers`, or, with `pc` 0, the one
  // that the frame pointer belongs to. `is_leaf`: pc is the interrupted instruction, not a return address.
  // Whether the walk came to the thread's first frame.
  bool Walk(const Registers& registers, bool is_leaf);

  // How many addresses at the leaf end, of those that the walk added, lie outside V8's code.
  size_t leading_native() const { return leading_native_; }

#if defined(NATIVEPROF_COMPARE_WALKS)
  // Where a walk came to no end.
  struct Break {
    uint64_t at;               // the frame whose caller could not be found, as an address of a sample
    uintptr_t return_address;  // what was found in its place, 0 if nothing was
  };
  Break broken() const { return {now_.pc | (now_.pc == 0 || IsV8(now_.pc) ? 0 : kNativeAddress), refused_}; }
#endif

 private:
  struct Cursor {
    uintptr_t pc;
    uintptr_t sp;
    uintptr_t fp;
  };
  static constexpr uint8_t kRegisters = kGeneralRegisters;
  enum class Step : uint8_t { kCaller, kRemembered, kFirstFrame, kBroken };
  // How far the last walk could be followed.
  enum class Followed : uint8_t { kNowhere, kSomeFrames, kToTheEnd };
  using Kind = RememberedFrame::Kind;

  bool WalkOn(bool is_exact);
  Followed FollowLastWalk();
  uint64_t AddressOf(const RememberedFrame& frame) const;
  void Remember(Kind kind);
  bool AddFrame();
  void ReadLink(const UnwindRule& rule, uintptr_t cfa);
  Step StepByFramePointer();
  void PrefetchCallers();
  void TakeRegisters(const Registers& leaf);
  bool IsKnown(uint8_t number) const;
  uintptr_t Register(uint8_t number) const;
  UnwindRule FindRule(uintptr_t pc, bool is_exact);
  Step StepByRule(bool is_exact);
  Step StepOutOfUnknownLeaf();
#if defined(__aarch64__)
  bool IsReturnAddressInLink();
  uintptr_t BytesAboveFrame(uintptr_t return_address);
#else
  uintptr_t BytesAboveFrame(uintptr_t) { return 0; }
#endif
#if defined(__GLIBC__) && defined(__x86_64__)
  bool IsFirstWithoutTables() { return false; }
#else
  // Elsewhere the tables do not tell a thread's first function (musl, macOS), or not that of every program (arm64); its caller's
  // frame pointer is 0. Not for a leaf, which may use the register for something else.
  bool IsFirstWithoutTables() {
    return now_.fp == 0 || (stack_.Has(now_.fp) && stack_.Word(now_.fp) == 0);
  }
#endif
  Step ReturnTo(uintptr_t return_address, uintptr_t sp, uintptr_t fp);
  bool AddV8Frame();
  bool FindHiddenCaller(uintptr_t most_bytes);
  const Builtin* FindBuiltin(uintptr_t address);
  bool IsV8(uintptr_t address) const { return v8_code_ != nullptr && v8_code_->Contains(context_, address); }
  bool IsStubFrame(uintptr_t fp) { return (stack_.Word(fp - sizeof(uintptr_t)) & 1) == 0; }
  bool IsCallSite(uintptr_t address);

  const SignalContext context_;
  WalkResources& resources_;
  const uint32_t tables_version_;  // loaded before tables_: tables newer than their version are forgotten, not believed
  const UnwindTables* const tables_;
  const V8Code* const v8_code_;
  WalkMemory* memory_;
  LeafRules* const leaf_rules_;
  StackMemory& stack_;
  FrameList& frames_;
  Cursor now_ = {};
  // The other registers by their DWARF numbers, as the function at now_ has them; bit n of known_: register n is known.
  uintptr_t general_[kRegisters] = {};
  uint32_t known_ = 0;
  UnwindRule next_rule_;  // of the frame at now_, if IsCallSite() came upon it
  bool has_next_rule_ = false;
  const Builtin* last_builtin_ = nullptr;
  // Of the step to now_, for memory_: whether the return address and the saved frame pointer alone led there, and where the
  // one was from the other, 0 for none.
  bool is_by_two_words_ = false;
  uint16_t fp_words_below_pc_ = 0;
  bool is_exact_ = false;  // now_.pc is the one of a frame that a signal came to
  bool has_followed_ = false;
  bool is_interrupted_ = false;  // now_.pc is not a return address: a signal came there
  bool only_native_ = true;
  size_t leading_native_ = 0;
#if defined(NATIVEPROF_COMPARE_WALKS)
  uintptr_t refused_ = 0;
#endif
};

}  // namespace nativeprof

#endif  // NATIVEPROF_FRAME_WALKER_H_
