// walk_comparison.cc: see walk_comparison.h.

#include "walk_comparison.h"

#if defined(NATIVEPROF_COMPARE_WALKS)

#include <algorithm>
#include <atomic>

#include "record.h"

namespace nativeprof {

namespace {

// written by the handler
std::atomic<uint32_t> turn{0};

uint64_t Halves(uint64_t low, uint64_t high) {
  return std::min<uint64_t>(low, UINT32_MAX) | std::min<uint64_t>(high, UINT32_MAX) << 32;
}

}  // namespace

Walk WalkComparison::WalkBoth(SignalContext context, WalkResources& resources, ThreadState& thread,
                              const Registers& registers, FrameList& frames) {
  tid_ = thread.tid;
  v8_first_ = (turn.fetch_add(1, std::memory_order_relaxed) & 1) != 0;
  const auto walk_by_v8 = [&] {
    const uint64_t begin_cycles = ReadCycles();
    v8_ = WalkStackByV8(context, resources, thread, registers, frames_);
    comparison_cycles_ = ReadCycles() - begin_cycles;
  };
  if (v8_first_) walk_by_v8();
  const uint64_t begin_cycles = ReadCycles();
  own_ = WalkStack(context, resources, thread, registers, frames);
  own_cycles_ = ReadCycles() - begin_cycles;
  if (!v8_first_) walk_by_v8();
  return own_;
}

WalkComparison::~WalkComparison() {
  if (tid_ == 0) return;
  const uint64_t handler_cycles = ReadCycles() - begin_cycles_ - comparison_cycles_;
  const size_t length = kComparisonFixedWords + frames_.length();
  const RingBuffer::Reservation record = ring_.Reserve(length);
  if (!record) return;  // the tick itself has been counted as dropped, or the next one will be
  record.words[1] = now_nanos_;
  record.words[2] = tid_ | static_cast<uint64_t>(own_.outcome) << 32 | static_cast<uint64_t>(v8_first_) << 40 |
                    static_cast<uint64_t>(v8_.caller_unknown) << 41;
  record.words[3] = Halves(own_cycles_, v8_.cycles);
  record.words[4] = Halves(own_.vm_state_cycles, handler_cycles);
  record.words[5] = own_.broken.at;
  record.words[6] = own_.broken.return_address;
  frames_.WriteTo(record.words + kComparisonFixedWords);
  ring_.Publish(record, MakeHeader(RecordKind::kComparison, own_.vm_state, static_cast<uint32_t>(length)));
}

}  // namespace nativeprof

#endif  // defined(NATIVEPROF_COMPARE_WALKS)
