// mapped_file.h: a file's bytes, mapped for reading as long as the object lives. No copy: only pages that are read cost memory,
// and the system can take them back. Runs on the JS thread.
//
// Whoever truncates the file in place makes later reads of it fail with SIGBUS. The files here are those that the process runs
// its code from, which dies of that just the same.

#ifndef NATIVEPROF_MAPPED_FILE_H_
#define NATIVEPROF_MAPPED_FILE_H_

#include <cstddef>
#include <cstdint>

namespace nativeprof {

class MappedFile {
 public:
  MappedFile() = default;
  ~MappedFile() { Close(); }
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  // False if it cannot be read, is empty, or is no regular file.
  // Context: JS thread.
  bool Open(const char* path);

  // Context: JS thread.
  void Close();

  // Gives back the memory of what has been read so far; it stays readable.
  // Context: JS thread.
  void ForgetPages();

  const uint8_t* data() const { return data_; }
  size_t bytes() const { return bytes_; }

 private:
  uint8_t* data_ = nullptr;
  size_t bytes_ = 0;
};

}  // namespace nativeprof

#endif  // NATIVEPROF_MAPPED_FILE_H_
