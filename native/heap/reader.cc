// reader.cc: see reader.h.

#include "reader.h"

namespace nativeprof {

bool HeapReader::IsMapped(uintptr_t page) {
  if (IsKnown(page)) return true;
  if (!safe_reader_.IsPageReadable(page)) return false;
  Chunk& chunk = ChunkOf(page);
  if (chunk.number != page / kChunkBytes) chunk = {page / kChunkBytes, 0};
  chunk.mapped |= BitOf(page);
  return true;
}

bool HeapReader::Find(uintptr_t address, size_t bytes, HeapBytes* found) {
  *found = {reinterpret_cast<const uint8_t*>(address), bytes};
  const uintptr_t last = address + bytes - 1;
  if (bytes == 0 || last < address) return bytes == 0;
  for (uintptr_t page = address & ~(kPageBytes - 1); page <= last; page += kPageBytes) {
    if (!IsMapped(page)) return false;
  }
  return true;
}

bool HeapReader::Copy(uintptr_t address, void* out, size_t bytes) {
  HeapBytes found;
  if (!Find(address, bytes, &found)) return false;
  if (bytes > 0) std::memcpy(out, found.at, bytes);
  return true;
}

int HeapReader::TypeOf(uint64_t object) {
  uint64_t map;
  uint16_t type;
  if (!IsObject(object) || !Get(object, 0, &map) || !IsObject(map)) return -1;
  return Get(map, kMapInstanceType, &type) ? type : -1;
}

uint64_t HeapReader::GetObject(uint64_t object, int offset, int type) {
  uint64_t field;
  return Get(object, offset, &field) && TypeOf(field) == type ? field : 0;
}

bool HeapReader::GetSmi(uint64_t object, int offset, int32_t* value) {
  uint64_t word;
  if (!Get(object, offset, &word) || !IsSmi(word)) return false;
  *value = static_cast<int32_t>(word >> 32);
  return true;
}

}  // namespace nativeprof
