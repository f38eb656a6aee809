// addon_labels.h: what JavaScript sees of labels. Part of the surface that addon.cc sets up.

#ifndef NATIVEPROF_ADDON_LABELS_H_
#define NATIVEPROF_ADDON_LABELS_H_

#include <napi.h>

namespace nativeprof {

// Adds openLabels(), scanLabels(), stopLabelScan(), labelNow(), labelNumber(), labelText(), whyLabelHooks() and
// setWhyLabelHooks(), as lib/binding.ts describes them.
// Context: JS thread.
void AddLabelFunctions(Napi::Env env, Napi::Object exports);

}  // namespace nativeprof

#endif  // NATIVEPROF_ADDON_LABELS_H_
