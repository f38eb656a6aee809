// reader.h: reads V8's heap objects without risk: a pointer that is none leads nowhere, not to a crash.

#ifndef NATIVEPROF_HEAP_READER_H_
#define NATIVEPROF_HEAP_READER_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "../safe_read.h"
#include "layout.h"

namespace nativeprof {

// Bytes of V8's heap, where they are: until a collection runs.
struct HeapBytes {
  const uint8_t* at = nullptr;
  size_t count = 0;
};

// One per isolate. Used on its thread, while no collection runs: then what a live object points to is there.
// Whether a page is there is asked by a system call the first time; it is read directly from then on, until Forget().
class HeapReader {
 public:
  explicit HeapReader(const SafeReader& safe_reader) : safe_reader_(safe_reader) {}

  // Finds `bytes` at `address`; false if they are not all mapped.
  bool Find(uintptr_t address, size_t bytes, HeapBytes* found);

  // And copies them.
  bool Copy(uintptr_t address, void* out, size_t bytes);

  // A field of an object, given by its tagged pointer; false if it cannot be read.
  template <typename T>
  bool Get(uint64_t object, int offset, T* value) {
    const uintptr_t address = static_cast<uintptr_t>(object - 1) + static_cast<uintptr_t>(offset);
    // Nearly always; a copy of known size is an instruction.
    if (address % kPageBytes > kPageBytes - sizeof(T) || !IsKnown(address)) return Copy(address, value, sizeof(T));
    std::memcpy(value, reinterpret_cast<const void*>(address), sizeof(T));
    return true;
  }

  // A field that must hold an object of this type; its tagged pointer, or 0.
  uint64_t GetObject(uint64_t object, int offset, int type);

  // A field that must hold a Smi.
  bool GetSmi(uint64_t object, int offset, int32_t* value);

  // The instance type of an object; -1 for what is none.
  int TypeOf(uint64_t object);

  // After a collection: pages may be gone.
  void Forget() { chunks_.fill({}); }

  static bool IsObject(uint64_t word) { return (word & 3) == 1; }
  static bool IsSmi(uint64_t word) { return static_cast<uint32_t>(word) == 0; }

 private:
  // So many pages as V8 asks the system for at once, 256 KiB, and which of them are known to be there.
  static constexpr size_t kChunkPages = 64;
  struct Chunk {
    uintptr_t number = 0;
    uint64_t mapped = 0;  // a bit for each page
  };
  static constexpr uintptr_t kPageBytes = SafeReader::kPageBytes;
  static constexpr uintptr_t kChunkBytes = kChunkPages * kPageBytes;
  static constexpr size_t kChunks = 2048;  // a heap of 512 MiB

  Chunk& ChunkOf(uintptr_t address) { return chunks_[address / kChunkBytes % kChunks]; }
  static uint64_t BitOf(uintptr_t address) { return uint64_t{1} << address / kPageBytes % kChunkPages; }
  bool IsKnown(uintptr_t address) {
    const Chunk& chunk = ChunkOf(address);
    return chunk.number == address / kChunkBytes && (chunk.mapped & BitOf(address)) != 0;
  }
  bool IsMapped(uintptr_t page);

  const SafeReader& safe_reader_;
  std::array<Chunk, kChunks> chunks_{};  // by the low bits of the number
};

}  // namespace nativeprof

#endif  // NATIVEPROF_HEAP_READER_H_
