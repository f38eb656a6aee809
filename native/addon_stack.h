// addon_stack.h: what JavaScript sees of its own stack, and of other processes' stacks. Part of the surface that addon.cc sets up.

#ifndef NATIVEPROF_ADDON_STACK_H_
#define NATIVEPROF_ADDON_STACK_H_

#include <napi.h>

#include "thread_registry.h"

namespace nativeprof {

// Adds stackHere(), answerStackRequests() and askForStacks(), as lib/binding.ts describes them. `threads` lives as long as
// the process.
// Context: JS thread.
void AddStackFunctions(Napi::Env env, Napi::Object exports, ThreadRegistry& threads);

}  // namespace nativeprof

#endif  // NATIVEPROF_ADDON_STACK_H_
