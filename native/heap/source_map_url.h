// source_map_url.h: where a script says that its source map is.

#ifndef NATIVEPROF_HEAP_SOURCE_MAP_URL_H_
#define NATIVEPROF_HEAP_SOURCE_MAP_URL_H_

#include <v8.h>

#include <cstddef>
#include <string>

namespace nativeprof {

// In UTF-8; empty if it does not say, or if a map that is in the URL itself is larger than `most_bytes`. V8 has it at hand:
// nothing is allocated in its heap.
// Context: JS thread, outside of a collection.
inline std::string SourceMapUrlOf(v8::Isolate* isolate, v8::Local<v8::UnboundScript> script, size_t most_bytes) {
  const v8::HandleScope scope(isolate);
  const v8::Local<v8::Value> value = script->GetSourceMappingURL();
  if (!value->IsString()) return "";
  const v8::Local<v8::String> text = value.As<v8::String>();
#if V8_MAJOR_VERSION >= 13
  std::string url(text->Utf8LengthV2(isolate), '\0');
  if (url.size() > most_bytes) return "";
  text->WriteUtf8V2(isolate, url.data(), url.size());
#else
  std::string url(static_cast<size_t>(text->Utf8Length(isolate)), '\0');
  if (url.size() > most_bytes) return "";
  text->WriteUtf8(isolate, url.data(), static_cast<int>(url.size()), nullptr, v8::String::NO_NULL_TERMINATION);
#endif
  return url;
}

}  // namespace nativeprof

#endif  // NATIVEPROF_HEAP_SOURCE_MAP_URL_H_
