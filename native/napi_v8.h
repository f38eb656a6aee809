// napi_v8.h: values of Node-API as V8's, and the other way round. A napi_value is a V8 handle, in every version of Node.js.

#ifndef NATIVEPROF_NAPI_V8_H_
#define NATIVEPROF_NAPI_V8_H_

#include <napi.h>
#include <v8.h>

#include <cstring>

namespace nativeprof {

template <typename T>
v8::Local<T> ToV8(const Napi::Value& value) {
  v8::Local<T> local;
  const napi_value handle = value;
  static_assert(sizeof(local) == sizeof(handle));
  std::memcpy(static_cast<void*>(&local), &handle, sizeof(local));
  return local;
}

inline Napi::Value FromV8(Napi::Env env, v8::Local<v8::Value> local) {
  napi_value handle;
  static_assert(sizeof(local) == sizeof(handle));
  std::memcpy(&handle, static_cast<const void*>(&local), sizeof(handle));
  return Napi::Value(env, handle);
}

}  // namespace nativeprof

#endif  // NATIVEPROF_NAPI_V8_H_
