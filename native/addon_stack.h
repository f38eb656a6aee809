// addon_stack.h: what JavaScript sees of its own stack. Part of the surface that addon.cc sets up.

#ifndef NATIVEPROF_ADDON_STACK_H_
#define NATIVEPROF_ADDON_STACK_H_

#include <napi.h>

namespace nativeprof {

// Adds stackHere(), as lib/binding.ts describes it.
// Context: JS thread.
void AddStackFunctions(Napi::Env env, Napi::Object exports);

}  // namespace nativeprof

#endif  // NATIVEPROF_ADDON_STACK_H_
