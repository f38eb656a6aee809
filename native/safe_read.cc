// safe_read.cc: see safe_read.h.

#include "safe_read.h"

#if defined(__linux__)
#include <sys/uio.h>
#endif
#include <unistd.h>

namespace nativeprof {

namespace {

bool ReadSelf([[maybe_unused]] int pid, [[maybe_unused]] uintptr_t address, [[maybe_unused]] void* out,
              [[maybe_unused]] size_t bytes) {
#if defined(__linux__)
  const iovec local = {out, bytes};
  const iovec remote = {reinterpret_cast<void*>(address), bytes};
  return process_vm_readv(pid, &local, 1, &remote, 1, 0) == static_cast<ssize_t>(bytes);
#else
  return false;
#endif
}

}  // namespace

void SafeReader::Probe() {
  pid_ = getpid();
  const uint64_t expected = 0x70726f666e617469;
  uint64_t seen = 0;
  available_ = ReadSelf(pid_, reinterpret_cast<uintptr_t>(&expected), &seen, sizeof(seen)) && seen == expected;
}

bool SafeReader::Read(SignalContext, uintptr_t address, void* out, size_t bytes) const {
  return available_ && ReadSelf(pid_, address, out, bytes);
}

size_t SafeReader::CountReadablePages([[maybe_unused]] uintptr_t page, [[maybe_unused]] size_t count) const {
#if defined(__linux__)
  if (!available_) return 0;
  char bytes[kMostPages];
  const iovec local = {bytes, count};
  iovec remote[kMostPages];
  for (size_t i = 0; i < count; ++i) remote[i] = {reinterpret_cast<void*>(page + i * kPageBytes), 1};
  const ssize_t readable = process_vm_readv(pid_, &local, 1, remote, count, 0);
  return readable < 0 ? 0 : static_cast<size_t>(readable);
#else
  return 0;
#endif
}

}  // namespace nativeprof
