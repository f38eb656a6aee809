// signal_context.h: the token of signal handlers, for tests that call what a handler calls.

#ifndef NATIVEPROF_TEST_NATIVE_SIGNAL_CONTEXT_H_
#define NATIVEPROF_TEST_NATIVE_SIGNAL_CONTEXT_H_

#include "signal_safe.h"

namespace nativeprof {

struct SignalContextForTests {
  static SignalContext Make() { return SignalContext(); }
};

}  // namespace nativeprof

#endif  // NATIVEPROF_TEST_NATIVE_SIGNAL_CONTEXT_H_
