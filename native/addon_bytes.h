// addon_bytes.h: bytes that were gathered, as JavaScript's.

#ifndef NATIVEPROF_ADDON_BYTES_H_
#define NATIVEPROF_ADDON_BYTES_H_

#include <napi.h>
#include <v8.h>

#include <cstdlib>
#include <cstring>
#include <memory>
#include <utility>

#include "byte_buffer.h"
#include "napi_v8.h"

namespace nativeprof {

// As an ArrayBuffer, of which JavaScript makes a Buffer. A Buffer that is made here is a Uint8Array whose prototype is changed, and
// the first such change has V8 throw away whatever it had optimized for a Uint8Array of the program's.
inline Napi::ArrayBuffer ToArrayBuffer(Napi::Env env, const void* data, size_t size) {
  Napi::ArrayBuffer buffer = Napi::ArrayBuffer::New(env, size);
  if (size > 0) std::memcpy(buffer.Data(), data, size);
  return buffer;
}

// Many bytes are handed over where they are: megabytes of news of code would be there twice. Few are copied, which costs less than
// keeping track of them.
inline Napi::ArrayBuffer ToArrayBuffer(Napi::Env env, ByteBuffer&& gathered) {
  constexpr size_t kWorthHandingOver = 256 << 10;
  ByteBuffer bytes = std::move(gathered);
  const size_t size = bytes.size();
  if (size < kWorthHandingOver) return ToArrayBuffer(env, bytes.data(), size);
  // Not by Node-API, whose external ArrayBuffer is that of such a Buffer.
  std::unique_ptr<v8::BackingStore> store = v8::ArrayBuffer::NewBackingStore(
      bytes.Release(), size, [](void* data, size_t, void*) { std::free(data); }, nullptr);
  return FromV8(env, v8::ArrayBuffer::New(v8::Isolate::GetCurrent(), std::move(store))).As<Napi::ArrayBuffer>();
}

}  // namespace nativeprof

#endif  // NATIVEPROF_ADDON_BYTES_H_
