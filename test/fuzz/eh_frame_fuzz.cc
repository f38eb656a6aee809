// eh_frame_fuzz.cc: unwind tables that are damaged or made up. No look-up reads outside of them or comes to no end, and what it
// says is one of what a rule may say.
// With: cfi_expression.cc cfi_row.cc cfi_program.cc eh_frame.cc

#include "eh_frame.h"

#include "../native/signal_context.h"
#include "input.h"

using nativeprof::EhFrame;
using nativeprof::RuleRange;
using nativeprof::Section;
using nativeprof::UnwindRule;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t bytes) {
  Input input(data, bytes);
  constexpr uintptr_t kHeader = 0x10000;
  const uintptr_t pc_offset = input.Take<uint16_t>();
  const uintptr_t between = input.Take<uint16_t>();
  const std::vector<uint8_t> header = input.TakeBytes(input.Take<uint8_t>());
  const std::vector<uint8_t> frames = input.TakeBytes(SIZE_MAX);
  const uintptr_t frames_at = kHeader + header.size() + between % 256;
  const Section frames_section = {frames.data(), frames.size(), frames_at};
  const EhFrame tables({header.data(), header.size(), kHeader}, frames_section);
  const auto context = nativeprof::SignalContextForTests::Make();
  for (const uintptr_t pc : {kHeader + pc_offset, kHeader - pc_offset, kHeader, pc_offset}) {
    RuleRange range;
    const UnwindRule rule = tables.Find(context, pc, &range);
    REQUIRE(rule.cfa <= UnwindRule::Cfa::kDereference);
    REQUIRE(rule.fp <= UnwindRule::Fp::kUnknown);
  }
  for (uintptr_t at = frames_at; at < frames_at + frames.size();) {
    const uintptr_t end = EhFrame::EndOfEntry(frames_section, at);
    if (end <= at) break;
    REQUIRE(end <= frames_at + frames.size());
    at = end;
  }
  return 0;
}
