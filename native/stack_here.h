// stack_here.h: the stack of whoever asks, walked as a handler would walk it, without a sampler.
//
// All that a walk needs is made for it and thrown away afterwards: V8 lists its code, the tables of all libraries are found. That
// takes tens of milliseconds, and disturbs nobody who samples meanwhile.

#ifndef NATIVEPROF_STACK_HERE_H_
#define NATIVEPROF_STACK_HERE_H_

#include <v8.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "byte_buffer.h"
#include "v8_code.h"

namespace nativeprof {

class StackHere {
 public:
  // Walks the current thread's stack, at most `max_depth` addresses.
  // Context: JS thread.
  static StackHere Walk(v8::Isolate* isolate, size_t max_depth);

  std::vector<uint64_t> addresses;   // as in a sample: record.h; none if the stack could not be walked
  ByteBuffer code_events;            // all code of the isolate
  V8Code::Range jit_range;
  V8Code::Range embedded_range;
};

}  // namespace nativeprof

#endif  // NATIVEPROF_STACK_HERE_H_
