// mapped_file.cc: see mapped_file.h.

#include "mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#if defined(__GLIBC__)
#include <sys/syscall.h>
#endif

namespace nativeprof {

namespace {

// Before 2.33 glibc had fstat in the headers only, so what calls a function of that name does not run there. The kernel's struct is
// the same on x64 and arm64.
bool GetStatus(int file, struct stat* status) {
#if defined(__GLIBC__)
  return syscall(SYS_fstat, file, status) == 0;
#else
  return fstat(file, status) == 0;
#endif
}

}  // namespace

bool MappedFile::Open(const char* path) {
  Close();
  // Without O_NONBLOCK, opening a pipe that has no writer would never return.
  const int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) return false;
  struct stat status;
  if (GetStatus(file, &status) && S_ISREG(status.st_mode) && status.st_size > 0) {
    const auto bytes = static_cast<size_t>(status.st_size);
    void* const mapped = mmap(nullptr, bytes, PROT_READ, MAP_PRIVATE, file, 0);
    if (mapped != MAP_FAILED) {
      data_ = static_cast<uint8_t*>(mapped);
      bytes_ = bytes;
    }
  }
  close(file);
  return data_ != nullptr;
}

void MappedFile::Close() {
  if (data_ != nullptr) munmap(data_, bytes_);
  data_ = nullptr;
  bytes_ = 0;
}

void MappedFile::ForgetPages() {
  // A hint: if it is not taken, they stay, and nothing else changes.
  if (data_ != nullptr) static_cast<void>(madvise(data_, bytes_, MADV_DONTNEED));
}

}  // namespace nativeprof
