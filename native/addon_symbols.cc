// addon_symbols.cc: see addon_symbols.h. Only the main thread calls: it symbolizes for all.

#include "addon_symbols.h"

#include <utility>

#include "modules.h"
#include "native_symbols.h"

namespace nativeprof {

namespace {

// Lives as long as the process: no destructor runs while exit() does, when JavaScript may still be writing a profile.
struct SymbolState {
  ModuleList modules;
  ModuleList modules_before;  // what was unloaded at the last change: samples in it may come after
  NativeSymbols symbols;
};

SymbolState& RefreshedState() {
  static SymbolState& state = *new SymbolState();
  ModuleList before = state.modules;
  if (state.modules.Refresh()) {
    state.modules_before = std::move(before);
    state.symbols.ForgetReplaced();
  }
  return state;
}

// nativeSymbols(addresses: Float64Array) → [module, name, module, name, …]
Napi::Value FindNativeSymbols(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const Napi::Float64Array addresses = info[0].As<Napi::Float64Array>();
  SymbolState& state = RefreshedState();
  const Napi::Array found = Napi::Array::New(env, 2 * addresses.ElementLength());
  for (size_t i = 0; i < addresses.ElementLength(); ++i) {
    const Napi::HandleScope scope(env);
    const auto address = static_cast<uintptr_t>(addresses[i]);
    NativeSymbol symbol = state.symbols.Find(address, state.modules);
    if (symbol.module.empty()) symbol = state.symbols.Find(address, state.modules_before);
    found.Set(static_cast<uint32_t>(2 * i), Napi::String::New(env, symbol.module));
    found.Set(static_cast<uint32_t>(2 * i + 1), Napi::String::New(env, LabelOf(symbol, address)));
  }
  return found;
}

// mainProgramIsStripped() → whether node's static functions have no names. Node may be a library of the program.
Napi::Value MainProgramIsStripped(const Napi::CallbackInfo& info) {
  SymbolState& state = RefreshedState();
  const Module* const node = state.modules.Find(reinterpret_cast<uintptr_t>(&napi_get_node_version));
  return Napi::Boolean::New(info.Env(), node != nullptr && !state.symbols.HasFullSymbols(*node));
}

}  // namespace

void AddSymbolFunctions(Napi::Env env, Napi::Object exports) {
  exports.Set("nativeSymbols", Napi::Function::New(env, FindNativeSymbols, "nativeSymbols"));
  exports.Set("mainProgramIsStripped", Napi::Function::New(env, MainProgramIsStripped, "mainProgramIsStripped"));
}

}  // namespace nativeprof
