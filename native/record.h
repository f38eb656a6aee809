// record.h: the layout of a record in the ring. lib/records.ts is its reader; no third place knows it.
//
// A record is a run of 64-bit words. Word 0 is the header, never zero once the record is published:
//
//   bits  0..7   kind (RecordKind)
//   bits 16..23  V8's state of the virtual machine at the tick (v8::StateTag), samples only
//   bit  24      kCodeIsMoving, samples only: addresses may be those that the next code event moves code to
//   bit  25      kHasLabels, samples only: one more word stands before the addresses
//   bits 32..63  length in words, header included
//
// kSample    1: time of the tick, CLOCK_MONOTONIC nanoseconds
//            2: bits 0..31 sequence of the thread's code log at the tick, bits 32..63 the thread's number in the registry of
//               threads that run JavaScript; 0 for all others
//            3: bits 0..31 ticks this sample stands for, bits 32..63 kernel id of the thread
//            with kHasLabels, 4: the number of the set of labels that the thread ran under (label_sets.h)
//            then: addresses, leaf first. The first is the interrupted instruction; the others are return addresses, which
//               point behind a call. For an interpreted function the address lies in its bytecode array. Bit 63 marks an
//               address outside V8's code: C++, libc, the kernel's vdso, WebAssembly. A zero stands for frames left out.
//            None at all: a tick that was due when sampling ended, and stands for the time since the thread's last one.
// kOverflow  1: time of the first tick that found the ring full
//            2: ticks dropped since the record before this one
// kPadding   the rest of the ring up to its end; nothing in it
// kThread    1: time; 2: kernel id of a thread that runs no JavaScript and is met for the first time
//            3, 4: its name, 16 bytes, padded with zeroes
// kComparison  only in builds that compare walks (walk_comparison.h), behind the sample of the same tick, if there is one
//            1: time of the tick; 2: bits 0..31 kernel id of the thread, bits 32..39 outcome of our walk (WalkOutcome),
//               bit 40: V8 walked first, bit 41: V8 was not asked, for the leaf's caller is unknown
//            3: cycles, bits 0..31 of our whole walk, bits 32..63 of V8's
//            4: cycles, bits 0..31 of learning V8's state, part of our walk; bits 32..63 of the handler's body without
//               what the comparison needs
//            5: where our own walk came to no end, 0 if it did or was not tried; as an address of a sample
//            6: what it took for the return address there, 0 if it is none of the walk's; not marked
//            7…: addresses as V8 has them, leaf first, as in a sample
//
// Written on the same machine that reads it: native byte order.

#ifndef NATIVEPROF_RECORD_H_
#define NATIVEPROF_RECORD_H_

#include <cstddef>
#include <cstdint>

namespace nativeprof {

enum class RecordKind : uint8_t { kSample = 1, kOverflow = 2, kPadding = 3, kThread = 4, kComparison = 5 };

constexpr size_t kSampleFixedWords = 4;
constexpr size_t kOverflowWords = 3;
constexpr size_t kThreadWords = 5;
constexpr size_t kComparisonFixedWords = 7;

// With the state, in a header.
constexpr uint16_t kCodeIsMoving = 1 << 8;
constexpr uint16_t kHasLabels = 1 << 9;

// Marks an address outside V8's code. No address of a user program has this bit.
constexpr uint64_t kNativeAddress = uint64_t{1} << 63;
// Stands for frames that were left out, between the ones nearest to the leaf and the ones nearest to the root.
constexpr uint64_t kFramesLeftOut = 0;

constexpr uint64_t MakeHeader(RecordKind kind, uint16_t vm_state, uint32_t length_words) {
  return static_cast<uint64_t>(kind) | static_cast<uint64_t>(vm_state) << 16 |
         static_cast<uint64_t>(length_words) << 32;
}

constexpr RecordKind KindOf(uint64_t header) { return static_cast<RecordKind>(header & 0xff); }
constexpr uint32_t LengthWordsOf(uint64_t header) { return static_cast<uint32_t>(header >> 32); }

}  // namespace nativeprof

#endif  // NATIVEPROF_RECORD_H_
