// stack_here.cc: see stack_here.h.

#include "stack_here.h"

#include <memory>

#if defined(__linux__)
#include <ucontext.h>
#endif

#include "frame_list.h"
#include "modules.h"
#include "registers.h"
#include "stack_walker.h"
#include "thread_state.h"
#include "unwind_rules.h"
#include "walk_resources.h"

namespace nativeprof {

StackHere StackHere::Walk(v8::Isolate* isolate, size_t max_depth) {
  // Too large for a stack.
  const auto state = std::make_unique<ThreadState>();
  const auto resources = std::make_unique<WalkResources>();
  ModuleList modules;
  modules.Refresh();
  const std::unique_ptr<const UnwindTables> tables = UnwindTables::Make(modules, nullptr);
  resources->call_sites.Reset();
  resources->tables.store(tables.get(), std::memory_order_relaxed);
  for (const Module& module : modules.modules()) {
    if (!module.is_program) continue;
    resources->program_start = module.start;
    resources->program_end = module.end;
  }
  state->isolate = isolate;
  state->stack_top = CurrentStackTop();
  state->max_depth = max_depth;
  state->frames.assign(max_depth, 0);
  state->walk_memory.Forget();
  state->v8_frames.assign(max_depth + 1, nullptr);
  state->code_log.Start(isolate);
  state->code_log.List(&state->v8_code);

  FrameList frames(state->frames.data(), state->frames.size());
  WalkOutcome outcome = WalkOutcome::kNotWalkable;
#if defined(__linux__)
  // As if the thread had been interrupted at the next instruction. Nothing that may move code comes between this and the events.
  ucontext_t context;
  if (getcontext(&context) == 0) {
    outcome = WalkStack(SignalContext(), *resources, *state, ReadRegisters(SignalContext(), &context), frames).outcome;
  }
#endif
  StackHere here = {{}, state->code_log.Take(), state->v8_code.jit_range(), state->v8_code.embedded_range()};
  state->code_log.Stop();
  if (outcome == WalkOutcome::kNotWalkable) return here;
  here.addresses.resize(frames.length());
  frames.WriteTo(here.addresses.data());
  return here;
}

}  // namespace nativeprof
