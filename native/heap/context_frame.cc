// context_frame.cc: see context_frame.h.

#include "context_frame.h"

#include <cstring>

#include <node_version.h>

#include "layout.h"

// Node 20 has nothing of the kind.
#if NODE_MAJOR_VERSION >= 22
#define NATIVEPROF_HAS_CONTEXT_FRAME 1
#endif

namespace nativeprof {

namespace {

// Offsets in bytes from the start of the object. The table of a Map: its map, its length, then what it counts, its buckets, and
// entries of three words.
constexpr uintptr_t kMapTable = 24;
struct TableHead {
  uint64_t map;
  uint64_t length;
  uint64_t elements;
  uint64_t deleted;
  uint64_t buckets;
};
struct TableEntry {
  uint64_t key;
  uint64_t value;
  uint64_t chain;
};
constexpr int32_t kCounts = 3;            // in `length`
constexpr int32_t kWordsOfBucket = 1 + 2 * 3;  // itself, and room for two entries
constexpr int32_t kMostBuckets = 1 << 16;

bool IsObject(uint64_t word) { return (word & 3) == 1; }
uintptr_t StartOf(uint64_t object) { return static_cast<uintptr_t>(object - 1); }

bool IsSmi(uint64_t word) { return static_cast<uint32_t>(word) == 0; }
int32_t SmiOf(uint64_t word) { return static_cast<int32_t>(word >> 32); }

bool IsCount(uint64_t word, int32_t most) { return IsSmi(word) && SmiOf(word) >= 0 && SmiOf(word) <= most; }

}  // namespace

v8::Local<v8::Value> ContextFrame::Current(v8::Isolate* isolate) {
#if NODE_MAJOR_VERSION >= 26
  const v8::Local<v8::Data> data = isolate->GetContinuationPreservedEmbedderDataV2();
  if (!data.IsEmpty() && data->IsValue()) return data.As<v8::Value>();
#elif defined(NATIVEPROF_HAS_CONTEXT_FRAME)
  const v8::Local<v8::Value> data = isolate->GetContinuationPreservedEmbedderData();
  if (!data.IsEmpty()) return data;
#endif
  return v8::Undefined(isolate);
}

bool ContextFrame::Exchange([[maybe_unused]] v8::Isolate* isolate, [[maybe_unused]] v8::Local<v8::Value> expected,
                            [[maybe_unused]] v8::Local<v8::Value> next) {
#if defined(NATIVEPROF_HAS_CONTEXT_FRAME)
  // Equal locals of the same object: V8's own comparison, without a call.
  if (Current(isolate) != expected) return false;
#if NODE_MAJOR_VERSION >= 26
  isolate->SetContinuationPreservedEmbedderDataV2(next);
#else
  isolate->SetContinuationPreservedEmbedderData(next);
#endif
  return true;
#else
  return false;
#endif
}

const char* ContextFrame::Learn([[maybe_unused]] v8::Isolate* isolate, [[maybe_unused]] v8::Local<v8::Object> storage,
                                [[maybe_unused]] int32_t known) {
#if defined(NATIVEPROF_HAS_CONTEXT_FRAME)
  current_ = nullptr;
  safe_reader_.Probe();
  if (!safe_reader_.available()) return "this machine lets no process read its own memory safely";
  const v8::Local<v8::Value> value = Current(isolate);
  if (!value->IsMap()) return "AsyncLocalStorage does not use AsyncContextFrame here";
  const v8::Local<v8::Map> frame = value.As<v8::Map>();
  const auto* const current = reinterpret_cast<const uint64_t*>(
      reinterpret_cast<uintptr_t>(isolate) + v8::internal::Internals::kContinuationPreservedEmbedderDataOffset);
  const char* const why_not = "this V8 keeps its async contexts in another way than known";
  const uint64_t object = *reinterpret_cast<const uint64_t*>(*frame);
  if (*current != object) return why_not;
  uint64_t map;
  uint64_t table;
  TableHead head;
  if (!Copy(nullptr, StartOf(object), &map, sizeof(map)) || !IsObject(map)) return why_not;
  if (!Copy(nullptr, StartOf(object) + kMapTable, &table, sizeof(table)) || !IsObject(table)) return why_not;
  if (!Copy(nullptr, StartOf(table), &head, sizeof(head)) || !IsObject(head.map)) return why_not;
  if (!Copy(nullptr, StartOf(map) + kMapInstanceType, &map_type_, sizeof(map_type_))) return why_not;
  if (!Copy(nullptr, StartOf(head.map) + kMapInstanceType, &table_type_, sizeof(table_type_))) return why_not;
  if (!IsCount(head.elements, kMostEntries) || static_cast<size_t>(SmiOf(head.elements)) != frame->Size()) return why_not;
  current_ = current;
  if (Find(static_cast<uintptr_t>(*reinterpret_cast<const uint64_t*>(*storage))) == static_cast<uint32_t>(known)) {
    return nullptr;
  }
  current_ = nullptr;
  return why_not;
#else
  return "this version of Node.js has no AsyncContextFrame";
#endif
}

uint32_t ContextFrame::Search(uintptr_t storage, const SignalContext* context) {
  if (current_ == nullptr) return 0;
  const uint64_t frame = *current_;
  uint64_t map;
  uint64_t table;
  TableHead head;
  if (!IsObject(frame) || !Copy(context, StartOf(frame), &map, sizeof(map)) || !HasType(context, map, map_type_)) return 0;
  if (!Copy(context, StartOf(frame) + kMapTable, &table, sizeof(table)) || !IsObject(table)) return 0;
  if (!Copy(context, StartOf(table), &head, sizeof(head)) || !HasType(context, head.map, table_type_)) return 0;
  if (!IsCount(head.buckets, kMostBuckets) || !IsCount(head.length, INT32_MAX)) return 0;
  const int32_t buckets = SmiOf(head.buckets);
  if (SmiOf(head.length) != kCounts + kWordsOfBucket * buckets) return 0;
  if (!IsCount(head.elements, 2 * buckets) || !IsCount(head.deleted, 2 * buckets)) return 0;
  const int32_t entries = SmiOf(head.elements) + SmiOf(head.deleted);
  if (entries > 2 * buckets || entries > kMostEntries) return 0;
  uintptr_t at = StartOf(table) + sizeof(TableHead) + static_cast<uintptr_t>(buckets) * sizeof(uint64_t);
  for (int32_t i = 0; i < entries; ++i, at += sizeof(TableEntry)) {
    TableEntry entry;
    if (!Copy(context, at, &entry, sizeof(entry))) return 0;
    if (entry.key != storage) continue;
    return IsSmi(entry.value) && SmiOf(entry.value) > 0 ? static_cast<uint32_t>(SmiOf(entry.value)) : 0;
  }
  return 0;
}

bool ContextFrame::HasType(const SignalContext* context, uint64_t map, uint16_t type) {
  uint16_t found;
  return IsObject(map) && Copy(context, StartOf(map) + kMapInstanceType, &found, sizeof(found)) && found == type;
}

bool ContextFrame::Copy(const SignalContext* context, uintptr_t address, void* out, size_t bytes) {
  if (context != nullptr) return safe_reader_.Read(*context, address, out, bytes);
  constexpr uintptr_t kOffsetBits = SafeReader::kPageBytes - 1;
  const uintptr_t last = address + bytes - 1;
  if (last < address) return false;
  for (uintptr_t page = address & ~kOffsetBits; page <= last; page += SafeReader::kPageBytes) {
    if (!IsMapped(page)) return false;
  }
  std::memcpy(out, reinterpret_cast<const void*>(address), bytes);
  return true;
}

bool ContextFrame::IsMapped(uintptr_t page) {
  const uintptr_t number = page / SafeReader::kPageBytes;
  if (number == 0) return false;  // it stands for no page below
  std::atomic<uintptr_t>& known = pages_[number % kPages];
  if (known.load(std::memory_order_relaxed) == number) return true;
  if (!safe_reader_.IsPageReadable(page)) return false;
  known.store(number, std::memory_order_relaxed);
  return true;
}

void ContextFrame::ForgetPages() {
  for (std::atomic<uintptr_t>& page : pages_) page.store(0, std::memory_order_relaxed);
}

}  // namespace nativeprof
