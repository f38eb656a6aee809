// label_source.cc: see label_source.h.

#include "label_source.h"

#include <cstring>
#include <utility>

#include "label_sets.h"

namespace nativeprof {

NATIVEPROF_SIGNAL_SAFE_TLS LabelSource* LabelSource::of_thread_ = nullptr;

static_assert(sizeof(std::atomic<uint32_t>) == sizeof(uint32_t) && std::atomic<uint32_t>::is_always_lock_free,
              "the slot is an element of a Uint32Array");

LabelSource::LabelSource(v8::Isolate* isolate, std::shared_ptr<v8::BackingStore> slot)
    : isolate_(isolate),
      slot_(std::move(slot)),
      slot_number_(static_cast<const std::atomic<uint32_t>*>(slot_->Data())) {}

LabelSource* LabelSource::Open(v8::Isolate* isolate, v8::Local<v8::ArrayBuffer> slot) {
  auto* const source = new LabelSource(isolate, slot->GetBackingStore());
  isolate->AddGCPrologueCallback(OnGcPrologue, source);
  isolate->AddGCEpilogueCallback(OnGcEpilogue, source);
  of_thread_ = source;
  return source;
}

LabelSource* LabelSource::OfThread() { return of_thread_; }

void LabelSource::Close() {
  LabelSource* const source = std::exchange(of_thread_, nullptr);
  if (source == nullptr) return;
  // A handler that runs on this thread from here on finds none.
  std::atomic_signal_fence(std::memory_order_seq_cst);
  source->isolate_->RemoveGCPrologueCallback(OnGcPrologue, source);
  source->isolate_->RemoveGCEpilogueCallback(OnGcEpilogue, source);
  delete source;
}

const char* LabelSource::Scan(v8::Local<v8::Object> storage, int32_t known) {
  StopScan();
  std::atomic_signal_fence(std::memory_order_seq_cst);
  const char* const why_not = frame_.Learn(isolate_, storage, known);
  if (why_not != nullptr) return why_not;
  storage_.Reset(isolate_, storage);
  // A Global is a pointer to the slot of its object, and nothing else.
  static_assert(sizeof(storage_) == sizeof(storage_slot_));
  std::memcpy(&storage_slot_, static_cast<const void*>(&storage_), sizeof(storage_slot_));
  if (frame_.Find(Storage()) != static_cast<uint32_t>(known)) return "V8 keeps references in another way than known";
  std::atomic_signal_fence(std::memory_order_seq_cst);
  scans_.store(true, std::memory_order_relaxed);
  return nullptr;
}

uint32_t LabelSource::Now() { return scans_.load(std::memory_order_relaxed) ? frame_.Find(Storage()) : Slot(); }

uint32_t LabelSource::OfTick(SignalContext context, bool collects) {
  const uint32_t number = Look(context, collects);
  return number <= kMostLabelNumber ? number : 0;
}

uint32_t LabelSource::Look(SignalContext context, bool collects) {
  if (in_collection_.load(std::memory_order_relaxed)) return of_collection_.load(std::memory_order_relaxed);
  if (!scans_.load(std::memory_order_relaxed)) return Slot();
  // Steps of marking are no collection, move nothing, and are a good part of the collector's time. But V8 has no callbacks for a
  // collection inside of another one's callbacks, either.
  // On macOS a handler cannot ask for pages.
#if defined(__APPLE__)
  constexpr bool kAsksForPages = false;
#else
  constexpr bool kAsksForPages = true;
#endif
  return collects || !kAsksForPages ? frame_.FindSafely(context, Storage()) : frame_.Find(Storage());
}

void LabelSource::OnGcPrologue(v8::Isolate*, v8::GCType, v8::GCCallbackFlags, void* data) {
  auto* const source = static_cast<LabelSource*>(data);
  source->of_collection_.store(source->Now(), std::memory_order_relaxed);
  std::atomic_signal_fence(std::memory_order_seq_cst);
  source->in_collection_.store(true, std::memory_order_relaxed);
}

void LabelSource::OnGcEpilogue(v8::Isolate*, v8::GCType, v8::GCCallbackFlags, void* data) {
  auto* const source = static_cast<LabelSource*>(data);
  source->frame_.ForgetPages();
  std::atomic_signal_fence(std::memory_order_seq_cst);
  source->in_collection_.store(false, std::memory_order_relaxed);
}

}  // namespace nativeprof
