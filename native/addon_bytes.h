// addon_bytes.h: bytes that were gathered, as JavaScript's.

#ifndef NATIVEPROF_ADDON_BYTES_H_
#define NATIVEPROF_ADDON_BYTES_H_

#include <napi.h>

#include <cstdlib>
#include <utility>

#include "byte_buffer.h"

namespace nativeprof {

// Many are handed over where they are: megabytes of news of code would be there twice. Few are copied, which costs less than
// keeping track of them.
inline Napi::Buffer<uint8_t> ToNodeBuffer(Napi::Env env, ByteBuffer&& gathered) {
  constexpr size_t kWorthHandingOver = 256 << 10;
  ByteBuffer bytes = std::move(gathered);
  const size_t size = bytes.size();
  if (size < kWorthHandingOver) return Napi::Buffer<uint8_t>::Copy(env, bytes.data(), size);
  return Napi::Buffer<uint8_t>::NewOrCopy(env, bytes.Release(), size, [](Napi::Env, uint8_t* data) { std::free(data); });
}

}  // namespace nativeprof

#endif  // NATIVEPROF_ADDON_BYTES_H_
