// frame_walker.cc: see frame_walker.h.

#include "frame_walker.h"

#include <cstring>

namespace nativeprof {

namespace {

constexpr uintptr_t kWordBytes = sizeof(uintptr_t);
// No code lies there, so it is no other's key.
constexpr uintptr_t KeyOfExact(uintptr_t pc) { return ~pc; }

constexpr size_t kMostFrames = 32 * 1024;  // V8's stack of a megabyte holds fewer
// What V8's stubs push before they call something, without a frame: all general and floating-point registers at most.
constexpr uintptr_t kMostPushedBytes = 48 * kWordBytes;

}  // namespace

bool FrameWalker::Walk(const Registers& registers, bool is_leaf) {
  const size_t leaf_count = frames_.count();
  for (;;) {
    now_ = {registers.pc, registers.sp, registers.fp};
    if (is_leaf) TakeRegisters(registers);
    if (memory_ != nullptr) memory_->Begin(stack_.top(), tables_version_);
    if (WalkOn(is_leaf)) break;
    if (memory_ == nullptr) return false;
    memory_->Forget();
    if (!has_followed_) return false;
    // Of the frames that were followed not all is known that a step may need: without memory it may come further.
    memory_ = nullptr;
    frames_.Truncate(leaf_count);
    has_next_rule_ = is_interrupted_ = false;
    only_native_ = true;
    leading_native_ = 0;
  }
  if (memory_ != nullptr) memory_->End();
  return true;
}

bool FrameWalker::WalkOn(bool is_exact) {
  // A stack that has little in common with the last one is walked as if there were none.
  constexpr size_t kMostUnknown = 3;
  const size_t prefetch_at = memory_ == nullptr || memory_->is_empty() ? 0 : kMostUnknown;
  for (size_t i = 0; i < kMostFrames; ++i) {
    if (i == prefetch_at && !has_followed_) PrefetchCallers();
    const Step step = now_.pc == 0 || IsV8(now_.pc) ? StepByFramePointer() : StepByRule(is_exact);
    if (step == Step::kFirstFrame) return true;
    if (step == Step::kBroken) return false;
    is_exact = is_exact_ = is_interrupted_;
    is_interrupted_ = false;
    if (step == Step::kRemembered) {
      const Followed followed = FollowLastWalk();
      if (followed == Followed::kToTheEnd) return true;
      if (followed == Followed::kSomeFrames) continue;
    }
    if (!AddFrame()) return false;
  }
  return false;
}

bool FrameWalker::AddFrame() {
  if (IsV8(now_.pc)) {
    only_native_ = false;
    return AddV8Frame();
  }
  frames_.Add(now_.pc | kNativeAddress);
  Remember(Kind::kNative);
  if (only_native_) ++leading_native_;
  return true;
}

// Frame pointers lead to nearly all return addresses. What is known of those lies in many places, which the processor
// fetches side by side if it is told of them beforehand; the walk would wait for one after the other.
void FrameWalker::PrefetchCallers() {
  constexpr int kMostCallers = 96;
  if (!stack_.is_known()) return;
  uintptr_t fp = now_.fp;
  for (int i = 0; i < kMostCallers && stack_.Has(fp) && stack_.Has(fp + kWordBytes); ++i) {
    const uintptr_t address = stack_.Word(fp + kWordBytes);
    if (IsV8(address)) {
      resources_.call_sites.Prefetch(context_, address);
    } else {
      resources_.unwind_cache.Prefetch(context_, address - 1);
    }
    const uintptr_t next = stack_.Word(fp);
    if (next <= fp) return;
    fp = next;
  }
}

void FrameWalker::TakeRegisters(const Registers& leaf) {
  static_assert(sizeof(general_) == sizeof(leaf.general), "both are indexed by DWARF numbers");
  std::memcpy(general_, leaf.general, sizeof(general_));
  known_ = static_cast<uint32_t>((uint64_t{1} << kRegisters) - 1);
}

bool FrameWalker::IsKnown(uint8_t number) const {
  if (number == kDwarfStackPointer || number == kDwarfFramePointer) return true;
  return number < kRegisters && (known_ >> number & 1) != 0;
}

// Only of registers that are known.
uintptr_t FrameWalker::Register(uint8_t number) const {
  if (number == kDwarfStackPointer) return now_.sp;
  return number == kDwarfFramePointer ? now_.fp : general_[number];
}

// Such a frame says nothing of the other registers: JavaScript saves none for its caller.
FrameWalker::Step FrameWalker::StepByFramePointer() {
  known_ = 0;
  const uintptr_t fp = now_.fp;
  if (!stack_.Has(fp) || !stack_.Has(fp + kWordBytes)) return Step::kBroken;
  is_by_two_words_ = true;
  fp_words_below_pc_ = 1;
  const uintptr_t sp = fp + 2 * kWordBytes + BytesAboveFrame(AsReturnAddress(stack_.Word(fp + kWordBytes)));
  return ReturnTo(stack_.Word(fp + kWordBytes), sp, stack_.Word(fp));
}

UnwindRule FrameWalker::FindRule(uintptr_t pc, bool is_exact) {
  UnwindRule rule;
  if (has_next_rule_) {
    has_next_rule_ = false;
    return next_rule_;
  }
  if (tables_ == nullptr) return rule;
  if (is_exact) {
    if (leaf_rules_ != nullptr && leaf_rules_->Find(pc, tables_version_, &rule)) return rule;
    if (resources_.unwind_cache.Find(context_, KeyOfExact(pc), &rule)) return rule;
  }
  RuleRange range;
  rule = tables_->Find(context_, pc, &range);
  resources_.unwind_cache.Add(context_, is_exact ? KeyOfExact(pc) : pc, rule);
  if (is_exact && leaf_rules_ != nullptr) leaf_rules_->Add(range, rule, tables_version_);
  return rule;
}

FrameWalker::Step FrameWalker::StepByRule(bool is_exact) {
  const uintptr_t pc = is_exact ? now_.pc : now_.pc - 1;
  const UnwindRule rule = FindRule(pc, is_exact);
  if (rule.cfa == UnwindRule::Cfa::kEnd) return Step::kFirstFrame;
  if (rule.cfa == UnwindRule::Cfa::kUnknown) {
    if (is_exact) return StepOutOfUnknownLeaf();
    return IsFirstWithoutTables() ? Step::kFirstFrame : StepByFramePointer();
  }

  if (!IsKnown(rule.cfa_register)) return Step::kBroken;
  uintptr_t cfa = Register(rule.cfa_register) + static_cast<intptr_t>(rule.cfa_offset);
  if (rule.cfa_index_scale != 0) {
    if (!IsKnown(rule.cfa_index_register)) return Step::kBroken;
    cfa += Register(rule.cfa_index_register) * rule.cfa_index_scale;
  }
  if (rule.cfa == UnwindRule::Cfa::kDereference) {
    cfa = stack_.Word(cfa) + static_cast<intptr_t>(rule.cfa_offset_after);
  }

  // False, and *value as it is, if the register is not known in the caller.
  const auto restore = [&](UnwindRule::Fp how, uint8_t base, int32_t offset, uintptr_t* value) {
    if (how == UnwindRule::Fp::kSame) return true;
    if (how == UnwindRule::Fp::kUnknown || (base != UnwindRule::kFromCfa && !IsKnown(base))) return false;
    *value = base == UnwindRule::kFromCfa ? cfa : Register(base);
    if (how == UnwindRule::Fp::kSaved) *value = stack_.Word(*value + static_cast<intptr_t>(offset));
    return true;
  };
  uintptr_t caller = 0;
  const UnwindRule::Fp how = rule.return_address == UnwindRule::ReturnAddress::kSaved ? UnwindRule::Fp::kSaved
                                                                                     : UnwindRule::Fp::kInRegister;
  if (!restore(how, rule.return_address_base, rule.return_address_offset, &caller)) return Step::kBroken;
  uintptr_t fp = now_.fp;
  if (!restore(rule.fp, rule.fp_base, rule.fp_offset, &fp)) fp = 0;
  uint32_t changed = rule.changed_registers;
  if constexpr (kDwarfBase < kRegisters) {
    if (!restore(rule.rbx, rule.rbx_base, rule.rbx_offset, &general_[kDwarfBase])) changed |= uint32_t{1} << kDwarfBase;
    else if (rule.rbx != UnwindRule::Fp::kSame) known_ |= uint32_t{1} << kDwarfBase;
  }
  known_ &= ~changed;
  // A call has overwritten it.
  if constexpr (kReturnAddressIsRegister) known_ &= ~(uint32_t{1} << kDwarfReturnAddress);
  ReadLink(rule, cfa);
  if (!rule.is_signal_frame) return ReturnTo(caller, cfa, fp);
  // The frame of a signal handler: under it lies whatever was interrupted, at any instruction, on this stack or another.
  is_interrupted_ = true;
  if (!stack_.Has(cfa) || caller == 0) return Step::kBroken;
  now_ = {caller, cfa, fp};
  return Step::kCaller;
}

// Code without tables, interrupted somewhere: WebAssembly, the compiled code of other engines. It keeps frame pointers, but
// for the first instructions and the last.
FrameWalker::Step FrameWalker::StepOutOfUnknownLeaf() {
#if defined(__aarch64__)
  const bool is_in_link = IsKnown(kDwarfReturnAddress) && IsReturnAddressInLink();
#endif
  known_ = 0;
  is_by_two_words_ = false;
#if defined(__aarch64__)
  if (is_in_link) return ReturnTo(general_[kDwarfReturnAddress], now_.sp, now_.fp);
#else
  constexpr uint8_t kPushFp[] = {0x55, 0x48, 0x89, 0xe5};  // push rbp; mov rbp, rsp
  constexpr uint8_t kMoveFp[] = {0x48, 0x89, 0xe5};        // mov rbp, rsp
  constexpr uint8_t kReturn[] = {0xc3};
  constexpr uint8_t kReturnAndPop[] = {0xc2};
  constexpr uint8_t kJump[] = {0xe9};  // jmp rel32; of one after the other V8 makes the table by which WebAssembly calls
  constexpr ptrdiff_t kJumpBytes = 5;
  const CodeWindow code(context_, now_.pc, resources_.call_sites.safe_reader());
  const bool is_in_jump_table =
      code.Has(0, kJump) && (code.Has(-kJumpBytes, kJump) || code.Has(kJumpBytes, kJump));
  if (is_in_jump_table || code.Has(0, kPushFp) || code.Has(0, kReturn) || code.Has(0, kReturnAndPop)) {
    return ReturnTo(stack_.Word(now_.sp), now_.sp + kWordBytes, now_.fp);
  }
  if (code.At(-1) == kPushFp[0] && code.Has(0, kMoveFp)) {
    return ReturnTo(stack_.Word(now_.sp + kWordBytes), now_.sp + 2 * kWordBytes, now_.fp);
  }
#endif
  return StepByFramePointer();
}

FrameWalker::Step FrameWalker::ReturnTo(uintptr_t return_address, uintptr_t sp, uintptr_t fp) {
  const uintptr_t pc = AsReturnAddress(return_address);
  // A leaf whose return address is in a register may have nothing on the stack.
  const bool is_possible = (kReturnAddressIsRegister ? sp >= now_.sp : sp > now_.sp) && sp <= stack_.top();
  if (is_possible && memory_ != nullptr && memory_->Find(pc, sp, fp)) {
    now_ = {pc, sp, fp};
    return Step::kRemembered;
  }
  if (!is_possible || !IsCallSite(pc)) {
#if defined(NATIVEPROF_COMPARE_WALKS)
    refused_ = pc;
#endif
    return Step::kBroken;
  }
  now_ = {pc, sp, fp};
  return Step::kCaller;
}

bool FrameWalker::IsCallSite(uintptr_t address) {
  if (address <= kMaxCallBytes) return false;  // a cache without an entry looks as if it had one for 0
  if (IsV8(address)) return v8_code_->IsReturnAddress(context_, address, resources_.call_sites);
  // One look for both: a handler finds neither cache in the processor's.
  if (tables_ != nullptr && resources_.unwind_cache.Find(context_, address - 1, &next_rule_)) {
    has_next_rule_ = true;
    return true;
  }
  const uintptr_t offset = address - resources_.program_start;
  const bool is_program = offset >= kMaxCallBytes && offset < resources_.program_end - resources_.program_start;
  const bool is_known = is_program || (tables_ != nullptr && tables_->Contains(context_, address - 1));
  return resources_.call_sites.IsCallSite(
      context_, address, is_program ? Mapped::kAlways : is_known ? Mapped::kProbably : Mapped::kUnknown);
}

// Adds the frame of V8's code that now_ has returned to. False if the function that it works for cannot be found.
bool FrameWalker::AddV8Frame() {
  const Builtin* const builtin = v8_code_->IsInBuiltins(context_, now_.pc) ? FindBuiltin(now_.pc - 1) : nullptr;
  if (builtin == nullptr) {
    frames_.Add(now_.pc);
    Remember(Kind::kCode);
    return true;
  }
  if (builtin->WorksInUnoptimizedFrame() && !IsStubFrame(now_.fp)) {
    const uint64_t address = v8_code_->UnoptimizedFunction(
        context_, stack_.Word(now_.fp + v8_code_->unoptimized_frame(context_).bytecode_array),
        stack_.Word(now_.fp + v8_code_->unoptimized_frame(context_).bytecode_offset));
    if (address == 0) return false;
    frames_.Add(address);
    Remember(Kind::kUnoptimized);
    return true;
  }
  frames_.Add(v8_code_->Canonical(context_, now_.pc));
  const bool has_no_frame =
      (builtin->frame == BuiltinFrame::kStubOrNone && !builtin->lifts_return_address && !IsStubFrame(now_.fp)) ||
      (builtin->frame == BuiltinFrame::kOfAnother && !IsStubFrame(now_.fp));
  Remember(has_no_frame ? Kind::kFoundAgain : IsStubFrame(now_.fp) ? Kind::kBuiltinInStubFrame : Kind::kBuiltin);
  return !has_no_frame || FindHiddenCaller(kMostPushedBytes);
}

// A builtin without a frame has called something; its own return address lies under what it has pushed.
bool FrameWalker::FindHiddenCaller(uintptr_t most_bytes) {
  for (uintptr_t bytes = 0; bytes <= most_bytes && now_.sp + bytes < now_.fp; bytes += kWordBytes) {
    const uintptr_t word = stack_.Word(now_.sp + bytes);
    if (!IsV8(word) || !v8_code_->IsReturnAddress(context_, word, resources_.call_sites)) continue;
    now_.pc = word;
    now_.sp += bytes + kWordBytes;
    is_by_two_words_ = false;
    return AddV8Frame();
  }
  return false;
}

const Builtin* FrameWalker::FindBuiltin(uintptr_t address) {
  const uintptr_t canonical = v8_code_->Canonical(context_, address);
  if (last_builtin_ == nullptr || canonical - last_builtin_->start >= last_builtin_->size) {
    last_builtin_ = v8_code_->FindBuiltin(context_, canonical);
  }
  return last_builtin_;
}

}  // namespace nativeprof
