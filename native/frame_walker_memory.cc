// frame_walker_memory.cc: what a walk has in common with the one before (walk_memory.h); the rest is in frame_walker.cc.

#include "frame_walker.h"

namespace nativeprof {

namespace {

constexpr intptr_t kWordBytes = sizeof(uintptr_t);
// From the frame pointer of V8's frames to the context of a JavaScript function, or what marks another kind of frame.
constexpr intptr_t kMarkerOffset = -kWordBytes;

}  // namespace

// Adds the frame at now_, which the last walk came by, too, and those behind it as long as the stack still says so.
FrameWalker::Followed FrameWalker::FollowLastWalk() {
  const WalkMemory& memory = *memory_;
  const size_t first = memory.found();
  size_t i = first;
  for (;; --i) {
    const uint64_t address = AddressOf(memory.frame(i));
    if (address == 0) break;
    frames_.Add(address);
    if (i == 0 || !memory.IsStillBehind(i - 1)) {
      --i;
      break;
    }
  }
  const size_t last = i + 1;
  if (last > first) return Followed::kNowhere;
  has_followed_ = true;
  memory_->Follow(last, is_by_two_words_, fp_words_below_pc_);
  if (last == 0) return Followed::kToTheEnd;
  now_ = {memory.frame(last).pc, memory.SpOf(memory.frame(last)), memory.frame(last).fp};
  // What was known of other registers was known of another frame.
  known_ = 0;
  return Followed::kSomeFrames;
}

// As a record has it; 0 if the frame is no longer what it was. The words of a frame that is kept so have been on the stack.
uint64_t FrameWalker::AddressOf(const RememberedFrame& frame) const {
  const auto word = [&frame](intptr_t offset) { return StackWordAt(frame.fp + static_cast<uintptr_t>(offset)); };
  if (frame.kind == Kind::kUnoptimized) {
    const UnoptimizedFrame& layout = v8_code_->unoptimized_frame(context_);
    if ((word(kMarkerOffset) & 1) == 0) return 0;
    return v8_code_->UnoptimizedFunction(context_, word(layout.bytecode_array), word(layout.bytecode_offset));
  }
  if (frame.kind == Kind::kCode) return frame.pc;
  if (frame.kind == Kind::kNative) return frame.pc | kNativeAddress;
  const bool is_stub = (word(kMarkerOffset) & 1) == 0;
  return is_stub == (frame.kind == Kind::kBuiltinInStubFrame) ? v8_code_->Canonical(context_, frame.pc) : 0;
}

void FrameWalker::Remember(Kind kind) {
  if (memory_ == nullptr) return;
  if (kind != Kind::kNative && kind != Kind::kCode) {
    // Checking it again will read the frame, without looking whether it is on the stack.
    const intptr_t lowest =
        kind == Kind::kUnoptimized ? v8_code_->unoptimized_frame(context_).bytecode_offset : kMarkerOffset;
    const uintptr_t address = now_.fp + static_cast<uintptr_t>(lowest);
    if (address < now_.sp || !stack_.Has(address) || !stack_.Has(now_.fp)) kind = Kind::kFoundAgain;
  }
  if (is_exact_ || (!is_by_two_words_ && !memory_->is_first())) kind = Kind::kFoundAgain;
  const uintptr_t pc_slot = now_.sp - static_cast<uintptr_t>(kWordBytes);
  memory_->Add({now_.pc, now_.fp, memory_->WordsBelowTop(pc_slot), fp_words_below_pc_, kind});
}

// Whether the caller follows from sp, fp and two words of the stack above sp, with the return address just below the CFA.
void FrameWalker::ReadLink(const UnwindRule& rule, uintptr_t cfa) {
  const bool is_fp_saved = rule.fp == UnwindRule::Fp::kSaved;
  const intptr_t fp_words = is_fp_saved ? (-kWordBytes - rule.fp_offset) / kWordBytes : 0;
  is_by_two_words_ =
      rule.cfa == UnwindRule::Cfa::kRegister && rule.cfa_index_scale == 0 &&
      (rule.cfa_register == kDwarfStackPointer || rule.cfa_register == kDwarfFramePointer) &&
      rule.return_address == UnwindRule::ReturnAddress::kSaved && rule.return_address_base == UnwindRule::kFromCfa &&
      rule.return_address_offset == -kWordBytes &&
      (rule.fp == UnwindRule::Fp::kSame ||
       (is_fp_saved && rule.fp_base == UnwindRule::kFromCfa && rule.fp_offset % kWordBytes == 0 &&
        fp_words > 0 && fp_words <= UINT16_MAX && cfa - static_cast<uintptr_t>((fp_words + 1) * kWordBytes) >= now_.sp));
  fp_words_below_pc_ = is_by_two_words_ ? static_cast<uint16_t>(fp_words) : 0;
}

}  // namespace nativeprof
