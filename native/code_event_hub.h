// code_event_hub.h: V8 has one handler for code events per isolate, and a process may have loaded two copies of this addon, of which
// each wants all events. The copy that came first hands them on to the others; they find it by its name among the loaded libraries.
//
// So this is an interface between versions: it may be added to at its end, and nothing else. All copies were compiled for the
// same node, which they have in common with V8's types.

#ifndef NATIVEPROF_CODE_EVENT_HUB_H_
#define NATIVEPROF_CODE_EVENT_HUB_H_

#include <v8.h>

namespace nativeprof {

// All of it to be called on the thread of the isolate.
struct CodeEventHub {
  // From here on the handler hears of the isolate's code; for another time, nothing changes.
  void (*subscribe)(v8::Isolate*, v8::JitCodeEventHandler);
  // Tells it of all code that there is, and no other.
  void (*list)(v8::Isolate*, v8::JitCodeEventHandler);
  void (*unsubscribe)(v8::Isolate*, v8::JitCodeEventHandler);
};

// The one of the process: of the copy that was loaded first, which stays loaded.
// Context: JS thread.
const CodeEventHub& TheCodeEventHub();

}  // namespace nativeprof

#endif  // NATIVEPROF_CODE_EVENT_HUB_H_
