// stack_walker.cc: see stack_walker.h.

#include "stack_walker.h"

#include "leaf_frame.h"
#if defined(NATIVEPROF_COMPARE_WALKS)
#include "cycles.h"
#endif

namespace nativeprof {

namespace {

v8::RegisterState ToRegisterState(const Registers& registers) {
  v8::RegisterState state;
  state.pc = reinterpret_cast<void*>(registers.pc);
  state.sp = reinterpret_cast<void*>(registers.sp);
  state.fp = reinterpret_cast<void*>(registers.fp);
  state.lr = reinterpret_cast<void*>(registers.lr);
  return state;
}

// What V8 says it is doing. With a stack pointer above every stack, it finds no address on the stack believable and does not
// so much as look for a frame to begin with: that would cost as much as a walk of a few frames.
uint16_t CurrentVmState(const ThreadState& thread) {
  v8::RegisterState state = ToRegisterState({0, UINTPTR_MAX & ~uintptr_t{15}, 0, 0, {}});
  v8::SampleInfo info;
  void* none = nullptr;
  thread.isolate->GetStackSample(state, &none, 0, &info);
  return static_cast<uint16_t>(info.vm_state);
}

// The leaf and what of its callers has no frame.
Leaf FindLeaf(SignalContext context, WalkResources& resources, ThreadState& thread, const Registers& registers) {
  if (!thread.v8_code.Contains(context, registers.pc)) {
    return {registers, {registers.pc | kNativeAddress}, 1, false, false};
  }
  return UnwindLeaf(context, registers, thread.stack_top, thread.v8_code, resources.call_sites, thread.bytecode_lengths);
}

void AddLeaf(SignalContext context, const V8Code& v8_code, const Leaf& leaf, FrameList& frames) {
  for (size_t i = 0; i < leaf.count; ++i) {
    const uint64_t address = leaf.addresses[i];
    frames.Add((address & kNativeAddress) != 0 ? address : v8_code.Canonical(context, address));
  }
}

// Adds what V8 sees of the stack from `registers` on. Whether that is all of it.
bool AddByV8(SignalContext context, ThreadState& thread, const Registers& registers, FrameList& frames,
             size_t* frames_by_v8) {
  void** const addresses = thread.v8_frames.data();
  v8::SampleInfo info;
  v8::RegisterState state = ToRegisterState(registers);
  // One more than the limit, to tell a stack of exactly that depth from a cut one.
  thread.isolate->GetStackSample(state, addresses, thread.max_depth + 1, &info);
  *frames_by_v8 = info.frames_count;
  const bool is_cut = info.frames_count + frames.count() > thread.max_depth;
  for (size_t i = 0; i < info.frames_count && frames.count() + (is_cut ? 1 : 0) < thread.max_depth; ++i) {
    frames.Add(thread.v8_code.Canonical(context, reinterpret_cast<uintptr_t>(addresses[i])));
  }
  if (is_cut) frames.Add(kFramesLeftOut);
  return !is_cut;
}

}  // namespace

Walk WalkStack(SignalContext context, WalkResources& resources, ThreadState& thread, const Registers& registers,
               FrameList& frames) {
  const V8Code& v8_code = thread.v8_code;
  Walk walk = {};
#if defined(NATIVEPROF_COMPARE_WALKS)
  const uint64_t begin_cycles = ReadCycles();
#endif
  thread.walk_memory.Prefetch();
  walk.vm_state = CurrentVmState(thread);
  thread.walk_memory.PrefetchStack(v8_code.unoptimized_frame(context).bytecode_offset);
#if defined(NATIVEPROF_COMPARE_WALKS)
  walk.vm_state_cycles = ReadCycles() - begin_cycles;
#endif
  const bool is_native_leaf = !v8_code.Contains(context, registers.pc);
  const bool is_own_stack = registers.sp < thread.stack_top;

  const Leaf leaf = FindLeaf(context, resources, thread, registers);
  if (leaf.caller_unknown && walk.vm_state != v8::GC) {
    walk.outcome = WalkOutcome::kNotWalkable;
    return walk;
  }
  AddLeaf(context, v8_code, leaf, frames);

  StackMemory stack(context, leaf.registers.sp, is_own_stack ? thread.stack_top : 0, resources.call_sites.safe_reader());
  // Where the thread runs on a stack of its own making, nothing is remembered of the usual one.
  FrameWalker walker(context, resources, &v8_code, is_own_stack ? &thread.walk_memory : nullptr, &thread.leaf_rules,
                     stack, frames);
  if (v8_code.unknown_layout() == nullptr && walker.Walk(leaf.registers, is_native_leaf)) {
    walk.is_cut = frames.IsCut();
    return walk;
  }

#if defined(NATIVEPROF_COMPARE_WALKS)
  walk.broken = walker.broken();
#endif
  walk.outcome = WalkOutcome::kByV8;
  const size_t wanted = is_native_leaf ? leaf.count + walker.leading_native() : leaf.announced ? 0 : leaf.count;
  frames.Truncate(wanted);
  if (frames.count() < wanted) frames.Add(kFramesLeftOut);
  size_t frames_by_v8 = 0;
  walk.is_cut = !AddByV8(context, thread, leaf.registers, frames, &frames_by_v8);
  // No frames has three reasons: a collection runs, there is no JavaScript on the stack, or V8 gave up. V8's own code
  // is only ever entered from JavaScript, so when the leaf lies in it, V8 gave up.
  if (frames_by_v8 == 0 && !is_native_leaf && walk.vm_state != v8::GC && leaf.count == 1) {
    const Builtin* const builtin = v8_code.FindBuiltin(context, registers.pc);
    // The entry stubs run before there is a JavaScript frame and after there is one.
    if (builtin == nullptr) walk.outcome = WalkOutcome::kNotWalkable;
  }
  return walk;
}

#if defined(NATIVEPROF_COMPARE_WALKS)
V8Walk WalkStackByV8(SignalContext context, WalkResources& resources, ThreadState& thread, const Registers& registers,
                     FrameList& frames) {
  const Leaf leaf = FindLeaf(context, resources, thread, registers);
  if (leaf.caller_unknown) return {0, true};
  if (!leaf.announced) AddLeaf(context, thread.v8_code, leaf, frames);
  v8::SampleInfo info;
  v8::RegisterState state = ToRegisterState(leaf.registers);
  const uint64_t begin_cycles = ReadCycles();
  thread.isolate->GetStackSample(state, thread.v8_frames.data(), thread.v8_frames.size(), &info);
  const uint64_t cycles = ReadCycles() - begin_cycles;
  for (size_t i = 0; i < info.frames_count; ++i) {
    frames.Add(thread.v8_code.Canonical(context, reinterpret_cast<uintptr_t>(thread.v8_frames[i])));
  }
  return {cycles, false};
}
#endif

void WalkNativeStack(SignalContext context, WalkResources& resources, const Registers& registers, FrameList& frames) {
  frames.Add(registers.pc | kNativeAddress);
  StackMemory stack(context, registers.sp, 0, resources.call_sites.safe_reader());
  FrameWalker walker(context, resources, nullptr, nullptr, nullptr, stack, frames);
  walker.Walk(registers, true);
}

}  // namespace nativeprof
