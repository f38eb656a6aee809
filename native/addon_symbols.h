// addon_symbols.h: what JavaScript sees of native symbols. Part of the surface that addon.cc sets up.

#ifndef NATIVEPROF_ADDON_SYMBOLS_H_
#define NATIVEPROF_ADDON_SYMBOLS_H_

#include <napi.h>

namespace nativeprof {

// Adds nativeSymbols() and mainProgramIsStripped(), as lib/binding.ts describes them.
// Context: JS thread.
void AddSymbolFunctions(Napi::Env env, Napi::Object exports);

}  // namespace nativeprof

#endif  // NATIVEPROF_ADDON_SYMBOLS_H_
