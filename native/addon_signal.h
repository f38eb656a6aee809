// addon_signal.h: what JavaScript sees of signal_calls.h. Part of addon.cc's surface, apart from it for its size.

#ifndef NATIVEPROF_ADDON_SIGNAL_H_
#define NATIVEPROF_ADDON_SIGNAL_H_

#include <napi.h>

namespace nativeprof {

// watchSignal(signal, callback) → whether it could be done.
// Context: JS thread.
void AddSignalFunction(Napi::Env env, Napi::Object exports);

// The environment is about to go; if it watches a signal, it does no longer.
// Context: JS thread.
void ForgetSignal(napi_env env);

}  // namespace nativeprof

#endif  // NATIVEPROF_ADDON_SIGNAL_H_
